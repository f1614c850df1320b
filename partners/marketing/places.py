"""Where campaigns appear in the navigation."""

from django.utils.translation import gettext_lazy as _

from portal.shell.registry import TOGETHER, navigation

navigation(_("Campaigns"), "marketing:list", "speakerphone", order=46, group=TOGETHER)

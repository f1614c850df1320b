"""Where campaigns appear in the navigation, and that they are amounts."""

from django.utils.translation import gettext_lazy as _

from partners.marketing.models import Campaign
from portal.shell.registry import TOGETHER, holds_money, navigation

navigation(_("Campaigns"), "marketing:list", "speakerphone", order=46, group=TOGETHER)
holds_money(Campaign.objects.exists)

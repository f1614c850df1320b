"""Where orders appear in the navigation."""

from django.utils.translation import gettext_lazy as _

from portal.shell.registry import SELLING, navigation

navigation(_("Orders"), "orders:list", "shopping-cart", order=24, group=SELLING)

"""Where programme costs appear in the navigation."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import VENDOR_ROLES
from portal.shell.registry import MEASURING, navigation

navigation(_("Programme costs"), "metrics_costs:list", "coins", roles=VENDOR_ROLES, order=72, group=MEASURING)

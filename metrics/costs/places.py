"""Where programme costs appear in the navigation, and that they are amounts."""

from django.utils.translation import gettext_lazy as _

from metrics.costs.models import Cost
from portal.accounts.enums import VENDOR_ROLES
from portal.shell.registry import MEASURING, holds_money, navigation

navigation(_("Programme costs"), "metrics_costs:list", "coins", roles=VENDOR_ROLES, order=72, group=MEASURING)
holds_money(Cost.objects.exists)

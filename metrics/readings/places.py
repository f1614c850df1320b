"""Where reported metrics appear in the navigation."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import VENDOR_ROLES
from portal.shell.registry import MEASURING, navigation

navigation(
    _("Reported metrics"), "metrics_readings:list", "gauge", roles=VENDOR_ROLES, order=71, group=MEASURING
)

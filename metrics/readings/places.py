"""Where reported metrics appear in the navigation, and that some of them are amounts."""

from django.utils.translation import gettext_lazy as _

from metrics.readings.known import ReadingUnit
from metrics.readings.models import Reading
from portal.accounts.enums import VENDOR_ROLES
from portal.shell.registry import MEASURING, holds_money, navigation

navigation(
    _("Reported metrics"), "metrics_readings:list", "gauge", roles=VENDOR_ROLES, order=71, group=MEASURING
)
holds_money(lambda: Reading.objects.filter(definition__unit=ReadingUnit.MONEY).exists())

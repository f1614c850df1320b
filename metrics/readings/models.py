"""What no page of the portal produces: metrics that people or systems report, and their readings."""

from decimal import Decimal

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from metrics.readings.known import Combination, ReadingUnit, divisor_of
from metrics.units import DOWN, UP
from partners.directory.models import Partner, once
from portal.accounts.models import Membership
from portal.money import to_decimal
from portal.tenancy.constraints import PartnerIsolation, PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class Better(models.TextChoices):
    UP = UP, _("More is better")
    DOWN = DOWN, _("Less is better")


class MetricDefinition(TenantModel):
    """A metric that is reported. Its `code` is its name in formulas, its facts are `<code>_total` and `<code>_readings`.

    Unit and combination stay as they are once there are readings: they say what the readings mean.
    """

    code = models.CharField(
        _("name in formulas"),
        max_length=40,
        validators=[
            RegexValidator(r"^[a-z][a-z0-9_]*$", _("Small letters, digits and _, beginning with a letter."))
        ],
    )
    name = models.CharField(_("name"), max_length=100)
    description = models.CharField(_("what it says"), max_length=500, blank=True)
    unit = models.CharField(_("unit"), max_length=8, choices=ReadingUnit)
    better = models.CharField(_("direction"), max_length=4, choices=Better)
    combination = models.CharField(_("several readings"), max_length=4, choices=Combination)
    is_known = models.BooleanField(_("the portal’s own"), default=False, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            *tenant_constraints("metrics_readings_metricdefinition"),
            PartnerReadable(name="metrics_readings_metricdefinition_readable"),
            models.UniqueConstraint(fields=["tenant", "code"], name="metrics_readings_definition_code"),
        ]

    def __str__(self) -> str:
        return self.name


class Reading(TenantModel):
    """A metric's value on a day, of a partner or of the whole programme.

    `value` is in minor units of `currency` for money, otherwise in ten-thousandths (a percentage of a fraction).
    """

    definition = TenantForeignKey(MetricDefinition, models.PROTECT, related_name="readings")
    partner = TenantForeignKey(
        Partner, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("partner")
    )
    day = models.DateField(_("day"))
    value = models.BigIntegerField(_("value"))
    currency = models.CharField(_("currency"), max_length=3)
    note = models.CharField(_("note"), max_length=300, blank=True)
    reported_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    external_id = models.CharField(_("external id"), max_length=100, blank=True)
    import_id = models.UUIDField(null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    goes_with_partner = _("Readings of reported metrics")

    class Meta:
        ordering = ["-day"]
        constraints = [
            *tenant_constraints("metrics_readings_reading", "definition", "partner", "reported_by"),
            PartnerIsolation(privileges="SELECT", name="metrics_readings_reading_partner"),
            once("external_id", name="metrics_readings_reading_external_id"),
            models.UniqueConstraint(
                fields=["tenant", "definition", "partner", "day"],
                nulls_distinct=False,
                name="metrics_readings_reading_once",
                violation_error_message=_("There is a reading of that day already; change that one."),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "partner", "day"], name="metrics_readings_reading_of")]

    def __str__(self) -> str:
        return f"{self.definition_id} {self.day}"

    @property
    def number(self) -> Decimal:
        """The value as people write it: money in whole units, a percentage as 12.5."""
        return as_written(self.definition.unit, self.value, self.currency)


def as_written(unit: str, value: int, currency: str) -> Decimal:
    """A kept value as people write it."""
    if unit == ReadingUnit.MONEY:
        return to_decimal(value, currency)
    plain = Decimal(value) / divisor_of(unit)
    return plain * 100 if unit == ReadingUnit.PERCENT else plain

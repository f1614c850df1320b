"""What is usual in the industry, as an administrator has read it somewhere."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.directory.enums import PartnerType
from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class Benchmark(TenantModel):
    """A KPI's usual value in the industry, for the periods that end after `valid_from`, until a newer one.

    In the KPI's unit: money in minor units of the tenant's currency for `period_kind`, % as a fraction. Without a type or
    a region it is for all; the most particular one counts. Partners read it on their scorecard.
    """

    kpi = models.CharField(_("KPI"), max_length=50)
    period_kind = models.CharField(_("period"), max_length=8)
    partner_type = models.CharField(_("partner type"), max_length=20, choices=PartnerType, blank=True)
    region = models.CharField(_("region"), max_length=100, blank=True)
    value = models.FloatField(_("value"))
    source = models.CharField(_("where it is from"), max_length=200)
    valid_from = models.DateField(_("valid from"))
    entered_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["kpi", "period_kind", "-valid_from", "id"]
        constraints = [
            *tenant_constraints("metrics_benchmarks_benchmark", "entered_by"),
            PartnerReadable(name="metrics_benchmarks_benchmark_readable"),
            models.UniqueConstraint(
                fields=["tenant", "kpi", "period_kind", "partner_type", "region", "valid_from"],
                name="metrics_benchmarks_benchmark_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kpi} {self.value}"

    @property
    def particularity(self) -> int:
        return 2 * bool(self.partner_type) + bool(self.region)

"""Incentive plans: rules that turn results into money."""

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, BigIntegerRangeField, DateRangeField, RangeOperators
from django.db import models
from django.utils.translation import gettext_lazy as _

from incentives.plans.enums import BandMode, PlanBase, PlanForm
from incentives.plans.modifiers import Modifiers, load
from incentives.tiers.models import FRACTION, Tier
from metrics.periods import PeriodKind
from portal.accounts.models import Membership
from portal.tenancy.constraints import AppendOnly, PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class Plan(TenantModel):
    """A plan has one currency for good: its ledger entries are in it."""

    name = models.CharField(_("name"), max_length=80)
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        verbose_name = _("plan")
        ordering = ["name"]
        constraints = [
            *tenant_constraints("incentives_plan"),
            PartnerReadable(name="incentives_plan_readable"),
            models.UniqueConstraint(fields=["tenant", "name"], name="incentives_plan_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class PlanVersion(TenantModel):
    """What a plan says on the days of `during`. Never edited; a later version ends an earlier one.

    A version that a later one replaced from its first day has an empty `during`. `exchange_rate` is the
    plan's currency per unit of the tenant's. `rules` are the `Modifiers`.
    """

    plan = TenantForeignKey(Plan, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    during = DateRangeField(_("in force"))
    form = models.CharField(_("what it pays"), max_length=10, choices=PlanForm, default=PlanForm.RATE)
    base = models.CharField(_("what it counts"), max_length=10, choices=PlanBase, default=PlanBase.REVENUE)
    mode = models.CharField(_("how bands pay"), max_length=10, choices=BandMode, default=BandMode.MARGINAL)
    period = models.CharField(
        _("revenue is counted by"), max_length=10, choices=PeriodKind, default=PeriodKind.QUARTER
    )
    hold_days = models.PositiveSmallIntegerField(_("days on hold"), default=30)
    exchange_rate = models.DecimalField(
        _("exchange rate"), max_digits=20, decimal_places=10, default=Decimal(1)
    )
    partner_types = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    regions = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    tier_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    rules = models.JSONField(default=dict)
    note = models.CharField(_("what changed"), max_length=300, blank=True)
    published_by = TenantForeignKey(Membership, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("plan version")
        ordering = ["plan", "-number"]
        constraints = [
            *tenant_constraints("incentives_planversion", "plan", "published_by"),
            PartnerReadable(name="incentives_planversion_readable"),
            models.UniqueConstraint(
                fields=["tenant", "plan", "number"], name="incentives_planversion_number_once"
            ),
            ExclusionConstraint(
                name="incentives_planversion_one_in_force",
                expressions=[
                    ("tenant", RangeOperators.EQUAL),
                    ("plan", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="incentives_planversion_rate_positive", condition=models.Q(exchange_rate__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} v{self.number}"

    @property
    def said(self) -> Modifiers:
        return load(self.rules)


class PlanRate(TenantModel):
    """The rate, or the fixed amount, of one tier in one band `[from, to)` of what the plan counts in the period."""

    version = TenantForeignKey(PlanVersion, models.CASCADE, related_name="rates")
    tier = TenantForeignKey(Tier, models.PROTECT, related_name="+")
    band = BigIntegerRangeField(_("band"))
    rate = models.DecimalField(_("rate"), max_digits=7, decimal_places=6, validators=FRACTION)
    amount = models.BigIntegerField(_("amount"), default=0)

    class Meta:
        verbose_name = _("rate")
        constraints = [
            *tenant_constraints("incentives_planrate", "version", "tier"),
            PartnerReadable(name="incentives_planrate_readable"),
            ExclusionConstraint(
                name="incentives_planrate_no_overlap",
                expressions=[
                    ("tenant", RangeOperators.EQUAL),
                    ("version", RangeOperators.EQUAL),
                    ("tier", RangeOperators.EQUAL),
                    ("band", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="incentives_planrate_fraction", condition=models.Q(rate__gte=0, rate__lte=1)
            ),
            models.CheckConstraint(name="incentives_planrate_amount", condition=models.Q(amount__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.tier_id} {self.band}: {self.rate}"


class PoolSettlement(TenantModel):
    """How a pool was divided, as it was posted: all weights, so that any share can be computed again. Append-only.

    `weights` and `shares` are by partner; a later settlement of the same period replaces an earlier one.
    """

    version = TenantForeignKey(PlanVersion, models.PROTECT, related_name="settlements")
    period_start = models.DateField(_("period"))
    pool = models.BigIntegerField(_("pool"))
    weights = models.JSONField()
    shares = models.JSONField()

    class Meta:
        verbose_name = _("division of a pool")
        ordering = ["-id"]
        constraints = [
            *tenant_constraints("incentives_poolsettlement", "version"),
            AppendOnly(name="incentives_poolsettlement_append_only"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "version", "period_start", "-id"], name="incentives_pool_newest_ix"
            )
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.period_start}: {self.pool}"

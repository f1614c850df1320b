"""Scorecard templates, scorecards, and which partners' scorecards are out of date."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from metrics.periods import Period, PeriodKind
from metrics.scoring import KpiRule, TemplateRules
from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.tenancy.constraints import AppendOnly, PartnerIsolation, PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import Tenant, TenantModel


class SubjectKind(models.TextChoices):
    PARTNER = "partner", _("Partner")
    PORTFOLIO = "portfolio", _("Portfolio")
    REGION = "region", _("Region")
    TYPE = "type", _("Partner type")
    PROGRAMME = "programme", _("Programme")
    HOUSE = "house", _("Not of one partner")


class ScorecardTemplate(TenantModel):
    """What the partners it is for are measured by, in periods of one kind. The most particular audience wins."""

    name = models.CharField(_("name"), max_length=100)
    period_kind = models.CharField(_("period"), max_length=8, choices=PeriodKind)
    partner_type = models.CharField(_("partner type"), max_length=20, choices=PartnerType, blank=True)
    region = models.CharField(_("region"), max_length=100, blank=True)

    class Meta:
        ordering = ["period_kind", "partner_type", "region"]
        constraints = [
            *tenant_constraints("metrics_scorecardtemplate"),
            PartnerReadable(name="metrics_scorecardtemplate_readable"),
            models.UniqueConstraint(
                fields=["tenant", "period_kind", "partner_type", "region"],
                name="metrics_scorecardtemplate_audience",
                violation_error_message=_("There is a template for these partners and this period already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def fits(self, partner_type: str, region: str) -> bool:
        return self.partner_type in {"", partner_type} and self.region in {"", region}

    @property
    def particularity(self) -> int:
        return 2 * bool(self.partner_type) + bool(self.region)


class TemplateVersion(TenantModel):
    """A template's rules as published; they never change. Used for the periods that end after `valid_from`.

    `kpis` is a list of {code, weight, method, target, floor}; money in minor units of the tenant's currency.
    """

    template = TenantForeignKey(ScorecardTemplate, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    kpis = models.JSONField()
    min_coverage = models.DecimalField(
        _("minimum coverage"),
        max_digits=4,
        decimal_places=3,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
    )
    valid_from = models.DateField(_("valid from"))
    published_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-number"]
        constraints = [
            *tenant_constraints("metrics_templateversion", "template", "published_by"),
            PartnerReadable(name="metrics_templateversion_readable"),
            # A foreign key's check locks the row it points to, which needs the right to update some column.
            AppendOnly(("created_at",), name="metrics_templateversion_append_only"),
            models.UniqueConstraint(
                fields=["tenant", "template", "number"], name="metrics_templateversion_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.template_id} v{self.number}"

    @cached_property
    def rules(self) -> TemplateRules:
        return TemplateRules(tuple(KpiRule(**line) for line in self.kpis), float(self.min_coverage))


class Scorecard(TenantModel):
    """A subject's figures, score and full working for one period; with the version that they were made with.

    `facts` are whole numbers by name, those that are not 0; `breakdown` has for each KPI of the template its value, target, floor, weight,
    share (the weight after that of KPIs without data is shared out), attainment and points. Groups of partners have
    no `partner`, so a partner's session cannot reach them.
    """

    subject_kind = models.CharField(max_length=10, choices=SubjectKind)
    # The partner's id, the manager's membership id, the region, the partner type; empty for the whole programme.
    subject_key = models.CharField(max_length=100, blank=True)
    partner = TenantForeignKey(Partner, models.CASCADE, null=True, related_name="scorecards")
    partner_type = models.CharField(max_length=20, blank=True)
    region = models.CharField(max_length=100, blank=True)
    manager_id = models.UUIDField(null=True)
    period_kind = models.CharField(_("period"), max_length=8, choices=PeriodKind)
    period_start = models.DateField(_("period"))
    version = TenantForeignKey(TemplateVersion, models.PROTECT, null=True, related_name="+")
    score = models.DecimalField(_("score"), max_digits=7, decimal_places=4, null=True)
    coverage = models.DecimalField(_("coverage"), max_digits=5, decimal_places=4)
    facts = models.JSONField()
    breakdown = models.JSONField()
    computed_at = models.DateTimeField(_("computed"))

    class Meta:
        constraints = [
            *tenant_constraints("metrics_scorecard", "partner", "version"),
            PartnerIsolation(privileges="SELECT", name="metrics_scorecard_partner"),
            models.UniqueConstraint(
                fields=["tenant", "subject_kind", "subject_key", "period_kind", "period_start"],
                name="metrics_scorecard_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "period_kind", "period_start", "subject_kind"],
                name="metrics_scorecard_period",
            ),
            models.Index(fields=["tenant", "partner"], name="metrics_scorecard_of"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_key} {self.period_kind} {self.period_start}"

    @property
    def period(self) -> Period:
        return Period(self.period_start, PeriodKind(self.period_kind))


class DirtyPartner(TenantModel):
    """A partner whose facts may have changed for every period that ends after `since`.

    Without a partner it is the facts that are of the programme and of no partner.
    """

    partner = TenantForeignKey(Partner, models.CASCADE, null=True, related_name="+")
    since = models.DateField()

    class Meta:
        constraints = [
            *tenant_constraints("metrics_dirtypartner", "partner"),
            models.UniqueConstraint(
                fields=["tenant", "partner"], nulls_distinct=False, name="metrics_dirtypartner_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} since {self.since}"


class DirtyTenant(models.Model):
    """Which tenants have dirty partners, so that a sweep need not visit them all.

    Unscoped, and without a unique key: transactions of one tenant must not wait for each other here.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return str(self.tenant_id)

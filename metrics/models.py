"""Scorecard templates, scorecards, and which partners' scorecards are out of date."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from metrics.formulas import MAX_LENGTH
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
    # One of `registry.segment_choices`: the tier that a partner has on the period's last day, today while it runs.
    segment = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["period_kind", "segment", "partner_type", "region"]
        constraints = [
            *tenant_constraints("metrics_scorecardtemplate"),
            PartnerReadable(name="metrics_scorecardtemplate_readable"),
            models.UniqueConstraint(
                fields=["tenant", "period_kind", "partner_type", "region", "segment"],
                name="metrics_scorecardtemplate_audience",
                violation_error_message=_("There is a template for these partners and this period already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def fits(self, partner_type: str, region: str, segment: str = "") -> bool:
        return (
            self.partner_type in {"", partner_type}
            and self.region in {"", region}
            and self.segment in {"", segment}
        )

    @property
    def particularity(self) -> int:
        return 4 * bool(self.segment) + 2 * bool(self.partner_type) + bool(self.region)


class TemplateVersion(TenantModel):
    """A template's rules as published; they never change. Used for the periods that end after `valid_from`.

    `kpis` is a list of what `KpiRule` takes; money in minor units of the tenant's currency. The gate is
    passed with a score of `gate_score` and, with `gate_each`, points in every KPI that applies.
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
    gate_score = models.DecimalField(
        _("score to pass"),
        max_digits=5,
        decimal_places=2,
        null=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    gate_each = models.BooleanField(_("points in every KPI"), default=False)
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
        return TemplateRules(
            tuple(KpiRule(**line) for line in self.kpis),
            float(self.min_coverage),
            None if self.gate_score is None else float(self.gate_score),
            self.gate_each,
            # Who is sorted into a tier is ranked among those that share it.
            bool(self.template.segment),
        )

    @property
    def has_gate(self) -> bool:
        return self.gate_score is not None or self.gate_each


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
    # Known where a template asks for it, else empty.
    segment = models.CharField(max_length=64, blank=True)
    period_kind = models.CharField(_("period"), max_length=8, choices=PeriodKind)
    period_start = models.DateField(_("period"))
    version = TenantForeignKey(TemplateVersion, models.PROTECT, null=True, related_name="+")
    score = models.DecimalField(_("score"), max_digits=7, decimal_places=4, null=True)
    coverage = models.DecimalField(_("coverage"), max_digits=5, decimal_places=4)
    # Whether the template's gate is; empty where there is none, or no score.
    passed = models.BooleanField(_("passed"), null=True)
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


class OwnKpi(TenantModel):
    """A KPI that the tenant has defined. It is never removed: what was measured by it can always be explained."""

    code = models.SlugField(_("code"), max_length=50, db_index=False)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            *tenant_constraints("metrics_ownkpi"),
            PartnerReadable(name="metrics_ownkpi_readable"),
            models.UniqueConstraint(fields=["tenant", "code"], name="metrics_ownkpi_code"),
        ]

    def __str__(self) -> str:
        return self.code


class OwnKpiVersion(TenantModel):
    """How a KPI of the tenant's is measured in the periods that end after `valid_from`; it never changes."""

    kpi = TenantForeignKey(OwnKpi, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    name = models.CharField(_("name"), max_length=100)
    formula = models.TextField(_("formula"), max_length=MAX_LENGTH)
    unit = models.CharField(_("unit"), max_length=8)
    better = models.CharField(_("better"), max_length=4)
    kind = models.CharField(_("kind"), max_length=4)
    level = models.CharField(_("level"), max_length=2)
    meaning = models.CharField(_("meaning"), max_length=500)
    valid_from = models.DateField(_("valid from"))
    published_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-number"]
        constraints = [
            *tenant_constraints("metrics_ownkpiversion", "kpi", "published_by"),
            PartnerReadable(name="metrics_ownkpiversion_readable"),
            AppendOnly(("created_at",), name="metrics_ownkpiversion_append_only"),
            models.UniqueConstraint(fields=["tenant", "kpi", "number"], name="metrics_ownkpiversion_number"),
        ]

    def __str__(self) -> str:
        return f"{self.kpi_id} v{self.number}"


class PeriodPolicy(TenantModel):
    """When the tenant's periods lock: so many days after they end, from the period on in which that was decided."""

    grace_days = models.PositiveSmallIntegerField(
        _("days of grace"), null=True, validators=[MaxValueValidator(366)]
    )
    since = models.DateField()

    class Meta:
        constraints = [
            *tenant_constraints("metrics_periodpolicy"),
            models.UniqueConstraint(fields=["tenant"], name="metrics_periodpolicy_once"),
        ]

    def __str__(self) -> str:
        return f"{self.grace_days} days"


class PeriodLock(TenantModel):
    """A period whose scorecards are final. They change by a restatement alone."""

    period_kind = models.CharField(_("period"), max_length=8, choices=PeriodKind)
    period_start = models.DateField(_("period"))
    locked_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-period_start", "period_kind"]
        constraints = [
            *tenant_constraints("metrics_periodlock", "locked_by"),
            PartnerReadable(name="metrics_periodlock_readable"),
            AppendOnly(("created_at",), name="metrics_periodlock_append_only"),
            models.UniqueConstraint(
                fields=["tenant", "period_kind", "period_start"], name="metrics_periodlock_once"
            ),
        ]

    def __str__(self) -> str:
        return self.period.key

    @property
    def period(self) -> Period:
        return Period(self.period_start, PeriodKind(self.period_kind))


class Restatement(TenantModel):
    """That the figures of a locked period were computed anew, by whom and why."""

    period_kind = models.CharField(_("period"), max_length=8, choices=PeriodKind)
    period_start = models.DateField(_("period"))
    reason = models.TextField(_("reason"), max_length=1000)
    restated_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            *tenant_constraints("metrics_restatement", "restated_by"),
            PartnerReadable(name="metrics_restatement_readable"),
            AppendOnly(("created_at",), name="metrics_restatement_append_only"),
        ]

    def __str__(self) -> str:
        return f"{self.period_kind} {self.period_start}"

    @property
    def period(self) -> Period:
        return Period(self.period_start, PeriodKind(self.period_kind))


class RestatedCard(TenantModel):
    """What a scorecard said before a restatement changed it. `new_score` is what it came to."""

    restatement = TenantForeignKey(Restatement, models.PROTECT, related_name="cards")
    subject_kind = models.CharField(max_length=10, choices=SubjectKind)
    subject_key = models.CharField(max_length=100, blank=True)
    partner = TenantForeignKey(Partner, models.PROTECT, null=True, related_name="+")
    version = TenantForeignKey(TemplateVersion, models.PROTECT, null=True, related_name="+")
    score = models.DecimalField(_("score"), max_digits=7, decimal_places=4, null=True)
    coverage = models.DecimalField(_("coverage"), max_digits=5, decimal_places=4)
    passed = models.BooleanField(_("passed"), null=True)
    facts = models.JSONField()
    breakdown = models.JSONField()
    computed_at = models.DateTimeField(_("computed"))
    new_score = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    new_facts = models.JSONField()

    class Meta:
        constraints = [
            *tenant_constraints("metrics_restatedcard", "restatement", "partner", "version"),
            PartnerIsolation(privileges="SELECT", name="metrics_restatedcard_partner"),
            AppendOnly(("created_at",), name="metrics_restatedcard_append_only"),
        ]
        indexes = [
            models.Index(fields=["tenant", "restatement"], name="metrics_restatedcard_of"),
            models.Index(
                fields=["tenant", "subject_kind", "subject_key"], name="metrics_restatedcard_subject"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind} {self.subject_key}"

"""Goals, the rules that raise alerts and the alerts, and reviews with their actions.

Partners read their own goals and the actions that reviews gave to their people; alerts and the rest of a review are the
vendor's affair.
"""

import datetime as dt

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from metrics.models import SubjectKind
from metrics.periods import Period, PeriodKind
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel

LEVELS = (SubjectKind.PROGRAMME, SubjectKind.PORTFOLIO, SubjectKind.PARTNER)


class GoalStatus(models.TextChoices):
    OPEN = "open", _("Open")
    REACHED = "reached", _("Reached")
    DROPPED = "dropped", _("Dropped")


class Goal(TenantModel):
    """What one KPI of a partner, a portfolio or the programme should come to in a period.

    `baseline`, `target` and `value` are in the KPI's unit: money in minor units of the tenant's currency, % as a
    fraction. A goal with a `parent` is the share of it that was handed down.
    """

    subject_kind = models.CharField(_("level"), max_length=10, choices=SubjectKind)
    # As a scorecard's: the partner's id, the manager's membership id, empty for the whole programme.
    subject_key = models.CharField(max_length=100, blank=True)
    partner = TenantForeignKey(Partner, models.CASCADE, null=True, related_name="goals")
    parent = TenantForeignKey("self", models.PROTECT, null=True, related_name="parts")
    share = models.DecimalField(_("share"), max_digits=7, decimal_places=4, null=True)
    kpi = models.CharField(_("KPI"), max_length=50)
    period_kind = models.CharField(_("period"), max_length=8, choices=PeriodKind)
    period_start = models.DateField(_("period"))
    baseline = models.FloatField(_("baseline"), null=True)
    target = models.FloatField(_("target"))
    value = models.FloatField(_("value"), null=True)
    status = models.CharField(_("status"), max_length=8, choices=GoalStatus, default=GoalStatus.OPEN)
    reached_at = models.DateTimeField(_("reached"), null=True)
    set_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-period_start", "kpi"]
        constraints = [
            *tenant_constraints("metrics_reviews_goal", "partner", "parent", "set_by"),
            PartnerIsolation(privileges="SELECT", name="metrics_reviews_goal_partner"),
            models.UniqueConstraint(
                fields=["tenant", "subject_kind", "subject_key", "kpi", "period_kind", "period_start"],
                condition=~models.Q(status="dropped"),
                name="metrics_reviews_goal_once",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "partner"], name="metrics_reviews_goal_of")]

    def __str__(self) -> str:
        return f"{self.kpi} {self.period_kind} {self.period_start}"

    @property
    def period(self) -> Period:
        return Period(self.period_start, PeriodKind(self.period_kind))


class RuleKind(models.TextChoices):
    THRESHOLD = "threshold", _("Worse than a threshold")
    PEERS = "peers", _("Falls against the peers")
    UNUSUAL = "unusual", _("Unusually bad against its own history")


class AlertRule(TenantModel):
    """When a partner's KPI raises an alert, in the latest period that is over or nearly so.

    `limit` is for a threshold in the KPI's unit, for peers the fall of the percentile rank in points (0..100), for
    an unusual change the distance from the median of its own history in robust standard deviations.
    """

    name = models.CharField(_("name"), max_length=100)
    kpi = models.CharField(_("KPI"), max_length=50)
    kind = models.CharField(_("when"), max_length=10, choices=RuleKind)
    limit = models.FloatField(_("limit"))
    period_kind = models.CharField(_("period"), max_length=8, choices=PeriodKind, default=PeriodKind.QUARTER)
    cooldown_days = models.PositiveSmallIntegerField(
        _("days of quiet after one is closed"),
        default=14,
        validators=[MinValueValidator(0), MaxValueValidator(366)],
    )
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [*tenant_constraints("metrics_reviews_alertrule")]

    def __str__(self) -> str:
        return self.name


class Alert(TenantModel):
    """A partner's KPI that is as a rule says it should not be. One is open for a partner and rule at a time."""

    rule = TenantForeignKey(AlertRule, models.CASCADE, related_name="alerts")
    partner = TenantForeignKey(Partner, models.CASCADE, related_name="alerts")
    period_start = models.DateField(_("period"))
    value = models.FloatField(_("value"))
    # What the value was held against: the threshold, the rank before, the median of the history.
    reference = models.FloatField()
    opened_at = models.DateTimeField(_("since"))
    snoozed_until = models.DateField(_("quiet until"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    closed_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    note = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        ordering = ["-opened_at", "-id"]
        constraints = [
            *tenant_constraints("metrics_reviews_alert", "rule", "partner", "closed_by"),
            models.UniqueConstraint(
                fields=["tenant", "rule", "partner"],
                condition=models.Q(closed_at=None),
                name="metrics_reviews_alert_one_open",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "partner"], name="metrics_reviews_alert_of")]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.partner_id}"

    def is_snoozed(self, today: dt.date) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > today


class Review(TenantModel):
    """A conversation with a partner about a quarter: what was prepared from the figures, and what was said."""

    partner = TenantForeignKey(Partner, models.CASCADE, related_name="reviews")
    period_start = models.DateField(_("quarter"))
    planned_on = models.DateField(_("planned on"))
    held_on = models.DateField(_("held on"), null=True)
    # Lines as they were prepared: a heading and its sentences each.
    agenda = models.JSONField(default=list)
    minutes = models.TextField(_("minutes"), blank=True, max_length=20000)
    prepared_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-period_start", "-id"]
        constraints = [
            *tenant_constraints("metrics_reviews_review", "partner", "prepared_by"),
            models.UniqueConstraint(
                fields=["tenant", "partner", "period_start"], name="metrics_reviews_review_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.period_start}"

    @property
    def period(self) -> Period:
        return Period(self.period_start, PeriodKind.QUARTER)


class ReviewAction(TenantModel):
    """What somebody has promised in a review, until a day. `partner` is set where that is one of the partner's people."""

    review = TenantForeignKey(Review, models.CASCADE, related_name="actions")
    text = models.CharField(_("what"), max_length=300)
    owner = TenantForeignKey(Membership, models.PROTECT, related_name="+", verbose_name=_("who"))
    partner = TenantForeignKey(Partner, models.CASCADE, null=True, editable=False, related_name="+")
    due_on = models.DateField(_("until"))
    done_at = models.DateTimeField(_("done"), null=True)
    # Which of the partner's figures it should change: measured before and after, and marked on its history.
    kpi = models.CharField(_("should change"), max_length=50, blank=True)
    # It goes with its owner; the review itself stays in the old company's name.
    goes_with_partner = _("Actions from reviews")

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            *tenant_constraints("metrics_reviews_reviewaction", "review", "owner", "partner"),
            PartnerIsolation(privileges="SELECT", name="metrics_reviews_reviewaction_partner"),
        ]
        indexes = [
            models.Index(fields=["tenant", "review"], name="metrics_reviews_action_of"),
            models.Index(fields=["tenant", "owner"], name="metrics_reviews_action_owner"),
        ]

    def __str__(self) -> str:
        return self.text

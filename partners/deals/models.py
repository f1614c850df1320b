"""Deals and the tenant's policy for registering them."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.deals.approvals.models import (
    ApprovalRule,
    DealDecision,
    DealRequest,
    Holiday,
    RejectionReason,
)
from partners.deals.enums import (
    EDITABLE_STATUSES,
    LIVE_STATUSES,
    OPEN_STAGES,
    WAITING_STATUSES,
    DealOrigin,
    Deciders,
    Decision,
    ForecastCategory,
    MarketingChannel,
    Missing,
    Notice,
    RegistrationStatus,
    RequestKind,
    SalesStage,
)
from partners.deals.selling.models import Competitor, LossReason
from partners.directory.models import Customer, Partner, Product, ProductFamily
from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel

__all__ = [
    "ApprovalRule",
    "Competitor",
    "Deal",
    "DealDecision",
    "DealPolicy",
    "DealRequest",
    "Holiday",
    "LossReason",
    "ProtectionDays",
    "RejectionReason",
]


class Deal(TenantModel):
    """An opportunity of a partner at a customer.

    `status` is the registration's and empty where there is none (imported or distributed deals); `stage`
    is the sales stage. Amounts are minor units: `amount` expected and `revenue` won in `currency`, the
    `*_base` ones in the tenant's currency at `rate`, which is fixed when the amount is.
    """

    number = models.CharField(_("number"), max_length=20, editable=False)
    title = models.CharField(_("title"), max_length=200, blank=True)
    partner = TenantForeignKey(Partner, models.PROTECT, related_name="deals", verbose_name=_("partner"))
    customer = TenantForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="deals", verbose_name=_("customer")
    )
    product = TenantForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="deals", verbose_name=_("product")
    )
    family = TenantForeignKey(ProductFamily, models.PROTECT, null=True, blank=True, related_name="+")
    owner = TenantForeignKey(
        Membership, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("contact")
    )
    origin = models.CharField(_("origin"), max_length=12, choices=DealOrigin, default=DealOrigin.REGISTERED)
    status = models.CharField(_("registration"), max_length=12, choices=RegistrationStatus, blank=True)
    stage = models.CharField(_("stage"), max_length=12, choices=SalesStage, default=SalesStage.PROSPECTING)

    currency = models.CharField(_("currency"), max_length=3)
    rate = models.DecimalField(max_digits=20, decimal_places=10, default=1)
    amount = models.BigIntegerField(_("expected amount"), null=True, blank=True)
    revenue = models.BigIntegerField(_("won amount"), null=True, blank=True)
    cost = models.BigIntegerField(_("cost"), null=True, blank=True)
    amount_base = models.BigIntegerField(null=True, editable=False)
    revenue_base = models.BigIntegerField(null=True, editable=False)
    cost_base = models.BigIntegerField(null=True, editable=False)

    engaged_on = models.DateField(_("entered the pipeline"), null=True, blank=True)
    expected_close = models.DateField(_("expected close"), null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    forecast = models.CharField(
        _("forecast"), max_length=10, choices=ForecastCategory, default=ForecastCategory.PIPELINE
    )
    # How many of its hundred parts others have joined with; co-selling keeps it.
    shared_percent = models.PositiveSmallIntegerField(_("shared"), default=0, editable=False)
    next_step = models.CharField(_("next step"), max_length=200, blank=True)
    next_step_on = models.DateField(_("next step on"), null=True, blank=True)

    first_submitted_at = models.DateTimeField(null=True, editable=False)
    submitted_at = models.DateTimeField(_("submitted"), null=True, editable=False)
    resubmissions = models.PositiveSmallIntegerField(default=0, editable=False)
    decided_at = models.DateTimeField(_("decided"), null=True, editable=False)
    decided_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+", editable=False)
    decision_reason = models.TextField(_("reason"), blank=True)
    protection = DateTimeRangeField(_("protection"), null=True, editable=False)
    extensions = models.PositiveSmallIntegerField(default=0, editable=False)
    protection_notice = models.PositiveSmallIntegerField(default=0, editable=False)

    # As the approval rules said when it was submitted; rules may change while it waits.
    rule_name = models.CharField(_("rule"), max_length=80, blank=True, editable=False)
    decision_asked = models.CharField(max_length=4, choices=Decision, default=Decision.ONE, editable=False)
    deciders = models.CharField(max_length=8, choices=Deciders, default=Deciders.MANAGER, editable=False)
    conflict_seen = models.BooleanField(_("conflict"), null=True, editable=False)
    first_approver = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+", editable=False)
    missing = ArrayField(models.CharField(max_length=20, choices=Missing), default=list, blank=True)
    # What the partner waits for: since when, until when, and which reminder was the last.
    request = models.CharField(max_length=10, choices=RequestKind, blank=True, editable=False)
    appealed_at = models.DateTimeField(null=True, editable=False)
    waiting_since = models.DateTimeField(_("waiting since"), null=True, editable=False)
    answer_due_at = models.DateTimeField(_("answer by"), null=True, editable=False)
    notice = models.PositiveSmallIntegerField(choices=Notice, default=Notice.NONE, editable=False)

    # What the partner reported where the tenant has wins confirmed: revenue, cost (minor), won_on, customer_id.
    win_claim = models.JSONField(null=True, blank=True, editable=False)
    loss_reason = models.CharField(_("reason for the loss"), max_length=200, blank=True)
    competitor = models.CharField(_("competitor"), max_length=200, blank=True)
    notes = models.TextField(_("notes"), blank=True, max_length=5000)
    # Where the lead came from that it was made of.
    source = models.CharField(_("source"), max_length=100, blank=True)
    channel = models.CharField(_("channel"), max_length=8, choices=MarketingChannel, blank=True)
    external_id = models.CharField(_("external id"), max_length=100, blank=True)
    import_id = models.UUIDField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    # When something happened around it that changed no field: a comment, a file, a share.
    moved_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            *tenant_constraints(
                "deals_deal",
                "partner",
                "customer",
                "product",
                "family",
                "owner",
                "decided_by",
                "first_approver",
            ),
            PartnerIsolation(name="deals_deal_partner"),
            models.UniqueConstraint(fields=["tenant", "number"], name="deals_deal_number"),
            models.UniqueConstraint(
                fields=["tenant", "external_id"],
                condition=~models.Q(external_id=""),
                name="deals_deal_external_id",
            ),
            # However many people approve at the same moment, one registration holds a customer.
            ExclusionConstraint(
                name="deals_deal_one_holder",
                expressions=[
                    ("tenant", RangeOperators.EQUAL),
                    ("customer", RangeOperators.EQUAL),
                    ("family", RangeOperators.EQUAL),
                    ("protection", RangeOperators.OVERLAPS),
                ],
                condition=models.Q(status=RegistrationStatus.APPROVED),
            ),
            models.CheckConstraint(
                name="deals_deal_approved_is_complete",
                condition=~models.Q(status=RegistrationStatus.APPROVED)
                | models.Q(customer__isnull=False, family__isnull=False, protection__isnull=False),
            ),
            models.CheckConstraint(
                name="deals_deal_won_is_complete",
                condition=~models.Q(stage=SalesStage.WON)
                | models.Q(revenue__isnull=False, revenue_base__isnull=False, closed_on__isnull=False),
            ),
            models.CheckConstraint(
                name="deals_deal_amounts",
                condition=(models.Q(amount__isnull=True) | models.Q(amount__gte=0))
                & (models.Q(revenue__isnull=True) | models.Q(revenue__gte=0)),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "partner", "closed_on"], name="deals_deal_closed"),
            models.Index(
                fields=["tenant", "partner", "-created_at", "-id"], name="deals_deal_partner_newest"
            ),
            models.Index(fields=["tenant", "-created_at", "-id"], name="deals_deal_newest"),
            models.Index(fields=["tenant", "customer"], name="deals_deal_customer_ix"),
            models.Index(
                fields=["tenant", "answer_due_at"],
                # As `queries.waiting_for` asks, or the index is of no use to it.
                condition=models.Q(status__in=[RegistrationStatus.SUBMITTED, RegistrationStatus.IN_REVIEW])
                | models.Q(win_claim__isnull=False)
                | models.Q(request__in=[RequestKind.APPEAL, RequestKind.EXTENSION]),
                name="deals_deal_waiting",
            ),
            models.Index(
                fields=["tenant", "partner", "stage"],
                condition=~models.Q(stage__in=[SalesStage.WON, SalesStage.LOST]),
                name="deals_deal_open",
            ),
            models.Index(
                fields=["tenant", "stage", "expected_close", "id"],
                condition=~models.Q(stage__in=[SalesStage.WON, SalesStage.LOST]),
                name="deals_deal_board",
            ),
            models.Index(
                fields=["tenant", "expected_close", "id"],
                # As `queries.pipeline` asks.
                condition=models.Q(stage__in=OPEN_STAGES, status__in=sorted(LIVE_STATUSES)),
                name="deals_deal_live",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}".strip()

    @property
    def headline(self) -> str:
        """What lists call it: imported deals have no title."""
        return self.title or self.number

    @property
    def subline(self) -> str:
        return self.number if self.title else ""

    @property
    def is_registration(self) -> bool:
        return bool(self.status)

    @property
    def is_open(self) -> bool:
        return self.stage not in {SalesStage.WON, SalesStage.LOST}

    @property
    def is_editable(self) -> bool:
        return self.status in EDITABLE_STATUSES

    @property
    def is_live(self) -> bool:
        """It can still be won or lost."""
        return self.is_open and self.status in LIVE_STATUSES

    @property
    def is_waiting(self) -> bool:
        return self.status in WAITING_STATUSES

    @property
    def awaits(self) -> str:
        """What the partner waits for: `registration`, `win`, a kind of request, or nothing."""
        if self.is_waiting:
            return "registration"
        return "win" if self.win_claim else self.request

    @property
    def needs_two(self) -> bool:
        return self.decision_asked == Decision.TWO

    @property
    def missing_labels(self) -> list[str]:
        """What the manager said is missing, in words."""
        return [str(Missing(name).label) for name in self.missing if name in Missing]

    @property
    def state_label(self) -> str:
        """The registration's status, or the stage of a deal without one."""
        return self.get_status_display() if self.status else self.get_stage_display()


class ProtectionDays(models.IntegerChoices):
    DAYS_30 = 30, _("30 days")
    DAYS_60 = 60, _("60 days")
    DAYS_90 = 90, _("90 days")
    DAYS_120 = 120, _("120 days")
    DAYS_180 = 180, _("180 days")


class DealPolicy(TenantModel):
    """How the tenant runs deal registration; one row a tenant."""

    protection_days = models.PositiveSmallIntegerField(
        _("protection"), choices=ProtectionDays, default=ProtectionDays.DAYS_90
    )
    decision_days = models.PositiveSmallIntegerField(
        _("business days to decide"), default=2, validators=[MaxValueValidator(60)]
    )
    max_resubmissions = models.PositiveSmallIntegerField(_("resubmissions"), default=3)
    minimum_amount = models.BigIntegerField(_("minimum amount"), default=0)
    max_open = models.PositiveIntegerField(_("open registrations per partner"), null=True, blank=True)
    extension_days = models.PositiveSmallIntegerField(
        _("days an extension adds"), default=30, validators=[MaxValueValidator(365)]
    )
    max_extensions = models.PositiveSmallIntegerField(_("extensions"), default=1)
    escalation_days = models.PositiveSmallIntegerField(
        _("business days until administrators are told"), default=1, validators=[MaxValueValidator(60)]
    )
    confirm_wins = models.BooleanField(_("a manager confirms reported wins"), default=False)
    stalled_prospecting = models.PositiveSmallIntegerField(_("quiet days while prospecting"), default=30)
    stalled_engaging = models.PositiveSmallIntegerField(_("quiet days while engaging"), default=21)
    stalled_proposal = models.PositiveSmallIntegerField(_("quiet days after the proposal"), default=14)
    stalled_negotiation = models.PositiveSmallIntegerField(_("quiet days while negotiating"), default=10)

    class Meta:
        verbose_name_plural = "deal policies"
        constraints = [
            *tenant_constraints("deals_dealpolicy"),
            PartnerReadable(name="deals_dealpolicy_readable"),
            models.UniqueConstraint(fields=["tenant"], name="deals_dealpolicy_once"),
        ]

    def __str__(self) -> str:
        return "Deal policy"

    def stalled_after(self, stage: str) -> int:
        """After how many days without anything happening an open deal in this stage asks for attention."""
        return getattr(self, f"stalled_{SalesStage(stage).value}")


class DealLine(TenantModel):
    """What a deal is about: a product, how many, and for how much each (minor units of the deal's currency).

    The first line's product is the deal's own, and its family is what the registration protects.
    """

    deal = TenantForeignKey(Deal, models.CASCADE, related_name="lines")
    partner = TenantForeignKey(Partner, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    product = TenantForeignKey(Product, models.PROTECT, related_name="+", verbose_name=_("product"))
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    unit_price = models.BigIntegerField(_("price each"), null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            *tenant_constraints("deals_dealline", "deal", "partner", "product"),
            PartnerIsolation(privileges="SELECT, INSERT, UPDATE, DELETE", name="deals_dealline_partner"),
            models.UniqueConstraint(fields=["tenant", "deal", "position"], name="deals_dealline_position"),
            models.CheckConstraint(
                name="deals_dealline_positive",
                condition=models.Q(quantity__gt=0)
                & (models.Q(unit_price__isnull=True) | models.Q(unit_price__gte=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"

    @property
    def total(self) -> int | None:
        return None if self.unit_price is None else self.quantity * self.unit_price

"""Market development funds: money that the vendor puts into its partners' own marketing.

A programme gives partners a budget each period. A partner asks for part of it, does what was approved, and claims
what it spent, with proof. Amounts are whole minor units of the programme's currency.
"""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from incentives.funds.enums import ActivityKind, Basis, ClaimStatus, FundPeriod, RequestStatus
from incentives.ledger.models import LedgerEntry
from metrics.periods import Period, PeriodKind
from partners.marketing.models import Campaign
from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel

FRACTION = [MinValueValidator(0), MaxValueValidator(1)]


class Fund(TenantModel):
    """A programme of funds. `amounts` are by tier id, for the basis `tier`; `reimbursed` is the part of an activity's
    cost that is paid at most. What is not claimed `claim_days` after the period is forfeited."""

    name = models.CharField(_("name"), max_length=80)
    currency = models.CharField(_("currency"), max_length=3)
    period = models.CharField(
        _("budgets are given by"), max_length=8, choices=FundPeriod, default=FundPeriod.QUARTER
    )
    basis = models.CharField(_("a budget is"), max_length=8, choices=Basis, default=Basis.TIER)
    amounts = models.JSONField(default=dict, blank=True)
    share = models.DecimalField(
        _("share of revenue"), max_digits=7, decimal_places=6, default=Decimal(0), validators=FRACTION
    )
    reimbursed = models.DecimalField(
        _("part of the cost that is paid"),
        max_digits=7,
        decimal_places=6,
        default=Decimal("0.5"),
        validators=FRACTION,
    )
    claim_days = models.PositiveSmallIntegerField(_("days to claim after the period"), default=60)
    starts_on = models.DateField(_("first day"))
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            *tenant_constraints("funds_fund"),
            PartnerReadable(name="funds_fund_readable"),
            models.UniqueConstraint(
                fields=["tenant", "name"],
                name="funds_fund_name",
                violation_error_message=_("There is a fund of this name already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Budget(TenantModel):
    """What a partner may spend of a fund in one period. `forfeited` is what was left when it ended."""

    fund = TenantForeignKey(Fund, models.PROTECT, related_name="budgets")
    partner = TenantForeignKey("directory.Partner", models.PROTECT, related_name="+")
    period_start = models.DateField(_("period"))
    amount = models.BigIntegerField(_("budget"))
    forfeited = models.BigIntegerField(_("forfeited"), default=0)
    closed_on = models.DateField(_("closed on"), null=True)

    class Meta:
        ordering = ["-period_start"]
        constraints = [
            *tenant_constraints("funds_budget", "fund", "partner"),
            # A partner's request locks its budget, which needs the right to update some column.
            PartnerIsolation(privileges="SELECT, UPDATE (created_at)", name="funds_budget_partner"),
            models.UniqueConstraint(
                fields=["tenant", "fund", "partner", "period_start"], name="funds_budget_once"
            ),
            models.CheckConstraint(
                name="funds_budget_amounts",
                condition=Q(amount__gte=0, forfeited__gte=0, forfeited__lte=F("amount")),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "partner"], name="funds_budget_partner_ix")]

    def __str__(self) -> str:
        return f"{self.fund} {self.period.label()}"

    @property
    def period(self) -> Period:
        return Period(self.period_start, PeriodKind(self.fund.period))


class FundRequest(TenantModel):
    """An activity that a partner plans, and what it asks for. `campaign` is where what came of it is measured."""

    budget = TenantForeignKey(Budget, models.PROTECT, related_name="requests")
    partner = TenantForeignKey("directory.Partner", models.PROTECT, related_name="+")
    number = models.CharField(_("number"), max_length=20, editable=False)
    title = models.CharField(_("activity"), max_length=120)
    kind = models.CharField(_("kind"), max_length=10, choices=ActivityKind)
    description = models.TextField(_("what is planned"), max_length=4000)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    cost = models.BigIntegerField(_("planned cost"))
    amount = models.BigIntegerField(_("asked for"))
    expected_leads = models.PositiveIntegerField(_("expected leads"), default=0)
    expected_revenue = models.BigIntegerField(_("expected revenue"), default=0)
    campaign = TenantForeignKey(Campaign, models.SET_NULL, null=True, related_name="fund_requests")
    status = models.CharField(_("status"), max_length=10, choices=RequestStatus, default=RequestStatus.DRAFT)
    approved = models.BigIntegerField(_("approved"), default=0)
    settled = models.BigIntegerField(_("settled"), default=0)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    submitted_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(_("submitted"), null=True)
    decided_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            *tenant_constraints(
                "funds_fundrequest", "budget", "partner", "campaign", "submitted_by", "decided_by"
            ),
            PartnerIsolation(name="funds_fundrequest_partner"),
            models.UniqueConstraint(fields=["tenant", "number"], name="funds_fundrequest_number"),
            models.CheckConstraint(
                name="funds_fundrequest_amounts",
                condition=Q(amount__gt=0, cost__gte=F("amount"), settled__gte=0, settled__lte=F("approved")),
            ),
            models.CheckConstraint(name="funds_fundrequest_days", condition=Q(ends_on__gte=F("starts_on"))),
        ]
        indexes = [
            models.Index(fields=["tenant", "partner", "-id"], name="funds_request_partner_ix"),
            models.Index(fields=["tenant", "status", "-id"], name="funds_request_status_ix"),
            models.Index(fields=["tenant", "budget"], name="funds_request_budget_ix"),
            models.Index(
                fields=["tenant", "campaign"],
                condition=Q(campaign__isnull=False),
                name="funds_request_campaign_ix",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def open_amount(self) -> int:
        """What can still be claimed."""
        return self.approved - self.settled if self.status == RequestStatus.APPROVED else 0


class Claim(TenantModel):
    """What a partner has spent on an approved activity and wants back; its proof hangs on it as files.

    `settled` of it was posted to the ledger as `entry`.
    """

    request = TenantForeignKey(FundRequest, models.PROTECT, related_name="claims")
    partner = TenantForeignKey("directory.Partner", models.PROTECT, related_name="+")
    cost = models.BigIntegerField(_("what was spent"))
    amount = models.BigIntegerField(_("claimed"))
    is_last = models.BooleanField(_("nothing more will be claimed"), default=True)
    note = models.TextField(_("what came of it"), max_length=2000, blank=True)
    leads = models.PositiveIntegerField(_("leads"), default=0)
    status = models.CharField(_("status"), max_length=10, choices=ClaimStatus, default=ClaimStatus.SUBMITTED)
    settled = models.BigIntegerField(_("settled"), default=0)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    claimed_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")
    decided_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    entry = TenantForeignKey(LedgerEntry, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            *tenant_constraints("funds_claim", "request", "partner", "claimed_by", "decided_by", "entry"),
            PartnerIsolation(name="funds_claim_partner"),
            models.UniqueConstraint(
                fields=["tenant", "request"],
                condition=Q(status__in=[ClaimStatus.SUBMITTED, ClaimStatus.RETURNED]),
                name="funds_claim_one_open",
            ),
            models.CheckConstraint(
                name="funds_claim_amounts",
                condition=Q(amount__gt=0, cost__gte=F("amount"), settled__gte=0, settled__lte=F("amount")),
            ),
            models.CheckConstraint(
                name="funds_claim_paid_by_entry",
                condition=Q(status=ClaimStatus.PAID, entry__isnull=False)
                | (~Q(status=ClaimStatus.PAID) & Q(entry__isnull=True)),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "status", "-id"], name="funds_claim_status_ix")]

    def __str__(self) -> str:
        return str(self.request_id)

"""What each partner has earned, entry by entry."""

from django.db import models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext_lazy as _

from incentives.ledger.constraints import FollowsWhatStands
from incentives.ledger.enums import AdjustmentStatus, DisputeStatus, EntryKind, Part
from incentives.plans.models import Plan, PlanVersion
from incentives.tiers.models import Tier
from portal.accounts.models import Membership
from portal.tenancy.constraints import AppendOnly, NeverChanged, PartnerIsolation, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class LedgerEntry(TenantModel):
    """One posting, in minor units of the plan's currency. Never changed: a recomputation posts differences.

    `occurred_on` is the deal's day, `posted_on` the day of the posting. `booked_on` is the day on which the
    entry counts: the deal's, or the posting's for what is taken back after the hold and for what comes too
    late for a period that may have been paid. `payable_on` is the end of the hold. `base` is the
    deal's revenue in the plan's currency, `exchange_rate` the plan's currency per unit of the deal's,
    `rate` the (average) rate paid.

    `sequence` numbers the postings of one subject, plan, day and part: 1, 2, 3 without a gap. Each says in
    `explanation["before_posting"]` what those before it come to, and none leaves less than nothing. The database holds
    all of this; only at a company's first posting it does not look for those of one that has become part of it, which
    would cost each new entry a search: there the partner's lock is what holds. A partner's balance over all that it
    earns may well fall and lie below nothing, after a clawback or an adjustment by hand.

    The subject is the `deal`, or the `item` with this key: a completed activity, a pool's period, a proposal to
    adjust, which has no plan. `label` says what it is called, also to a partner that shares another's deal and may not
    read it. `keeps` is what stays posted although the deal earns nothing any more. `explanation["inputs"]`
    are the numbers from which the amount can be computed again.
    """

    partner = TenantForeignKey("directory.Partner", models.PROTECT, related_name="ledger_entries")
    deal = TenantForeignKey("deals.Deal", models.PROTECT, null=True, related_name="ledger_entries")
    item = models.UUIDField(null=True)
    subject = models.GeneratedField(
        expression=Coalesce("deal_id", "item"), output_field=models.UUIDField(), db_persist=True
    )
    label = models.CharField(_("for"), max_length=250, blank=True)
    plan = TenantForeignKey(Plan, models.PROTECT, null=True, related_name="+")
    plan_version = TenantForeignKey(PlanVersion, models.PROTECT, null=True, related_name="+")
    tier = TenantForeignKey(Tier, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=12, choices=EntryKind)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    base = models.BigIntegerField(_("revenue"))
    rate = models.DecimalField(_("rate"), max_digits=12, decimal_places=10)
    exchange_rate = models.DecimalField(_("exchange rate"), max_digits=24, decimal_places=12)
    occurred_on = models.DateField(_("deal's day"))
    booked_on = models.DateField(_("booked on"))
    payable_on = models.DateField(_("payable from"))
    posted_on = models.DateField(_("posted on"))
    part = models.CharField(_("part"), max_length=8, choices=Part, default=Part.MAIN, blank=True)
    sequence = models.PositiveSmallIntegerField()
    keeps = models.BigIntegerField(null=True)
    explanation = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["-booked_on", "-id"]
        constraints = [
            *tenant_constraints("incentives_ledgerentry", "partner", "deal", "plan", "plan_version", "tier"),
            PartnerIsolation(privileges="SELECT", name="incentives_ledgerentry_partner"),
            # Row locks of foreign keys to an entry ask for the right to update some column; the policy below refuses it.
            AppendOnly(("created_at",), name="incentives_ledgerentry_append_only"),
            NeverChanged(name="incentives_ledgerentry_never_changed"),
            models.UniqueConstraint(
                fields=["tenant", "partner", "subject", "plan", "occurred_on", "part", "sequence"],
                name="incentives_ledgerentry_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="incentives_ledgerentry_subject",
                condition=models.Q(deal__isnull=False, item__isnull=True)
                | models.Q(deal__isnull=True, item__isnull=False),
            ),
            models.CheckConstraint(
                name="incentives_ledgerentry_planned",
                condition=models.Q(kind=EntryKind.MANUAL)
                | models.Q(plan__isnull=False, plan_version__isnull=False),
            ),
            models.CheckConstraint(name="incentives_ledgerentry_not_zero", condition=~models.Q(amount=0)),
            # What stands after a posting is never below nothing: no posting takes back more than was posted.
            models.CheckConstraint(
                name="incentives_ledgerentry_balance",
                condition=models.Q(plan__isnull=True)
                | models.Q(
                    GreaterThanOrEqual(
                        Coalesce(
                            Cast(KeyTextTransform("before_posting", "explanation"), models.BigIntegerField()),
                            0,
                        )
                        + models.F("amount"),
                        0,
                    )
                ),
            ),
            models.CheckConstraint(
                name="incentives_ledgerentry_sequence", condition=models.Q(sequence__gte=1)
            ),
            FollowsWhatStands(name="incentives_ledgerentry_follows"),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "partner", "-booked_on", "-id"], name="incentives_ledger_partner_ix"
            ),
            models.Index(fields=["tenant", "-booked_on", "-id"], name="incentives_ledger_booked_ix"),
            models.Index(fields=["tenant", "deal"], name="incentives_ledger_deal_ix"),
            models.Index(
                fields=["tenant", "plan", "occurred_on", "partner"], name="incentives_ledger_plan_ix"
            ),
            models.Index(fields=["tenant", "payable_on"], name="incentives_ledger_payable_ix"),
        ]

    def __str__(self) -> str:
        return self.headline

    @property
    def headline(self) -> str:
        """What lists call it."""
        if self.label:
            return self.label
        return self.deal.headline if self.deal else ""

    @property
    def kind_label(self) -> str:
        """What kind of entry it is, in words."""
        return str(_("Marketing funds") if "fund" in self.explanation else self.get_kind_display())

    @property
    def subline(self) -> str:
        return self.deal.number if self.deal and self.deal.number not in self.label else ""


class Adjustment(TenantModel):
    """An amount that somebody proposes to post by hand, with the reason; somebody else approves it.

    `entry` is the ledger entry that it puts right, where it does. `amount` is in minor units of `currency`.
    """

    partner = TenantForeignKey(
        "directory.Partner", models.PROTECT, related_name="+", verbose_name=_("partner")
    )
    entry = TenantForeignKey(LedgerEntry, models.PROTECT, null=True, related_name="adjustments")
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    reason = models.CharField(_("reason"), max_length=500)
    status = models.CharField(
        _("status"), max_length=10, choices=AdjustmentStatus, default=AdjustmentStatus.WAITING
    )
    proposed_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")
    decided_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    answer = models.CharField(_("why"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("adjustment")
        ordering = ["-id"]
        constraints = [
            *tenant_constraints("incentives_adjustment", "partner", "entry", "proposed_by", "decided_by"),
            # Partners learn of what was approved, from the ledger.
            PartnerIsolation(privileges="SELECT", name="incentives_adjustment_partner"),
            models.CheckConstraint(name="incentives_adjustment_not_zero", condition=~models.Q(amount=0)),
            models.CheckConstraint(
                name="incentives_adjustment_two_people",
                condition=~models.Q(status=AdjustmentStatus.APPROVED)
                | models.Q(decided_by__isnull=False) & ~models.Q(decided_by=models.F("proposed_by")),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "status", "-id"], name="incentives_adjustment_list_ix"),
            models.Index(fields=["tenant", "partner", "-id"], name="incentives_adjustment_prtnr_ix"),
        ]

    def __str__(self) -> str:
        return self.reason


class Dispute(TenantModel):
    """A partner's objection to an entry. What is said about it hangs on it as comments.

    `expected` is what the partner thinks right for the entry, in its currency's minor units, where it says so.
    """

    partner = TenantForeignKey(
        "directory.Partner", models.PROTECT, related_name="+", verbose_name=_("partner")
    )
    entry = TenantForeignKey(LedgerEntry, models.PROTECT, related_name="disputes")
    text = models.TextField(_("what is wrong"), max_length=2000)
    expected = models.BigIntegerField(_("expected amount"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=DisputeStatus, default=DisputeStatus.OPEN)
    raised_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")
    decided_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    answer = models.TextField(_("answer"), max_length=2000, blank=True)

    class Meta:
        verbose_name = _("dispute")
        ordering = ["-id"]
        constraints = [
            *tenant_constraints("incentives_dispute", "partner", "entry", "raised_by", "decided_by"),
            PartnerIsolation(name="incentives_dispute_partner"),
            models.UniqueConstraint(
                fields=["tenant", "entry"],
                condition=models.Q(status=DisputeStatus.OPEN),
                name="incentives_dispute_one_open",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "status", "-id"], name="incentives_dispute_list_ix"),
            models.Index(fields=["tenant", "partner", "-id"], name="incentives_dispute_partner_ix"),
        ]

    def __str__(self) -> str:
        return self.entry.headline

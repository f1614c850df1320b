"""What each partner has earned, entry by entry."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from incentives.ledger.enums import EntryKind
from incentives.plans.models import Plan, PlanVersion
from incentives.tiers.models import Tier
from portal.tenancy.constraints import AppendOnly, PartnerIsolation, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class LedgerEntry(TenantModel):
    """One posting, in minor units of the plan's currency. Never changed: a recomputation posts differences.

    `occurred_on` is the deal's day, `posted_on` the day of the posting. `booked_on` is the day on which the
    entry counts: the deal's, or the posting's for what is taken back after the hold and for what comes too
    late for a period that may have been paid. `payable_on` is the end of the hold. `base` is the
    deal's revenue in the plan's currency, `exchange_rate` the plan's currency per unit of the deal's,
    `rate` the (average) rate paid. `sequence` numbers the postings of one deal, plan and day.
    """

    partner = TenantForeignKey("directory.Partner", models.PROTECT, related_name="ledger_entries")
    deal = TenantForeignKey("deals.Deal", models.PROTECT, related_name="ledger_entries")
    plan = TenantForeignKey(Plan, models.PROTECT, related_name="+")
    plan_version = TenantForeignKey(PlanVersion, models.PROTECT, related_name="+")
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
    sequence = models.PositiveSmallIntegerField()
    explanation = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["-booked_on", "-id"]
        constraints = [
            *tenant_constraints("incentives_ledgerentry", "partner", "deal", "plan", "plan_version", "tier"),
            PartnerIsolation(privileges="SELECT", name="incentives_ledgerentry_partner"),
            AppendOnly(name="incentives_ledgerentry_append_only"),
            models.UniqueConstraint(
                fields=["tenant", "partner", "deal", "plan", "occurred_on", "sequence"],
                name="incentives_ledgerentry_once",
            ),
            models.CheckConstraint(name="incentives_ledgerentry_not_zero", condition=~models.Q(amount=0)),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "partner", "-booked_on", "-id"], name="incentives_ledger_partner_ix"
            ),
            models.Index(fields=["tenant", "-booked_on", "-id"], name="incentives_ledger_booked_ix"),
            models.Index(fields=["tenant", "deal"], name="incentives_ledger_deal_ix"),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} {self.amount} {self.currency}"

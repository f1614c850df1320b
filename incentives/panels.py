"""What tiers and earnings show on the home pages."""

from typing import Any

from django.db.models import Q, Sum

from incentives.ledger import queries as ledger
from incentives.ledger.models import LedgerEntry
from incentives.plans.models import Plan
from incentives.tiers import queries as tiers
from incentives.tiers.enums import ProposalStatus
from incentives.tiers.models import Tier, TierProposal
from incentives.tiers.progress import progress_of
from metrics.periods import calendar_of
from partners.directory.models import Partner
from portal.accounts.models import Membership

CLOSE_ONES = 5
WAITING_SHOWN = 5
_SHOWN_OF_ENTRY = [
    "kind",
    "amount",
    "currency",
    "occurred_on",
    "explanation",
    "label",
    "part",
    "payable_on",
    "keeps",
    "deal__number",
    "deal__title",
]


def partner_earnings(membership: Membership) -> dict[str, Any]:
    """What I earn: the sums and the latest entries with their reasons. Three queries."""
    rows = ledger.entries(membership)
    latest = rows.select_related(None).select_related("deal").only(*_SHOWN_OF_ENTRY)
    return {"earnings": ledger.earnings(rows), "latest": list(latest[:3])}


def partner_tier(membership: Membership) -> dict[str, Any]:
    """Where I stand and what the next tier asks. Two queries."""
    standing = tiers.standing_of(membership.partner_id) if membership.partner_id else None
    currency = tiers.tenant_in_scope().currency
    return {"standing": standing, "next": progress_of(standing, currency), "currency": currency}


def of_partner(membership: Membership, partner: Partner) -> dict[str, Any]:
    """A partner's tier, the way to the next and what it has earned, for its page. Three queries."""
    tenant, standing = tiers.tenant_in_scope(), tiers.standing_of(partner.pk)
    rows = ledger.entries(membership).filter(partner=partner)
    return {
        "partner": partner,
        "standing": standing,
        "next": progress_of(standing, tenant.currency),
        "earnings": ledger.earnings(rows, tenant=tenant),
    }


def manager_tiers(membership: Membership) -> dict[str, Any]:
    """Who in the portfolio is about to move up, and which moves wait for an admin. Three queries."""
    waiting = tiers.waiting_proposals().filter(partner__manager_id=membership.pk)
    currency = tiers.tenant_in_scope().currency
    return {
        "close": [
            {"standing": standing, "next": progress_of(standing, currency)}
            for standing in tiers.close_to_next(membership, CLOSE_ONES)
        ],
        "waiting": list(waiting[:WAITING_SHOWN]),
    }


def admin_programme(membership: Membership) -> dict[str, Any]:
    """Moves that wait for a decision, and what is owed. Four queries."""
    tenant = tiers.tenant_in_scope()
    today = calendar_of(tenant).today()
    owed = list(
        LedgerEntry.objects.order_by()
        .values("currency")
        .annotate(
            payable=Sum("amount", filter=Q(payable_on__lte=today), default=0),
            on_hold=Sum("amount", filter=Q(payable_on__gt=today), default=0),
        )
        .order_by("-payable")
    )
    return {
        "waiting": list(tiers.waiting_proposals()[:WAITING_SHOWN]),
        "waiting_count": TierProposal.objects.filter(status=ProposalStatus.WAITING).count(),
        "owed": owed or [{"currency": tenant.currency, "payable": 0, "on_hold": 0}],
    }


def has_tiers() -> bool:
    return Tier.objects.exists()


def has_plan() -> bool:
    return Plan.objects.exists()

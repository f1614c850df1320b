"""What tiers and earnings show on the home pages."""

from typing import Any

from django.db.models import Count, Exists, QuerySet

from incentives.earnings import earnings_of, earnings_of_partner
from incentives.ledger import queries as ledger
from incentives.ledger.models import LedgerEntry
from incentives.plans.models import Plan
from incentives.tiers import queries as tiers
from incentives.tiers.enums import ProposalStatus
from incentives.tiers.models import Tier, TierProposal
from incentives.tiers.progress import progress_of
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared, summed

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
    return {"earnings": earnings_of(membership), "latest": _latest(membership)}


@prepared
def _latest(membership: Membership) -> QuerySet[LedgerEntry]:
    rows = ledger.entries(membership).select_related(None).select_related("deal")
    return rows.only(*_SHOWN_OF_ENTRY)[:3]


def partner_tier(membership: Membership) -> dict[str, Any]:
    """Where I stand and what the next tier asks. Two queries."""
    standing = tiers.standing_of(membership.partner_id) if membership.partner_id else None
    currency = tiers.tenant_in_scope().currency
    return {"standing": standing, "next": progress_of(standing, currency), "currency": currency}


def of_partner(membership: Membership, partner: Partner) -> dict[str, Any]:
    """A partner's tier, the way to the next and what it has earned, for its page. Four queries at most."""
    standing = tiers.standing_of(partner.pk)
    return {
        "partner": partner,
        "standing": standing,
        "next": progress_of(standing, membership.tenant.currency),
        "earnings": earnings_of_partner(membership, partner.pk),
    }


def manager_tiers(membership: Membership) -> dict[str, Any]:
    """Who in the portfolio is about to move up, and which moves wait for an admin. Three queries."""
    currency = tiers.tenant_in_scope().currency
    return {
        "close": [
            {"standing": standing, "next": progress_of(standing, currency)}
            for standing in tiers.close_to_next(membership)
        ],
        "waiting": _waiting(membership),
    }


@prepared
def _waiting(membership: Membership) -> QuerySet[TierProposal]:
    rows = tiers.waiting_proposals().select_related(None).select_related("partner", "from_tier", "to_tier")
    if membership.is_manager:
        rows = rows.filter(partner__manager_id=membership.pk)
    shown = rows.only("status", "direction", "partner__name", "from_tier__name", "to_tier__name")
    return shown[:WAITING_SHOWN]


def admin_programme(membership: Membership) -> dict[str, Any]:
    """Moves that wait for a decision, and what is owed. Four queries."""
    [how_many] = _waiting_count()
    return {
        "waiting": _waiting(membership),
        "waiting_count": how_many["count"],
        "owed": earnings_of(membership),
    }


@prepared
def _waiting_count() -> QuerySet[TierProposal, dict[str, int]]:
    return summed(TierProposal.objects.filter(status=ProposalStatus.WAITING), count=Count("pk"))


def has_tiers() -> Exists:
    return Exists(Tier.objects.all())


def has_plan() -> Exists:
    return Exists(Plan.objects.all())

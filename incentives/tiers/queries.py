"""Reads about tiers. Partner sessions see their own rows; the database holds that too."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from incentives.tiers.enums import ProposalStatus
from incentives.tiers.history import TierHistory
from incentives.tiers.models import (
    CheckMark,
    ManualCheck,
    Tier,
    TierAssignment,
    TierPolicy,
    TierProposal,
    TierStanding,
)
from incentives.tiers.requirements import SCORE, is_check, is_reported
from metrics.defining import Use
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared
from portal.tenancy.models import Tenant, current_tenant

# What ends within these days is pointed out.
SOON = dt.timedelta(days=60)
# So many are shown.
CLOSE_ONES = 5


@prepared
def tiers() -> QuerySet[Tier]:
    """All tiers, the lowest first."""
    return Tier.objects.order_by("rank")


def kpi_uses() -> list[tuple[str, Use]]:
    """Which KPIs the tiers ask for. One query."""
    return [
        (measure, Use(_("Tier: %(name)s") % {"name": tier.name}, "incentives:tier_edit", tier.pk))
        for tier in tiers()
        for measure in sorted({leaf.measure for tree in tier.trees for leaf in tree.conditions()})
        if measure != SCORE and not is_check(measure) and not is_reported(measure)
    ]


def policy() -> TierPolicy:
    """The tenant's policy; one with the defaults, unsaved, where none was set."""
    return TierPolicy.objects.first() or TierPolicy()


def tenant_in_scope() -> Tenant:
    return current_tenant()


def today() -> dt.date:
    """The day it is for the tenant."""
    return dt.datetime.now(tenant_in_scope().zone).date()


def histories(partner_ids: Collection[UUID], base: UUID | None) -> dict[UUID, TierHistory]:
    """The tier history of each partner asked for. `base` is the lowest tier. One query."""
    changes: dict[UUID, list[tuple[dt.date, UUID | None]]] = defaultdict(list)
    rows = (
        TierAssignment.objects.filter(partner_id__in=partner_ids, during__isempty=False)
        .order_by("partner_id", "during")
        .values_list("partner_id", "tier_id", "during")
    )
    for partner_id, tier_id, during in rows:
        previous = changes[partner_id]
        if previous and previous[-1][0] == during.lower:
            previous.pop()
        previous.append((during.lower, tier_id))
        if during.upper is not None:
            previous.append((during.upper, None))
    return {partner_id: TierHistory(base, tuple(changes.get(partner_id, ()))) for partner_id in partner_ids}


def tier_on(partner_id: UUID, day: dt.date) -> Tier | None:
    """The tier the partner held on a day; None only where the tenant has no tiers."""
    every = {tier.pk: tier for tier in tiers()}
    base = next(iter(every), None)
    held = histories([partner_id], base)[partner_id].on(day)
    return every.get(held) if held else None


def tier_choices() -> list[tuple[str, str]]:
    """Code and name of each tier, the lowest first."""
    return [(str(tier.pk), tier.name) for tier in tiers()]


def tier_codes(standings: Iterable[tuple[UUID, dt.date]]) -> dict[tuple[UUID, dt.date], str]:
    """The code of the tier that each partner held on each day. Two queries."""
    wanted = list(standings)
    base = next(iter(tiers()), None)
    if base is None:
        return {}
    held = histories({partner_id for partner_id, _day in wanted}, base.pk)
    found = {(partner_id, day): held[partner_id].on(day) for partner_id, day in wanted}
    return {key: str(code) for key, code in found.items() if code}


def lead_priorities(partner_ids: Collection[UUID]) -> dict[UUID, int]:
    """How eagerly each partner is offered leads by the tier that it holds today. Two queries."""
    every = {tier.pk: tier for tier in tiers()}
    base = next(iter(every), None)
    if base is None:
        return {}
    day = today()
    held = {pk: history.on(day) for pk, history in histories(partner_ids, base).items()}
    return {pk: every[tier_id].lead_priority for pk, tier_id in held.items() if tier_id in every}


def standing_of(partner_id: UUID) -> TierStanding | None:
    return next(iter(_standing_of(partner_id)), None)


@prepared
def _standing_of(partner_id: UUID) -> QuerySet[TierStanding]:
    rows = TierStanding.objects.select_related("tier", "next_tier", "reached_tier")
    return rows.filter(partner_id=partner_id).order_by()[:1]


def standings(membership: Membership) -> QuerySet[TierStanding]:
    """Where the partners stand whom the member may see."""
    rows = TierStanding.objects.select_related("partner", "tier", "next_tier", "reached_tier")
    return rows.filter(partner_id=membership.partner_id) if membership.is_partner else rows


@prepared
def close_to_next(membership: Membership) -> QuerySet[TierStanding]:
    """The portfolio's partners (for an admin: all) that have most of what the next tier asks."""
    rows = standings(membership).filter(next_tier__isnull=False, progress__gte="0.6")
    if membership.is_manager:
        rows = rows.filter(partner__manager_id=membership.pk)
    return rows.order_by("-progress", "partner__name")[:CLOSE_ONES]


def waiting_proposals() -> QuerySet[TierProposal]:
    return TierProposal.objects.filter(status=ProposalStatus.WAITING).select_related(
        "partner__manager__user", "from_tier", "to_tier"
    )


def proposals() -> QuerySet[TierProposal]:
    return TierProposal.objects.select_related("partner", "from_tier", "to_tier", "decided_by__user")


@dataclass(frozen=True, slots=True)
class Held:
    """A tier that a partner held from a day on; `until` is the first day on which it no longer did. `why` is for everybody
    to read, `reason` is what was written down for the vendor's people."""

    tier: Tier
    since: dt.date
    until: dt.date | None
    why: str
    reason: str


def through_time(partner_id: UUID, ladder: Sequence[Tier]) -> list[Held]:
    """The partner's tiers and why it came to hold each, newest first. One query."""
    rows = TierAssignment.objects.filter(partner_id=partner_id, during__isempty=False)
    found: list[Held] = []
    before: TierAssignment | None = None
    for row in rows.select_related("tier").order_by("during"):
        found.append(
            Held(row.tier, row.during.lower, row.during.upper, _why(row, before, ladder), row.reason)
        )
        before = row
    return found[::-1]


def _why(row: TierAssignment, before: TierAssignment | None, ladder: Sequence[Tier]) -> str:
    """Why a tier was given, as far as the row and the one before it tell."""
    follows = before if before is not None and before.during.upper == row.during.lower else None
    if row.proposal_id is None:
        if row.assigned_by_id is not None:
            return _("Given by hand.")
        ended = follows is not None and follows.proposal_id is None and follows.assigned_by_id is not None
        return _("The tier by hand was over.") if ended else ""
    # Days without an assignment are of the lowest tier.
    last = follows.tier if follows else ladder[0]
    values = {"tier": row.tier.name, "last": last.name}
    if row.tier.rank > last.rank:
        return _("What %(tier)s asks for was reached.") % values
    return _("What %(last)s asks for was no longer there.") % values


def checks_of(partner: Partner) -> list[dict[str, object]]:
    """Each check in use with what holds of it today, for a partner's page."""
    day = today()
    marks = {
        row.item_id: row
        for row in CheckMark.objects.filter(partner=partner, withdrawn_on__isnull=True).select_related(
            "given_by__user"
        )
    }
    return [
        {
            "item": item,
            "mark": marks.get(item.pk),
            "holds": item.pk in marks and marks[item.pk].holds_on(day),
            "ends_soon": item.pk in marks and not marks[item.pk].holds_on(day + SOON),
        }
        for item in ManualCheck.objects.filter(is_active=True)
    ]


def ids(partners: Iterable[UUID]) -> list[UUID]:
    """Each id once, in the one order in which locks are taken."""
    return sorted(set(partners))

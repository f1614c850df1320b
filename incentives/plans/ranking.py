"""Who stands where in a campaign, and how a pool is divided: told to each partner only as far as the plan says."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from incentives.ledger import pools, queries
from incentives.ledger.calculation import calculate
from incentives.ledger.items import won_items
from incentives.ledger.models import LedgerEntry
from incentives.ledger.words import rate_text
from incentives.plans.enums import PlanForm, Shown
from incentives.plans.models import Plan, PoolSettlement
from incentives.plans.outlook import is_for
from incentives.plans.queries import published_terms
from incentives.plans.terms import Terms
from incentives.tiers.queries import tenant_in_scope
from metrics.periods import Calendar, Period, PeriodKind, calendar_of
from metrics.queries import ENOUGH_PEERS
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.tenancy.scope import current_tenant_id, tenant_scope

# A page calculates a pool that is still open for so many partners at most.
OPEN_FOR = 500
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Place:
    """One partner's place. `name` is empty where the reader may not know it, `part` is of a pool."""

    number: int
    name: str
    amount: int
    part: str = ""
    is_mine: bool = False


@dataclass(frozen=True, slots=True)
class Ranking:
    """A campaign's ranking, or a pool's division, as one reader may see it. `others` is how many more there are.

    Where `few` share a pool, a partner is told its own amount alone: with the pool or its part, it would know what the
    others have won.
    """

    title: str
    currency: str
    places: list[Place]
    partners: int
    total: int | None = None
    settled: bool = True
    few: bool = False

    @property
    def others(self) -> int:
        return self.partners - len(self.places)


def plan_for(membership: Membership, plan: Plan) -> Terms | None:
    """The plan's version in force, or else its last; None where the plan is not for the partner."""
    tenant = tenant_in_scope()
    today = calendar_of(tenant).today()
    own = [term for term in published_terms(tenant) if term.plan_id == plan.pk and term.start <= today]
    current = next((term for term in reversed(own) if term.in_force(today)), own[-1] if own else None)
    if current is None or membership.partner_id is None:
        return current
    who = queries.audiences([membership.partner_id])[membership.partner_id]
    day = today if current.end is None else min(today, current.end - dt.timedelta(days=1))
    return current if is_for(current, who, day) else None


def rankings(membership: Membership, terms: Terms) -> list[Ranking]:
    """The rankings of a campaign (one) or the divisions of a pool (the newest first) that the member may see."""
    with tenant_scope(current_tenant_id()):
        if terms.form == PlanForm.POOL:
            return _divisions(membership, terms)
        return [_campaign(membership, terms)] if terms.said.campaign else []


def _campaign(membership: Membership, terms: Terms) -> Ranking:
    rows = LedgerEntry.objects.filter(plan_id=terms.plan_id, occurred_on__gte=terms.start)
    if terms.end is not None:
        rows = rows.filter(occurred_on__lt=terms.end)
    sums = dict(rows.order_by().values_list("partner_id").annotate(Sum("amount")))
    earned = {partner_id: amount for partner_id, amount in sums.items() if amount > 0}
    return Ranking(terms.plan_name, terms.currency, _places(membership, terms, earned), len(earned))


def _divisions(membership: Membership, terms: Terms) -> list[Ranking]:
    calendar = calendar_of(tenant_in_scope())
    found = _running(membership, terms, calendar)
    newest: dict[dt.date, PoolSettlement] = {}
    for row in PoolSettlement.objects.filter(version__plan_id=terms.plan_id).order_by("id"):
        newest[row.period_start] = row
    for start, row in sorted(newest.items(), reverse=True)[:8]:
        period = Period(start, terms.period)
        shares = {UUID(key): share for key, share in row.shares.items()}
        weights = {UUID(key): weight for key, weight in row.weights.items()}
        found.append(_division(membership, terms, period, row.pool, shares, weights, settled=True))
    return found


def _running(membership: Membership, terms: Terms, calendar: Calendar) -> list[Ranking]:
    """How the running period would be divided today."""
    today = calendar.today()
    ids = list(Partner.objects.order_by("pk").values_list("pk", flat=True)[: OPEN_FOR + 1])
    if not terms.in_force(today) or len(ids) > OPEN_FOR:
        return []
    period = calendar.period(terms.period, today)
    every = published_terms(tenant_in_scope())
    year = calendar.period(PeriodKind.YEAR, today).start
    audiences, deals = queries.audiences(ids), won_items(ids, queries.reach_of(year, every), every)
    lines = {pk: calculate(deals.get(pk, ()), who, every, calendar) for pk, who in audiences.items()}
    return [
        _division(membership, terms, period, row.pool, row.shares, row.weights, settled=False)
        for row in pools.divisions(lines, audiences, [terms], calendar, period.start, today, running=True)
        if row.period == period
    ]


def _division(
    membership: Membership,
    terms: Terms,
    period: Period,
    pool: int,
    shares: Mapping[UUID, int],
    weights: Mapping[UUID, int],
    *,
    settled: bool,
) -> Ranking:
    if membership.is_partner and len(shares) < ENOUGH_PEERS:
        own = {key: share for key, share in shares.items() if key == membership.partner_id}
        return Ranking(
            period.label(),
            terms.currency,
            _places(membership, terms, own),
            len(own),
            settled=settled,
            few=True,
        )
    places = _places(membership, terms, shares, weights)
    return Ranking(period.label(), terms.currency, places, len(shares), pool, settled)


def _places(
    membership: Membership,
    terms: Terms,
    amounts: Mapping[UUID, int],
    weights: Mapping[UUID, int] | None = None,
) -> list[Place]:
    """The places that the member may see, the largest amount first; equal amounts share a place."""
    mine, vendor = membership.partner_id, membership.is_vendor
    named = vendor or terms.said.shown == Shown.NAMES
    total = sum((weights or {}).values())
    ordered = sorted(amounts.items(), key=lambda item: (-item[1], item[0]))
    names = dict(
        Partner.objects.filter(pk__in=[pk for pk, _amount in ordered if named or pk == mine]).values_list(
            "pk", "name"
        )
    )
    found: list[Place] = []
    number, last = 0, None
    for index, (partner_id, amount) in enumerate(ordered, start=1):
        if amount != last:
            number, last = index, amount
        if not vendor and terms.said.shown == Shown.OWN and partner_id != mine:
            continue
        if index > SHOWN and partner_id != mine:
            continue
        part = ""
        if weights and total:
            part = rate_text((Decimal(weights.get(partner_id, 0)) / total).quantize(Decimal("0.0001")))
        found.append(
            Place(
                number,
                names.get(partner_id, "") if named or partner_id == mine else "",
                amount,
                part,
                partner_id == mine,
            )
        )
    return found

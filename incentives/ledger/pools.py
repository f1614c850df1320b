"""Pools: an amount that partners share in proportion. Dividing is pure; the rest reads what it is divided by."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from incentives.ledger.calculation import Audience, Line, PoolShare, base_of
from incentives.ledger.enums import Nothing
from incentives.plans.enums import PlanBase, PlanForm, PoolBy
from incentives.plans.models import PoolSettlement
from incentives.plans.terms import Terms
from metrics.models import Scorecard, SubjectKind
from metrics.periods import Calendar, Period
from portal.money import divide, round_half_up

# A score has four decimals; weights are whole.
_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Division:
    """A pool's period: how large it is and who has which part in it."""

    terms: Terms
    period: Period
    pool: int
    weights: Mapping[UUID, int]
    bases: Mapping[UUID, int]

    @property
    def item(self) -> UUID:
        """The key of the period's entries in the ledger."""
        return uuid5(self.terms.plan_id, self.period.key)

    @property
    def day(self) -> dt.date:
        return self.period.end - dt.timedelta(days=1)

    @property
    def shares(self) -> dict[UUID, int]:
        return divide(self.pool, self.weights)


def divisions(
    lines: Mapping[UUID, Sequence[Line]],
    audiences: Mapping[UUID, Audience],
    terms: Sequence[Terms],
    calendar: Calendar,
    first: dt.date,
    today: dt.date,
    *,
    running: bool = False,
) -> list[Division]:
    """How the pools of the periods that began from `first` on and are over by `today` are divided.

    `running` takes in the periods that are not over, as they would be divided if they were. One query for each
    pool that is divided by points.
    """
    found = []
    for term in terms:
        if term.form != PlanForm.POOL:
            continue
        last = today if term.end is None else min(today, term.end)
        for period in calendar.span(term.period, max(first, term.start), last):
            day = period.end - dt.timedelta(days=1)
            over = period.end <= today
            if (over or running) and period.start >= first and term.in_force(day if over else today):
                found.append(_division(term, period, lines, audiences, day))
    return found


def _division(
    terms: Terms,
    period: Period,
    lines: Mapping[UUID, Sequence[Line]],
    audiences: Mapping[UUID, Audience],
    day: dt.date,
) -> Division:
    revenue: dict[UUID, int] = defaultdict(int)
    deals: dict[UUID, int] = defaultdict(int)
    by_revenue = replace(terms, base=PlanBase.REVENUE) if terms.base != PlanBase.MARGIN else terms
    for partner_id, rows in lines.items():
        for line in rows:
            if (
                line.terms is not None
                and line.terms.plan_id == terms.plan_id
                and line.nothing == Nothing.POOLED
                and line.deal is not None
                and period.start <= line.day < period.end
            ):
                revenue[partner_id] += base_of(line.deal, by_revenue)
                deals[partner_id] += 1
    pool = terms.said.pool_amount or round_half_up(sum(revenue.values()) * terms.said.pool_rate)
    by = terms.said.pool_by
    weights: dict[UUID, int] = {}
    if by == PoolBy.REVENUE:
        weights = dict(revenue)
    elif by == PoolBy.DEALS:
        weights = dict(deals)
    else:
        members = {pk: who for pk, who in audiences.items() if _belongs(terms, who, day)}
        if by == PoolBy.POINTS:
            weights = _points(members, period)
        else:
            for partner_id, who in members.items():
                tier = who.tiers.on(day)
                bands = terms.bands.get(tier, ()) if tier else ()
                weights[partner_id] = bands[0].amount if bands else 0
    return Division(
        terms, period, pool, {key: weight for key, weight in weights.items() if weight > 0}, revenue
    )


def _belongs(terms: Terms, who: Audience, day: dt.date) -> bool:
    return (
        (not terms.partner_types or who.type in terms.partner_types)
        and (not terms.regions or who.region in terms.regions)
        and (not terms.tiers or who.tiers.on(day) in terms.tiers)
    )


def _points(partner_ids: Collection[UUID], period: Period) -> dict[UUID, int]:
    rows = Scorecard.objects.filter(
        subject_kind=SubjectKind.PARTNER,
        partner_id__in=partner_ids,
        period_kind=period.kind,
        period_start=period.start,
        score__isnull=False,
    )
    return {
        partner_id: int(score * _POINTS)
        for partner_id, score in rows.order_by().values_list("partner_id", "score")
        if partner_id and score is not None
    }


def pool_lines(division: Division, settlement_id: UUID | None = None) -> dict[UUID, Line]:
    """Each partner's line of a division."""
    total = sum(division.weights.values())
    return {
        partner_id: Line(
            division.item,
            division.day,
            division.terms,
            None,
            base=division.bases.get(partner_id, 0),
            amount=share,
            total=sum(division.bases.values()),
            period=division.period,
            exchange_rate=division.terms.exchange_rate,
            nothing=None if share else Nothing.ROUNDED,
            pool=PoolShare(
                division.pool,
                str(division.weights[partner_id]),
                str(total),
                len(division.weights),
                settlement_id,
            ),
        )
        for partner_id, share in division.shares.items()
    }


def settle(division: Division) -> PoolSettlement:
    """The division as it is kept; a new one where anything differs from the last."""
    last = PoolSettlement.objects.filter(
        version_id=division.terms.version_id, period_start=division.period.start
    ).first()
    weights = {str(key): weight for key, weight in sorted(division.weights.items())}
    if last is not None and last.pool == division.pool and last.weights == weights:
        return last
    shares = {str(key): share for key, share in sorted(division.shares.items())}
    return PoolSettlement.objects.create(
        version_id=division.terms.version_id,
        period_start=division.period.start,
        pool=division.pool,
        weights=weights,
        shares=shares,
    )

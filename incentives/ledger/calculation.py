"""What won deals and completed activities earn: the one calculation behind the ledger, its explanations, previews,
simulation and what-if. Pure.

Money is whole minor units, dates are days in the tenant's time zone.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from incentives.ledger.amounts import Amount, Inputs, capped, free_amount
from incentives.ledger.enums import Nothing
from incentives.plans.bands import Slice, exact_amount
from incentives.plans.enums import Baseline, PlanBase, PlanForm, Source
from incentives.plans.terms import Terms
from incentives.tiers.history import TierHistory
from metrics.periods import Calendar, Period, PeriodKind
from portal.money import round_half_up


@dataclass(frozen=True, slots=True)
class WonDeal:
    """A won deal, or with another `source` a completed activity or a delivered order: what plans count of it.

    `revenue` and `cost` are minor units of the tenant's currency, `rate` from the deal's to that. Of a deal that
    several sell `own` is the hundredths that this partner has, as from and to, and `guest` whether it is another's.
    """

    id: UUID
    day: dt.date
    revenue: int | None
    rate: Decimal = Decimal(1)
    cost: int | None = None
    units: int = 1
    registered: bool = False
    family: UUID | None = None
    product: UUID | None = None
    own: tuple[tuple[int, int], ...] = ((0, 100),)
    guest: bool = False
    activity: str = ""
    label: str = ""
    source: Source = Source.DEAL


@dataclass(frozen=True, slots=True)
class Audience:
    """What of a partner decides whether a plan is for them.

    `settled` are the (deal, plan version) that have been posted: type and region were right on that day, and a
    partner that changes either later keeps what it has earned.
    """

    type: str
    region: str
    tiers: TierHistory
    settled: frozenset[tuple[UUID, UUID]] = frozenset()


@dataclass(frozen=True, slots=True)
class Line:
    """What one deal or activity earns under one plan version: an amount, or the reason why there is none.

    `base` is what it counts for: minor units of the plan's currency, or a number; `before` what counted
    earlier in the same period and `total` all that counts in it.
    """

    deal_id: UUID
    day: dt.date
    terms: Terms | None
    tier_id: UUID | None
    base: int = 0
    amount: int = 0
    before: int = 0
    total: int = 0
    period: Period | None = None
    slices: tuple[Slice, ...] = ()
    exchange_rate: Decimal = Decimal(1)
    nothing: Nothing | None = None
    inputs: Inputs | None = None
    free: int = 0
    deal: WonDeal | None = None
    pool: "PoolShare | None" = None

    @property
    def rate(self) -> Decimal:
        """The rate paid; where several bands share the deal, their average."""
        if not self.base or not self.slices:
            return Decimal(0)
        if len(self.slices) == 1 and self.slices[0].base == self.base:
            return self.slices[0].rate
        exact = exact_amount(self.slices) if self.terms is None or self.terms.counts_money else Decimal(0)
        return (exact / self.base).quantize(Decimal("1e-10"), rounding=ROUND_HALF_UP)

    @property
    def payable_on(self) -> dt.date:
        return self.day + dt.timedelta(days=self.terms.hold_days if self.terms else 0)

    @property
    def held_back(self) -> int:
        """The part of the amount that is released later."""
        if self.terms is None or not self.terms.said.holdback:
            return 0
        return round_half_up(self.amount * self.terms.said.holdback)

    @property
    def released_on(self) -> dt.date:
        """The day from which what is held back is payable."""
        later = self.terms.said.holdback_days if self.terms else 0
        return max(self.payable_on, self.day + dt.timedelta(days=later))


@dataclass(frozen=True, slots=True)
class PoolShare:
    """One partner's share of a pool: its weight among all, how many shared, and the division it stands in."""

    pool: int
    weight: str
    weights: str
    partners: int
    settlement_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Counted:
    """A deal that counts in its plan, with the version and the tier of its day."""

    deal: WonDeal
    terms: Terms
    tier: UUID
    base: int


def calculate(
    deals: Iterable[WonDeal], audience: Audience, terms: Sequence[Terms], calendar: Calendar
) -> list[Line]:
    """One line for each deal and plan version in force on its day, and one for a deal without any.

    Deals count in the order of their day, then of their id, so the result does not depend on the order
    in which they are given. A plan's bands go on over the whole period, also where a new version begins
    in the middle of it: each deal is paid by the version of its day, and all of the plan's deals count.

    Plans are taken in their order: what one has paid for, a later one may exclude. A plan's budget and a pool
    are shared with other partners; `budgeted` and `pools` settle them.
    """
    items = sorted(deals, key=lambda deal: (deal.day, deal.id))
    lines: list[Line] = []
    open_items: dict[UUID, list[tuple[WonDeal, Terms]]] = defaultdict(list)
    for deal in items:
        in_force = [term for term in terms if term.in_force(deal.day) and term.source == deal.source]
        if deal.source == Source.DEAL and not deal.guest:
            if not deal.revenue or deal.revenue < 0:
                tier = audience.tiers.on(deal.day)
                lines.append(Line(deal.id, deal.day, None, tier, nothing=Nothing.NO_REVENUE, deal=deal))
                continue
            if not in_force:
                tier = audience.tiers.on(deal.day)
                lines.append(Line(deal.id, deal.day, None, tier, nothing=Nothing.NO_PLAN, deal=deal))
        for term in in_force:
            open_items[term.plan_id].append((deal, term))
    paid: dict[UUID, set[UUID]] = defaultdict(set)
    for plan_id in sorted(open_items, key=lambda plan_id: _stacked(open_items[plan_id])):
        found = _plan_lines(open_items[plan_id], audience, terms, calendar, paid)
        for line in found:
            if line.amount:
                paid[line.deal_id].add(plan_id)
        lines.extend(found)
    return lines


def _stacked(rows: Sequence[tuple[WonDeal, Terms]]) -> tuple[int, str, UUID]:
    last = rows[-1][1]
    return last.said.order, last.plan_name, last.plan_id


def _plan_lines(
    rows: Iterable[tuple[WonDeal, Terms]],
    audience: Audience,
    terms: Sequence[Terms],
    calendar: Calendar,
    paid: Mapping[UUID, set[UUID]],
) -> list[Line]:
    lines: list[Line] = []
    counted: list[_Counted] = []
    for deal, term in rows:
        if (deal.guest and not term.said.shared) or (deal.guest and not deal.revenue):
            continue
        tier = audience.tiers.on(deal.day)
        base = base_of(deal, term)
        reason = not_for(term, audience, tier, deal) or _excluded(term, paid.get(deal.id, ()), terms)
        if reason is None and base < max(1, term.said.min_deal):
            reason = Nothing.BELOW_DEAL if term.said.min_deal and base > 0 else Nothing.NO_BASE
        if term.form == PlanForm.POOL:
            # The pool is divided at the end of its period; its deals only say what they count for.
            reason = reason or Nothing.POOLED
        if reason or tier is None:
            lines.append(
                Line(deal.id, deal.day, term, tier, base, nothing=reason or Nothing.NO_RATE, deal=deal)
            )
            continue
        counted.append(_Counted(deal, term, tier, base))
    for kind in {row.terms.period: None for row in counted}:
        periods: dict[Period, list[_Counted]] = defaultdict(list)
        for row in counted:
            periods[calendar.period(kind, row.deal.day)].append(row)
        for period, inside in periods.items():
            baseline = _baseline(period, inside, periods, calendar)
            lines.extend(_period_lines(period, inside, baseline))
    return _under_partner_cap(lines, calendar)


def base_of(deal: WonDeal, terms: Terms) -> int:
    """What a deal counts for under the terms: minor units of the plan's currency, or a number."""
    if deal.source != Source.DEAL:
        return deal.units
    shared = terms.said.shared
    if terms.base in {PlanBase.DEALS, PlanBase.UNITS}:
        return 0 if shared and deal.guest else (1 if terms.base == PlanBase.DEALS else deal.units)
    revenue = deal.revenue or 0
    if terms.base == PlanBase.MARGIN:
        if deal.cost is None:
            return 0
        revenue -= deal.cost
    if shared:
        revenue = sum(_hundredths(revenue, to) - _hundredths(revenue, start) for start, to in deal.own)
    return round_half_up(revenue * terms.factor)


def _hundredths(amount: int, upto: int) -> int:
    """The first so many hundredths of an amount; parts of neighbouring slices add up exactly."""
    return (amount * upto + 50) // 100


def not_for(terms: Terms, audience: Audience, tier: UUID | None, deal: WonDeal) -> Nothing | None:
    """Why a version is not for a partner's deal; None where it is."""
    said = terms.said
    if (deal.id, terms.version_id) not in audience.settled:
        if terms.partner_types and audience.type not in terms.partner_types:
            return Nothing.PARTNER_TYPE
        if terms.regions and audience.region not in terms.regions:
            return Nothing.REGION
    if terms.tiers and tier not in terms.tiers:
        return Nothing.TIER
    if (said.families or said.products) and not (
        deal.family in said.families or deal.product in said.products
    ):
        return Nothing.PRODUCT
    if deal.activity and said.activities and deal.activity not in said.activities:
        return Nothing.ACTIVITY
    if tier not in terms.bands and terms.form != PlanForm.POOL:
        return Nothing.NO_RATE
    return None


def _excluded(terms: Terms, paid: Iterable[UUID], every: Sequence[Terms]) -> Nothing | None:
    """Whether a plan before this one has paid for the deal that does not go together with it."""
    for plan_id in paid:
        if plan_id in terms.said.excludes or any(
            other.plan_id == plan_id and terms.plan_id in other.said.excludes for other in every
        ):
            return Nothing.OTHER_PLAN
    return None


def _baseline(
    period: Period,
    inside: Sequence[_Counted],
    periods: Mapping[Period, Sequence[_Counted]],
    calendar: Calendar,
) -> dict[UUID, int]:
    """What each version in the period compares with."""
    found = {}
    for row in inside:
        if not row.terms.has_baseline or row.terms.version_id in found:
            continue
        said = row.terms.said
        if said.baseline == Baseline.FIXED:
            found[row.terms.version_id] = said.baseline_amount
            continue
        before = period.previous()
        if said.baseline == Baseline.PREVIOUS_YEAR:
            before = calendar.period(period.kind, period.start.replace(year=period.start.year - 1))
        found[row.terms.version_id] = sum(other.base for other in periods.get(before, ()))
    return found


def _period_lines(period: Period, rows: Sequence[_Counted], baselines: Mapping[UUID, int]) -> list[Line]:
    """The lines of those deals whose version counts by this kind of period; the others only add to its total."""
    totals: dict[PlanBase, int] = defaultdict(int)
    for row in rows:
        totals[row.terms.base] += row.base
    running: dict[PlanBase, int] = defaultdict(int)
    lines: list[Line] = []
    for row in rows:
        if row.terms.period == period.kind:
            given = Inputs(
                row.base,
                running[row.terms.base],
                totals[row.terms.base],
                baselines.get(row.terms.version_id, 0),
                row.deal.registered and not row.deal.guest,
            )
            lines.append(_line(row, period, given, free_amount(row.terms, row.tier, given)))
        running[row.terms.base] += row.base
    if any(line.terms.said.period_cap is not None for line in lines if line.terms):
        sums = sum(line.amount for line in lines)
        before = 0
        for index, line in enumerate(lines):
            lines[index] = _capped(line, period_before=before, period_sum=sums)
            before += line.amount
    return lines


def _line(row: _Counted, period: Period, given: Inputs, found: Amount) -> Line:
    return Line(
        row.deal.id,
        row.deal.day,
        row.terms,
        row.tier,
        base=row.base,
        amount=found.amount,
        before=given.before,
        total=given.total,
        period=period,
        slices=found.slices,
        exchange_rate=row.deal.rate * row.terms.exchange_rate,
        nothing=found.nothing,
        inputs=given,
        free=found.free,
        deal=row.deal,
    )


def _capped(line: Line, **sums: int) -> Line:
    """The line computed again with sums that a cap needs."""
    assert line.terms is not None
    if line.inputs is None:
        return line
    given = replace(line.inputs, **sums)  # type: ignore[arg-type]
    found = capped(line.terms, given, free_amount(line.terms, line.tier_id, given))
    return replace(line, inputs=given, amount=found.amount, nothing=found.nothing)


def _under_partner_cap(lines: list[Line], calendar: Calendar) -> list[Line]:
    return _running(lines, "partner_cap", ("year_before", "year_sum"), calendar)


def budgeted(lines: Sequence[Line], calendar: Calendar) -> list[Line]:
    """The lines of one plan and all partners under the budget that they share in each programme year."""
    return _running(lines, "budget", ("budget_before", "budget_sum"), calendar)


def _running(lines: Sequence[Line], cap: str, names: tuple[str, str], calendar: Calendar) -> list[Line]:
    if not any(line.terms and getattr(line.terms.said, cap) is not None for line in lines):
        return list(lines)
    # In the order of the days; of one day in the order of their ids, and of one deal as given.
    ordered = sorted(lines, key=lambda line: (line.day, line.deal_id))
    sums: dict[Period, int] = defaultdict(int)
    for line in ordered:
        sums[calendar.period(PeriodKind.YEAR, line.day)] += line.amount
    before: dict[Period, int] = defaultdict(int)
    found = []
    for line in ordered:
        year = calendar.period(PeriodKind.YEAR, line.day)
        found.append(
            _capped(line, **dict(zip(names, (before[year], sums[year]), strict=True))) if line.terms else line
        )
        before[year] += line.amount
    return found


def totals(lines: Iterable[Line]) -> dict[str, int]:
    """What the lines earn, by currency."""
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.amount and line.terms:
            sums[line.terms.currency] += line.amount
    return dict(sums)


def needs_year_before(terms: Iterable[Terms]) -> bool:
    """Whether what is earned in a programme year depends on deals of the year before."""
    return any(term.has_baseline and term.said.baseline != Baseline.FIXED for term in terms)

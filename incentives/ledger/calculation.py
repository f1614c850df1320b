"""What deals earn: the one calculation behind the ledger, its explanations, previews and what-if. Pure.

Money is whole minor units, dates are days in the tenant's time zone.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from incentives.ledger.enums import Nothing
from incentives.plans.bands import Slice, exact_amount, rate_reached, slices
from incentives.plans.enums import BandMode
from incentives.plans.terms import Terms
from incentives.tiers.history import TierHistory
from metrics.periods import Calendar, Period, PeriodKind
from portal.money import round_half_up


@dataclass(frozen=True, slots=True)
class WonDeal:
    """A won deal: `revenue` in minor units of the tenant's currency, `rate` from the deal's to that."""

    id: UUID
    day: dt.date
    revenue: int | None
    rate: Decimal = Decimal(1)


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
    """What one deal earns under one plan version: an amount, or the reason why there is none.

    `base` is the deal's revenue in the plan's currency; `before` the partner's other revenue that counted
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

    @property
    def rate(self) -> Decimal:
        """The rate paid; where several bands share the deal, their average."""
        if not self.base or not self.slices:
            return Decimal(0)
        if len(self.slices) == 1 and self.slices[0].base == self.base:
            return self.slices[0].rate
        return (exact_amount(self.slices) / self.base).quantize(Decimal("1e-10"))

    @property
    def payable_on(self) -> dt.date:
        return self.day + dt.timedelta(days=self.terms.hold_days if self.terms else 0)


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
    """
    lines: list[Line] = []
    counted: dict[UUID, list[_Counted]] = defaultdict(list)
    for deal in sorted(deals, key=lambda deal: (deal.day, deal.id)):
        if not deal.revenue or deal.revenue < 0:
            lines.append(
                Line(deal.id, deal.day, None, audience.tiers.on(deal.day), nothing=Nothing.NO_REVENUE)
            )
            continue
        tier = audience.tiers.on(deal.day)
        in_force = [term for term in terms if term.in_force(deal.day)]
        if not in_force:
            lines.append(Line(deal.id, deal.day, None, tier, nothing=Nothing.NO_PLAN))
        for term in in_force:
            reason = _not_for(term, audience, tier, deal.id)
            base = round_half_up(deal.revenue * term.factor)
            if reason or tier is None:
                lines.append(Line(deal.id, deal.day, term, tier, base, nothing=reason or Nothing.NO_RATE))
                continue
            counted[term.plan_id].append(_Counted(deal, term, tier, base))
    for rows in counted.values():
        for kind in {row.terms.period: None for row in rows}:
            periods: dict[Period, list[_Counted]] = defaultdict(list)
            for row in rows:
                periods[calendar.period(kind, row.deal.day)].append(row)
            for period, inside in periods.items():
                lines.extend(_period_lines(period, inside))
    return lines


def _not_for(terms: Terms, audience: Audience, tier: UUID | None, deal_id: UUID) -> Nothing | None:
    if (deal_id, terms.version_id) not in audience.settled:
        if terms.partner_types and audience.type not in terms.partner_types:
            return Nothing.PARTNER_TYPE
        if terms.regions and audience.region not in terms.regions:
            return Nothing.REGION
    if terms.tiers and tier not in terms.tiers:
        return Nothing.TIER
    if tier not in terms.bands:
        return Nothing.NO_RATE
    return None


def _period_lines(period: Period, rows: Sequence[_Counted]) -> Iterable[Line]:
    """The lines of those deals whose version counts by this kind of period; the others only add to its total."""
    total = sum(row.base for row in rows)
    before = 0
    for row in rows:
        if row.terms.period == period.kind:
            yield _line(row, period, before, total)
        before += row.base


def _line(row: _Counted, period: Period, before: int, total: int) -> Line:
    bands = row.terms.bands[row.tier]
    if row.terms.mode == BandMode.WHOLE:
        parts = [Slice(row.base, rate_reached(bands, total))]
    else:
        parts = slices(bands, before, before + row.base)
    amount = round_half_up(exact_amount(parts))
    return Line(
        row.deal.id,
        row.deal.day,
        row.terms,
        row.tier,
        base=row.base,
        amount=amount,
        before=before,
        total=total,
        period=period,
        slices=tuple(parts),
        exchange_rate=row.deal.rate * row.terms.exchange_rate,
        nothing=None if amount else _why_zero(parts),
    )


def _why_zero(parts: Sequence[Slice]) -> Nothing:
    if not parts:
        return Nothing.ABOVE_LAST_BAND
    if not any(part.rate for part in parts):
        return Nothing.ZERO_RATE
    return Nothing.ROUNDED


# --- from what is earned to what is posted ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Key:
    """What a posting is about. The day is part of it: a deal that moves is taken back on its old day."""

    deal_id: UUID
    plan_id: UUID
    day: dt.date


@dataclass(frozen=True, slots=True)
class Posted:
    """What the ledger holds for a key: the sum, how many entries, of which versions, and when payable.

    `payable_on` is the latest day of any entry, `first_payable_on` and `first_posted_on` the earliest.
    """

    amount: int
    entries: int
    payable_on: dt.date
    versions: frozenset[UUID] = frozenset()
    first_payable_on: dt.date = dt.date.max
    first_posted_on: dt.date = dt.date.max

    def may_be_paid(self, today: dt.date) -> bool:
        """Whether some of it was payable already before today's posting, and so may have been paid."""
        return self.first_posted_on < today and self.first_payable_on <= today


@dataclass(frozen=True, slots=True)
class Difference:
    """What must be posted so that the ledger's sum for the key becomes what is earned."""

    key: Key
    amount: int
    entries: int
    line: Line | None
    payable_on: dt.date


def differences(lines: Iterable[Line], posted: Mapping[Key, Posted]) -> list[Difference]:
    """The differences between what is earned and what was posted; none when they agree."""
    earned: dict[Key, Line] = {}
    for line in lines:
        if line.terms is not None:
            earned[Key(line.deal_id, line.terms.plan_id, line.day)] = line
    found = []
    for key, line in earned.items():
        before = posted.get(key)
        amount = line.amount - (before.amount if before else 0)
        if amount:
            entries = before.entries if before else 0
            payable_on = line.payable_on if amount > 0 or before is None else before.payable_on
            found.append(Difference(key, amount, entries, line, payable_on))
    for key, before in posted.items():
        if key not in earned and before.amount:
            found.append(Difference(key, -before.amount, before.entries, None, before.payable_on))
    return sorted(
        found, key=lambda difference: (difference.key.day, difference.key.deal_id, difference.key.plan_id)
    )


def closed_periods(
    posted: Mapping[Key, Posted], kinds: Iterable[PeriodKind], calendar: Calendar, today: dt.date
) -> frozenset[tuple[UUID, Period]]:
    """The periods of which something may have been paid, for each plan. What comes later belongs to a later one."""
    days = {(key.plan_id, key.day) for key, held in posted.items() if held.may_be_paid(today)}
    return frozenset((plan_id, calendar.period(kind, day)) for kind in set(kinds) for plan_id, day in days)


def totals(lines: Iterable[Line]) -> dict[str, int]:
    """What the lines earn, by currency."""
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.amount and line.terms:
            sums[line.terms.currency] += line.amount
    return dict(sums)

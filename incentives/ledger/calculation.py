"""What deals earn: the one calculation behind the ledger, its explanations, previews and what-if. Pure.

Money is whole minor units, dates are days in the tenant's time zone.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from incentives.ledger.enums import Nothing
from incentives.plans.bands import Slice, exact_amount, rate_reached, slices
from incentives.plans.enums import BandMode
from incentives.plans.terms import Terms
from incentives.tiers.history import TierHistory
from metrics.periods import Calendar, Period
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


@dataclass(slots=True)
class _Bucket:
    """The deals of one partner that share a version's running total."""

    terms: Terms
    period: Period
    deals: list[tuple[WonDeal, UUID, int]] = field(default_factory=list)


def calculate(
    deals: Iterable[WonDeal], audience: Audience, terms: Sequence[Terms], calendar: Calendar
) -> list[Line]:
    """One line for each deal and plan version in force on its day, and one for a deal without any.

    Deals count in the order of their day, then of their id, so the result does not depend on the order
    in which they are given. A version counts its own deals, from the start of each of its periods.
    """
    lines: list[Line] = []
    buckets: dict[tuple[UUID, Period], _Bucket] = {}
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
            period = calendar.period(term.period, deal.day)
            bucket = buckets.setdefault((term.version_id, period), _Bucket(term, period))
            bucket.deals.append((deal, tier, base))
    for bucket in buckets.values():
        lines.extend(_bucket_lines(bucket))
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


def _bucket_lines(bucket: _Bucket) -> Iterable[Line]:
    terms = bucket.terms
    total = sum(base for _deal, _tier, base in bucket.deals)
    before = 0
    for deal, tier, base in bucket.deals:
        bands = terms.bands[tier]
        if terms.mode == BandMode.WHOLE:
            parts = [Slice(base, rate_reached(bands, total))]
        else:
            parts = slices(bands, before, before + base)
        amount = round_half_up(exact_amount(parts))
        yield Line(
            deal.id,
            deal.day,
            terms,
            tier,
            base=base,
            amount=amount,
            before=before,
            total=total,
            period=bucket.period,
            slices=tuple(parts),
            exchange_rate=deal.rate * terms.exchange_rate,
            nothing=None if amount else _why_zero(parts),
        )
        before += base


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
    """What the ledger holds for a key: the sum, how many entries, what the last one said, and of which versions."""

    amount: int
    entries: int
    payable_on: dt.date
    versions: frozenset[UUID] = frozenset()


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


def totals(lines: Iterable[Line]) -> dict[str, int]:
    """What the lines earn, by currency."""
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        if line.amount and line.terms:
            sums[line.terms.currency] += line.amount
    return dict(sums)

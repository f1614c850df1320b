"""What one item earns, from its plan version and a few whole numbers. Pure.

`amount_of` is the whole of it: the calculation, the explanation of an entry and its being computed again years later
all call it with the same `Inputs`, which every entry keeps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from incentives.ledger.enums import Nothing
from incentives.plans.bands import Band, Slice, amount_reached, exact_amount, rate_reached, slices
from incentives.plans.enums import AtCap, BandMode, PlanBase, PlanForm
from incentives.plans.terms import Terms
from portal.money import round_half_up


@dataclass(frozen=True, slots=True)
class Inputs:
    """What an amount depends on beside the terms and the tier.

    `base` is what the item counts for, `before` what counted earlier in the period and `total` all that counts in
    it, before any baseline is taken off. The sums are of amounts up to the cap before: what the partner's items had
    earned before this one and earn in all, in the period and the programme year, and what all partners' do.
    """

    base: int
    before: int
    total: int
    baseline: int = 0
    registered: bool = False
    period_before: int = 0
    period_sum: int = 0
    year_before: int = 0
    year_sum: int = 0
    budget_before: int = 0
    budget_sum: int = 0

    def dump(self) -> dict[str, Any]:
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}

    @classmethod
    def load(cls, data: dict[str, Any]) -> "Inputs":
        return cls(**({"base": 0, "before": 0, "total": 0} | data))


@dataclass(frozen=True, slots=True)
class Amount:
    """`free` is what the item would earn without caps, `amount` what it earns; `nothing` says why that is 0."""

    amount: int
    free: int
    slices: tuple[Slice, ...] = ()
    nothing: Nothing | None = None


def free_amount(terms: Terms, tier: UUID | None, given: Inputs) -> Amount:
    """What the item earns before the caps of period, year and budget; the cap for one deal is in it."""
    if given.total < terms.said.min_period:
        return Amount(0, 0, (), Nothing.BELOW_PERIOD)
    bands = terms.bands.get(tier, ()) if tier else ()
    parts = _parts(terms, bands, given)
    exact = exact_amount(parts)
    if terms.form == PlanForm.FLAT and terms.counts_money:
        # A fixed amount for reaching a total: it is earned by the item that reaches it.
        before, after = _grown(terms, given)
        exact += amount_reached(bands, after) - amount_reached(bands, before)
    if given.registered:
        exact += terms.said.registered_amount
    free = round_half_up(exact)
    cap = terms.said.deal_cap
    amount = free if cap is None else min(free, cap)
    return Amount(amount, free, tuple(parts), None if amount else _why_zero(terms, bands, parts, given))


def amount_of(terms: Terms, tier: UUID | None, given: Inputs) -> Amount:
    """What the item earns, after all caps."""
    found = free_amount(terms, tier, given)
    return capped(terms, given, found)


def capped(terms: Terms, given: Inputs, found: Amount) -> Amount:
    """The amount after the caps of the period, the programme year and the plan's budget."""
    if not found.amount:
        return found
    said, amount = terms.said, found.amount
    amount = under_cap(amount, given.period_before, given.period_sum, said.period_cap, said.at_cap)
    amount = under_cap(amount, given.year_before, given.year_sum, said.partner_cap, said.at_cap)
    amount = under_cap(amount, given.budget_before, given.budget_sum, said.budget, said.at_cap)
    return replace(found, amount=amount, nothing=None if amount else Nothing.CAP_REACHED)


def under_cap(amount: int, before: int, total: int, cap: int | None, how: AtCap) -> int:
    """The part of an amount that a cap leaves, when `before` was earned before it and `total` in all.

    Parts add up to the cap exactly, because each is the difference of two rounded sums.
    """
    if cap is None or total <= cap:
        return amount
    if how == AtCap.STOP:
        return min(before + amount, cap) - min(before, cap)
    return _part(cap, before + amount, total) - _part(cap, before, total)


def _part(cap: int, amount: int, total: int) -> int:
    return (2 * cap * amount + total) // (2 * total)


def _grown(terms: Terms, given: Inputs) -> tuple[int, int]:
    """The running total before and after the item; of a plan for growth what lies above the baseline."""
    before, after = given.before, given.before + given.base
    if terms.base == PlanBase.GROWTH:
        return max(0, before - given.baseline), max(0, after - given.baseline)
    return before, after


def _parts(terms: Terms, bands: Sequence[Band], given: Inputs) -> list[Slice]:
    said = terms.said
    before, after = _grown(terms, given)
    total = max(0, given.total - given.baseline) if terms.base == PlanBase.GROWTH else given.total
    parts: list[Slice] = []
    if terms.form == PlanForm.FLAT and terms.counts_money:
        pass
    elif terms.mode == BandMode.MARGINAL:
        parts = slices(bands, before, after)
    else:
        if terms.mode == BandMode.GROWTH:
            before, after = max(before, given.baseline), max(after, given.baseline)
        if terms.form == PlanForm.RATE:
            parts = [Slice(after - before, rate_reached(bands, total))] if after > before else []
        elif after > before:
            parts = [Slice(after - before, rate_reached(bands, total), amount_reached(bands, total))]
    if said.quota is not None:
        parts += _above_quota(terms, bands, before, after, total)
    if given.registered and said.registered_rate:
        parts.append(Slice(given.base, said.registered_rate, why="registered"))
    return parts


def _above_quota(terms: Terms, bands: Sequence[Band], before: int, after: int, total: int) -> list[Slice]:
    """What the accelerator adds to the parts that lie above the quota."""
    low = max(before, terms.said.quota or 0)
    if after <= low:
        return []
    more = terms.said.accelerator - 1
    if terms.mode == BandMode.MARGINAL:
        return [Slice(part.base, part.rate * more, why="quota") for part in slices(bands, low, after)]
    return [Slice(after - low, rate_reached(bands, total) * more, why="quota")]


def _why_zero(terms: Terms, bands: Sequence[Band], parts: Sequence[Slice], given: Inputs) -> Nothing:
    before, after = _grown(terms, given)
    if terms.has_baseline and (
        after <= before or (after <= given.baseline and terms.base != PlanBase.GROWTH)
    ):
        return Nothing.BELOW_BASELINE
    if terms.form == PlanForm.FLAT and terms.counts_money:
        return Nothing.NOT_REACHED if not amount_reached(bands, after) else Nothing.REACHED_BEFORE
    if not parts:
        return Nothing.ABOVE_LAST_BAND
    if not any(part.earned for part in parts):
        return Nothing.ZERO_RATE
    return Nothing.ROUNDED

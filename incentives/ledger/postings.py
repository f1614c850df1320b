"""From what is earned to what must be posted. Pure."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from incentives.ledger.calculation import Line
from incentives.ledger.enums import Part
from metrics.periods import Calendar, Period, PeriodKind


@dataclass(frozen=True, slots=True)
class Key:
    """What a posting is about. The day is part of it: a deal that moves is taken back on its old day.

    `deal_id` is the deal, the activity or the pool's period; `part` what of it is payable when.
    """

    deal_id: UUID
    plan_id: UUID
    day: dt.date
    part: Part = Part.MAIN


@dataclass(frozen=True, slots=True)
class Posted:
    """What the ledger holds for a key: the sum, how many entries, of which versions, and when payable.

    `payable_on` is the latest day of any entry, `first_payable_on` and `first_posted_on` the earliest. `keeps` is
    what was left to the partner when the rest was taken back, by the time that the deal had been served.
    """

    amount: int
    entries: int
    payable_on: dt.date
    versions: frozenset[UUID] = frozenset()
    first_payable_on: dt.date = dt.date.max
    first_posted_on: dt.date = dt.date.max
    keeps: int | None = None

    def may_be_paid(self, today: dt.date) -> bool:
        """Whether some of it was payable already before today's posting, and so may have been paid."""
        return self.first_posted_on < today and self.first_payable_on <= today


@dataclass(frozen=True, slots=True)
class Difference:
    """What must be posted so that the ledger's sum for the key becomes what is earned.

    `before` is what it holds; `keeps` what stays of a deal that earns nothing any more.
    """

    key: Key
    amount: int
    entries: int
    line: Line | None
    payable_on: dt.date
    before: int = 0
    keeps: int | None = None


def earned_parts(line: Line) -> list[tuple[Part, int, dt.date]]:
    """The parts of a line's amount, each with the day from which it is payable. They add up to the amount."""
    held = line.held_back
    return [(Part.MAIN, line.amount - held, line.payable_on), (Part.HOLDBACK, held, line.released_on)]


def differences(lines: Iterable[Line], posted: Mapping[Key, Posted]) -> list[Difference]:
    """The differences between what is earned and what was posted; none when they agree."""
    earned: dict[Key, tuple[Line, int, dt.date]] = {}
    for line in lines:
        if line.terms is not None:
            for part, amount, payable_on in earned_parts(line):
                earned[Key(line.deal_id, line.terms.plan_id, line.day, part)] = (line, amount, payable_on)
    found = []
    for key, (line, due, line_payable_on) in earned.items():
        before = posted.get(key)
        amount = due - (before.amount if before else 0)
        if amount:
            entries = before.entries if before else 0
            payable_on = line_payable_on if amount > 0 or before is None else before.payable_on
            found.append(Difference(key, amount, entries, line, payable_on, before.amount if before else 0))
    for key, before in posted.items():
        if key not in earned and before.amount and before.amount != before.keeps:
            found.append(
                Difference(key, -before.amount, before.entries, None, before.payable_on, before.amount)
            )
    return sorted(
        found,
        key=lambda row: (row.key.day, row.key.deal_id, row.key.plan_id, row.key.part),
    )


def closed_periods(
    posted: Mapping[Key, Posted], kinds: Iterable[PeriodKind], calendar: Calendar, today: dt.date
) -> frozenset[tuple[UUID, Period]]:
    """The periods of which something may have been paid, for each plan. What comes later belongs to a later one."""
    days = {(key.plan_id, key.day) for key, held in posted.items() if held.may_be_paid(today)}
    return frozenset((plan_id, calendar.period(kind, day)) for kind in set(kinds) for plan_id, day in days)

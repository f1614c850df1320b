"""Whether a partner moves to another tier. Pure.

Promotion comes at once or at the period's end. Demotion is decided at a period's end only, on the figures
of the period that ended, after the grace, and at the end of a year only where the tenant says so. Who merely lacks
figures that may still be reported is not demoted before the period closes for late data.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from incentives.tiers.enums import Direction, Outcome, PromotionTime


@dataclass(frozen=True, slots=True)
class Policy:
    promotion: PromotionTime
    grace_days: int
    only_at_year_end: bool
    # How long after a period's end its figures may still come in.
    late_days: int = 0


@dataclass(frozen=True, slots=True)
class Rung:
    """A tier with its outcome today (`now`) and on the last day of the period that ended (`then`)."""

    tier_id: UUID
    rank: int
    now: Outcome
    then: Outcome


@dataclass(frozen=True, slots=True)
class Position:
    """Where the partner stands: the tier held, since when, and since which period's end it fell short."""

    rank: int
    held_since: dt.date | None
    below_since: dt.date | None


@dataclass(frozen=True, slots=True)
class Decision:
    direction: Direction | None
    tier_id: UUID | None
    effective_on: dt.date | None
    below_since: dt.date | None


def decide(
    rungs: Sequence[Rung],
    position: Position,
    policy: Policy,
    *,
    today: dt.date,
    period_start: dt.date,
    year_start: dt.date,
) -> Decision:
    """What follows for one partner.

    `rungs` are all tiers by rising rank; the lowest asks for nothing. `period_start` is the first day of
    the current period, that is, the last period's end; `year_start` that of the current fiscal year.
    """
    base = rungs[0]
    reached_now = _highest(rungs, [rung.now for rung in rungs]) or base
    reached_then = _highest(rungs, [rung.then for rung in rungs]) or base

    at_once = policy.promotion == PromotionTime.AT_ONCE
    target = reached_now if at_once else reached_then
    if target.rank > position.rank:
        return Decision(Direction.PROMOTION, target.tier_id, today if at_once else period_start, None)

    if reached_then.rank >= position.rank or _held_too_short(position, period_start):
        return Decision(None, None, None, None)
    below_since = position.below_since or period_start
    due = period_start - below_since >= dt.timedelta(days=policy.grace_days)
    late = any(rung.rank == position.rank and rung.then == Outcome.PENDING for rung in rungs)
    if late and today < period_start + dt.timedelta(days=policy.late_days):
        # What is missing is a figure that may still be reported, not a result.
        due = False
    if not due or (policy.only_at_year_end and period_start != year_start):
        return Decision(None, None, None, below_since)
    return Decision(Direction.DEMOTION, reached_then.tier_id, period_start, below_since)


def _highest(rungs: Sequence[Rung], outcomes: Sequence[Outcome]) -> Rung | None:
    met = [rung for rung, outcome in zip(rungs, outcomes, strict=True) if outcome == Outcome.MET]
    return max(met, key=lambda rung: rung.rank, default=None)


def _held_too_short(position: Position, period_start: dt.date) -> bool:
    """The tier was reached in the running period, which has not ended yet."""
    return position.held_since is not None and position.held_since >= period_start

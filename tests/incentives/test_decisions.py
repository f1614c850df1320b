"""Who moves when: promotion at once or at the period's end, demotion after the grace."""

import datetime as dt
from uuid import UUID

from incentives.tiers.decisions import Decision, Policy, Position, Rung, decide
from incentives.tiers.enums import Direction, Outcome, PromotionTime

BASE, SILVER, GOLD = (UUID(int=number) for number in (1, 2, 3))
MET, NOT_MET, PENDING = Outcome.MET, Outcome.NOT_MET, Outcome.PENDING
TODAY = dt.date(2026, 5, 20)
QUARTER = dt.date(2026, 4, 1)
YEAR = dt.date(2026, 1, 1)


def ladder(now: str, then: str) -> list[Rung]:
    """`now` and `then` are the names of the tiers met, such as "SG"."""
    return [
        Rung(BASE, 0, MET, MET),
        Rung(SILVER, 1, MET if "S" in now else NOT_MET, MET if "S" in then else NOT_MET),
        Rung(GOLD, 2, MET if "G" in now else NOT_MET, MET if "G" in then else NOT_MET),
    ]


def run(
    now: str,
    then: str,
    rank: int,
    *,
    promotion: PromotionTime = PromotionTime.AT_ONCE,
    grace: int = 0,
    year_end: bool = False,
    since: dt.date | None = dt.date(2025, 7, 1),
    below: dt.date | None = None,
    period_start: dt.date = QUARTER,
) -> Decision:
    return decide(
        ladder(now, then),
        Position(rank, since, below),
        Policy(promotion, grace, year_end),
        today=TODAY,
        period_start=period_start,
        year_start=YEAR,
    )


def test_promotion_at_once() -> None:
    assert run("S", "", 0) == Decision(Direction.PROMOTION, SILVER, TODAY, None)


def test_promotion_goes_straight_to_the_highest_tier_met() -> None:
    assert run("SG", "", 0).tier_id == GOLD
    assert run("G", "", 0).tier_id == GOLD


def test_promotion_at_the_periods_end_waits_for_it() -> None:
    assert run("S", "", 0, promotion=PromotionTime.PERIOD_END).direction is None
    decision = run("", "S", 0, promotion=PromotionTime.PERIOD_END)
    assert decision == Decision(Direction.PROMOTION, SILVER, QUARTER, None)


def test_a_weak_running_period_demotes_nobody() -> None:
    assert run("", "SG", 2) == Decision(None, None, None, None)


def test_demotion_at_the_periods_end_without_grace() -> None:
    assert run("", "S", 2) == Decision(Direction.DEMOTION, SILVER, QUARTER, QUARTER)
    assert run("", "", 2).tier_id == BASE


def test_grace_keeps_the_tier_until_a_later_periods_end() -> None:
    first = run("", "S", 2, grace=90)
    assert first == Decision(None, None, None, QUARTER)
    second = run("", "S", 2, grace=90, below=QUARTER, period_start=dt.date(2026, 7, 1))
    assert second.direction == Direction.DEMOTION


def test_recovering_at_a_periods_end_clears_the_grace() -> None:
    assert run("", "SG", 2, grace=90, below=dt.date(2026, 1, 1)).below_since is None


def test_never_in_the_middle_of_a_year() -> None:
    assert run("", "", 2, year_end=True).direction is None
    assert run("", "", 2, year_end=True, period_start=YEAR).direction == Direction.DEMOTION


def test_a_tier_reached_in_the_running_period_is_not_judged_by_the_one_before() -> None:
    assert run("", "", 2, since=dt.date(2026, 5, 1)).direction is None


def test_holding_more_than_asked_is_not_demoted() -> None:
    assert run("", "G", 1).direction is None


def test_nothing_met_at_all_is_the_lowest_tier() -> None:
    rungs = [Rung(BASE, 0, PENDING, PENDING), Rung(SILVER, 1, PENDING, PENDING)]
    decision = decide(
        rungs,
        Position(0, None, None),
        Policy(PromotionTime.AT_ONCE, 0, False),
        today=TODAY,
        period_start=QUARTER,
        year_start=YEAR,
    )
    assert decision.direction is None


def lacking(*, today: dt.date, grace: int = 0, late: int = 30, below: dt.date | None = None) -> Decision:
    """Who holds Silver, of whose period that ended a figure is missing."""
    rungs = [Rung(BASE, 0, MET, MET), Rung(SILVER, 1, PENDING, PENDING)]
    return decide(
        rungs,
        Position(1, dt.date(2025, 7, 1), below),
        Policy(PromotionTime.AT_ONCE, grace, False, late),
        today=today,
        period_start=QUARTER,
        year_start=YEAR,
    )


def test_a_figure_that_may_still_be_reported_demotes_nobody() -> None:
    kept = Decision(None, None, None, QUARTER)
    assert lacking(today=QUARTER) == kept
    assert lacking(today=QUARTER + dt.timedelta(days=29)) == kept
    assert lacking(today=QUARTER + dt.timedelta(days=30)).direction == Direction.DEMOTION


def test_what_is_never_reported_counts_after_the_grace() -> None:
    assert lacking(today=TODAY, grace=90) == Decision(None, None, None, QUARTER)
    assert lacking(today=TODAY, grace=90, below=YEAR).direction == Direction.DEMOTION


def test_late_figures_save_nobody_who_is_short_already() -> None:
    rungs = [Rung(BASE, 0, MET, MET), Rung(SILVER, 1, NOT_MET, NOT_MET)]
    decision = decide(
        rungs,
        Position(1, dt.date(2025, 7, 1), None),
        Policy(PromotionTime.AT_ONCE, 0, False, 30),
        today=QUARTER,
        period_start=QUARTER,
        year_start=YEAR,
    )
    assert decision.direction == Direction.DEMOTION

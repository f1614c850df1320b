"""What deals earn, and which differences follow from what was posted before."""

import datetime as dt
import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentives.ledger.calculation import Line, WonDeal, calculate
from incentives.ledger.enums import Nothing
from incentives.ledger.postings import Key, Posted, differences
from incentives.plans.enums import BandMode
from incentives.plans.terms import Terms, currency_factor
from metrics.periods import PeriodKind
from tests.incentives.builders import BASE, CALENDAR, GOLD, PLAN, SILVER, audience, bands, terms, won

DAY = dt.date(2026, 3, 11)
STEPS = bands((0, 100_00, "0.05"), (100_00, None, "0.10"))


def lines(deals: list[WonDeal], *versions: Terms, **kwargs: object) -> list[Line]:
    return calculate(deals, kwargs.get("who", audience()), versions, CALENDAR)


def test_a_deal_is_paid_at_the_tier_of_its_day() -> None:
    rates = {BASE: bands((0, None, "0.05")), GOLD: bands((0, None, "0.12"))}
    who = audience((dt.date(2026, 3, 11), GOLD))
    early, late = lines(
        [won(1, dt.date(2026, 3, 10), 4_514_00), won(2, DAY, 4_514_00)], terms(rates), who=who
    )
    assert (early.tier_id, early.amount) == (BASE, 225_70)
    assert (late.tier_id, late.rate, late.amount) == (GOLD, Decimal("0.12"), 541_68)


def test_marginal_deals_are_slices_of_the_periods_total() -> None:
    first, second = lines([won(1, DAY, 60_00), won(2, DAY, 140_00)], terms({BASE: STEPS}))
    assert (first.amount, second.amount) == (3_00, 12_00)
    assert [(part.base, part.rate) for part in second.slices] == [
        (40_00, Decimal("0.05")),
        (100_00, Decimal("0.10")),
    ]
    assert (second.before, second.total) == (60_00, 200_00)


def test_whole_pays_earlier_deals_at_the_rate_reached_later() -> None:
    first, second = lines(
        [won(1, DAY, 60_00), won(2, DAY, 140_00)], terms({BASE: STEPS}, mode=BandMode.WHOLE)
    )
    assert (first.amount, second.amount) == (6_00, 14_00)


def test_each_period_counts_from_nothing() -> None:
    june, july = lines(
        [won(1, dt.date(2026, 6, 30), 100_00), won(2, dt.date(2026, 7, 1), 100_00)], terms({BASE: STEPS})
    )
    assert (june.amount, july.amount) == (5_00, 5_00)


CHANGE = dt.date(2026, 2, 15)


def test_bands_go_on_where_a_new_version_begins_in_the_middle_of_a_period() -> None:
    """80 at 5% under the first version; then the new one's bands go on from 80: 20 at 6%, 60 at 12%."""
    old = terms({BASE: STEPS}, end=CHANGE)
    new = terms({BASE: bands((0, 100_00, "0.06"), (100_00, None, "0.12"))}, start=CHANGE, version=2)
    first, second = lines([won(1, dt.date(2026, 2, 1), 80_00), won(2, DAY, 80_00)], old, new)
    assert (first.amount, first.terms, first.total) == (4_00, old, 160_00)
    assert (second.amount, second.terms, second.before) == (1_20 + 7_20, new, 80_00)


def test_whole_pays_each_version_s_deals_at_its_rate_for_the_whole_period() -> None:
    old = terms({BASE: STEPS}, mode=BandMode.WHOLE, end=CHANGE)
    new = terms(
        {BASE: bands((0, 100_00, "0.06"), (100_00, None, "0.12"))},
        mode=BandMode.WHOLE,
        start=CHANGE,
        version=2,
    )
    first, second = lines([won(1, dt.date(2026, 2, 1), 80_00), won(2, DAY, 80_00)], old, new)
    assert (first.amount, second.amount) == (8_00, 9_60)


def test_a_version_that_counts_by_year_takes_in_what_was_won_by_quarter_before_it() -> None:
    old = terms({BASE: STEPS}, end=dt.date(2026, 4, 1))
    new = terms({BASE: STEPS}, start=dt.date(2026, 4, 1), period=PeriodKind.YEAR, version=2)
    first, second = lines([won(1, DAY, 90_00), won(2, dt.date(2026, 5, 1), 30_00)], old, new)
    assert (first.amount, first.total) == (4_50, 90_00)
    assert (second.amount, second.before, second.total) == (50 + 2_00, 90_00, 120_00)


@pytest.mark.parametrize("mode", BandMode)
def test_a_new_version_with_the_same_terms_changes_nothing(mode: BandMode) -> None:
    deals = [won(number, dt.date(2026, 1, 5 + 6 * number), 37_00) for number in range(4)]
    whole = [line.amount for line in lines(deals, terms({BASE: STEPS}, mode=mode))]
    halves = (
        terms({BASE: STEPS}, mode=mode, end=dt.date(2026, 1, 15)),
        terms({BASE: STEPS}, mode=mode, start=dt.date(2026, 1, 15), version=2),
    )
    assert [line.amount for line in lines(deals, *halves)] == whole


def test_deals_of_one_day_count_in_the_order_of_their_ids_however_given() -> None:
    deals = [won(number, DAY, 30_00 + number) for number in range(8)]
    expected = lines(deals, terms({BASE: STEPS}))
    random.Random(1).shuffle(deals)
    assert lines(deals, terms({BASE: STEPS})) == expected


@pytest.mark.parametrize(
    ("deal", "version", "reason"),
    [
        (won(1, DAY, None), terms(), Nothing.NO_REVENUE),
        (won(1, DAY, 0), terms(), Nothing.NO_REVENUE),
        (won(1, dt.date(2025, 12, 31), 100_00), terms(), Nothing.NO_PLAN),
        (won(1, dt.date(2026, 6, 1), 100_00), terms(end=dt.date(2026, 6, 1)), Nothing.NO_PLAN),
        (won(1, DAY, 100_00), terms(partner_types=frozenset({"msp"})), Nothing.PARTNER_TYPE),
        (won(1, DAY, 100_00), terms(regions=frozenset({"APAC"})), Nothing.REGION),
        (won(1, DAY, 100_00), terms(tiers=frozenset({GOLD})), Nothing.TIER),
        (won(1, DAY, 100_00), terms({GOLD: STEPS}), Nothing.NO_RATE),
        (won(1, DAY, 100_00), terms({BASE: bands((0, None, "0"))}), Nothing.ZERO_RATE),
        (won(1, DAY, 2), terms({BASE: bands((0, None, "0.2"))}), Nothing.ROUNDED),
    ],
)
def test_a_deal_that_earns_nothing_says_why(deal: WonDeal, version: Terms, reason: Nothing) -> None:
    (line,) = lines([deal], version)
    assert (line.amount, line.nothing) == (0, reason)


def test_beyond_a_limit_nothing_is_earned() -> None:
    _first, second = lines(
        [won(1, DAY, 100_00), won(2, DAY, 50_00)], terms({BASE: bands((0, 100_00, "0.05"))})
    )
    assert second.nothing == Nothing.ABOVE_LAST_BAND


def test_revenue_in_the_plans_currency() -> None:
    in_yen = terms({BASE: bands((0, None, "0.1"))}, factor=currency_factor("EUR", "JPY", Decimal("160")))
    (line,) = lines([won(1, DAY, 100_00)], in_yen)
    assert (line.base, line.amount) == (16_000, 1_600)


# --- properties -------------------------------------------------------------------------------

days = st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
deals_ = st.lists(st.tuples(days, st.integers(0, 5_000_00)), max_size=12).map(
    lambda rows: [won(number, day, revenue) for number, (day, revenue) in enumerate(rows)]
)
versions_ = st.builds(
    lambda mode, period: terms(
        {BASE: STEPS, SILVER: bands((0, 2_000_00, "0.07"), (2_000_00, None, "0.085"))},
        mode=mode,
        period=period,
    ),
    st.sampled_from(BandMode),
    st.sampled_from(PeriodKind),
)


class Ledger:
    """A ledger in memory, with the rule that the database's is written by."""

    def __init__(self) -> None:
        self.entries: dict[Key, list[int]] = {}

    def post(self, rows: list[Line]) -> int:
        held = {key: Posted(sum(amounts), len(amounts), DAY) for key, amounts in self.entries.items()}
        found = differences(rows, held)
        for difference in found:
            self.entries.setdefault(difference.key, []).append(difference.amount)
        return len(found)

    @property
    def sums(self) -> dict[Key, int]:
        return {key: sum(amounts) for key, amounts in self.entries.items() if sum(amounts)}


def earned(rows: list[Line]) -> dict[Key, int]:
    return {Key(row.deal_id, PLAN, row.day): row.amount for row in rows if row.amount}


@given(deals_, versions_, st.randoms(use_true_random=False))
def test_sums_do_not_depend_on_order_or_number_of_calculations(
    deals: list[WonDeal], version: Terms, shuffle: random.Random
) -> None:
    who = audience((dt.date(2026, 5, 1), SILVER))
    ledger, arrived = Ledger(), []
    order = list(deals)
    shuffle.shuffle(order)
    for deal in order:
        arrived.append(deal)
        rows = calculate(arrived, who, [version], CALENDAR)
        ledger.post(rows)
        assert ledger.post(rows) == 0
    assert ledger.sums == earned(calculate(deals, who, [version], CALENDAR))


@given(deals_, versions_, st.lists(st.tuples(st.integers(0, 11), st.booleans()), max_size=30))
def test_no_sequence_of_wins_and_reversals_pays_a_deal_twice(
    deals: list[WonDeal], version: Terms, steps: list[tuple[int, bool]]
) -> None:
    ledger, standing = Ledger(), {}
    for index, wins in steps:
        if index >= len(deals):
            continue
        deal = deals[index]
        if wins:
            standing[deal.id] = deal
        else:
            standing.pop(deal.id, None)
        ledger.post(calculate(standing.values(), audience(), [version], CALENDAR))
        assert ledger.sums == earned(calculate(standing.values(), audience(), [version], CALENDAR))
    for deal in deals:
        total = sum(amount for key, amount in ledger.sums.items() if key.deal_id == deal.id)
        assert total <= deal.revenue * Decimal("0.10") + 1


@given(deals_, versions_)
def test_every_won_deal_has_a_line_with_an_amount_or_a_reason(deals: list[WonDeal], version: Terms) -> None:
    rows = calculate(deals, audience(), [version], CALENDAR)
    assert sorted(row.deal_id for row in rows) == sorted(deal.id for deal in deals)
    assert all((row.amount != 0) != (row.nothing is not None) for row in rows)


def test_a_deal_that_moves_to_another_day_is_taken_back_on_its_old_day() -> None:
    ledger = Ledger()
    ledger.post(calculate([won(1, DAY, 100_00)], audience(), [terms()], CALENDAR))
    later = dt.date(2026, 4, 2)
    ledger.post(calculate([won(1, later, 100_00)], audience(), [terms()], CALENDAR))
    deal = won(1, DAY, 0).id
    assert ledger.entries == {Key(deal, PLAN, DAY): [5_00, -5_00], Key(deal, PLAN, later): [5_00]}

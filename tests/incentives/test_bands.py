"""Bands: whole and marginal rates of what was won."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentives.plans.bands import Band, BandError, check_bands, exact_amount, rate_reached, slices
from incentives.plans.enums import BandMode
from portal.money import round_half_up

rates = st.decimals(min_value=0, max_value=1, places=4)


def bands(*rows: tuple[int, int | None, str]) -> list[Band]:
    return [Band(start, end, Decimal(rate)) for start, end, rate in rows]


@st.composite
def ladders(draw: st.DrawFn, rising: bool = False) -> list[Band]:
    limits = sorted(draw(st.sets(st.integers(1, 10**9), max_size=4)))
    chosen = draw(st.lists(rates, min_size=len(limits) + 1, max_size=len(limits) + 1))
    if rising:
        chosen = sorted(chosen)
    return [
        Band(start, end, rate) for start, end, rate in zip([0, *limits], [*limits, None], chosen, strict=True)
    ]


def marginal(rows: list[Band], total: int) -> Decimal:
    return exact_amount(slices(rows, 0, total))


@pytest.mark.parametrize(
    ("base", "expected"), [(60_00, 3_00), (200_00, 15_00), (100_00, 5_00), (350_00, 30_00)]
)
def test_each_slice_is_paid_at_its_own_rate(base: int, expected: int) -> None:
    rows = bands((0, 100_00, "0.05"), (100_00, 350_00, "0.10"))
    assert marginal(rows, base) == expected


def test_what_lies_above_a_last_end_earns_nothing() -> None:
    assert marginal(bands((0, 100, "0.05"), (100, 350, "0.10")), 1_000) == 30


def test_ten_percent_up_to_ten_thousand_then_twenty() -> None:
    assert marginal(bands((0, 10_000, "0.10"), (10_000, None, "0.20")), 15_000) == 2_000


def test_whole_pays_everything_at_the_rate_reached() -> None:
    rows = bands((0, 5_000_000_00, "0.01"), (5_000_000_00, None, "0.025"))
    assert rate_reached(rows, 5_400_000_00) * 5_400_000_00 == 135_000_00


def test_bands_are_half_open() -> None:
    rows = bands((0, 100, "0.05"), (100, None, "0.10"))
    assert [rate_reached(rows, total) for total in (99, 100)] == [Decimal("0.05"), Decimal("0.10")]


@pytest.mark.parametrize(("base", "expected"), [(2, 0), (3, 1)])
def test_twenty_percent_of_two_and_three_cents(base: int, expected: int) -> None:
    assert round_half_up(marginal(bands((0, None, "0.20")), base)) == expected


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(1, None, "0.05")],
        [(0, 100, "0.05"), (101, None, "0.1")],
        [(0, 100, "0.05"), (99, None, "0.1")],
        [(0, None, "0.05"), (100, None, "0.1")],
        [(0, 0, "0.05")],
        [(0, None, "1.05")],
        [(0, None, "-0.05")],
    ],
    ids=["none", "late start", "gap", "overlap", "open in the middle", "empty", "above 100%", "negative"],
)
def test_bands_that_do_not_fit_are_refused(rows: list[tuple[int, int | None, str]]) -> None:
    with pytest.raises(BandError):
        check_bands(bands(*rows), BandMode.MARGINAL)


def test_whole_needs_a_last_band_without_end() -> None:
    rows = bands((0, 100, "0.05"))
    check_bands(rows, BandMode.MARGINAL)
    with pytest.raises(BandError):
        check_bands(rows, BandMode.WHOLE)


@given(ladders(), st.integers(0, 10**10), st.integers(0, 10**10))
def test_marginal_is_monotone_and_continuous(rows: list[Band], first: int, second: int) -> None:
    low, high = sorted((first, second))
    step = marginal(rows, high) - marginal(rows, low)
    assert 0 <= step <= high - low


@given(ladders(), st.lists(st.integers(0, 10**8), max_size=12))
def test_slices_of_deals_add_up_to_the_slice_of_their_sum(rows: list[Band], deals: list[int]) -> None:
    total, before = Decimal(0), 0
    for base in deals:
        total += exact_amount(slices(rows, before, before + base))
        before += base
    assert total == marginal(rows, before)


@given(rates, st.integers(0, 10**10))
def test_whole_and_marginal_agree_on_one_band(rate: Decimal, base: int) -> None:
    rows = [Band(0, None, rate)]
    assert marginal(rows, base) == rate_reached(rows, base) * base


@given(ladders(rising=True), st.integers(0, 10**10))
def test_whole_pays_at_least_marginal_when_rates_rise(rows: list[Band], base: int) -> None:
    assert rate_reached(rows, base) * base >= marginal(rows, base)


@given(ladders())
def test_ladders_without_gap_pass(rows: list[Band]) -> None:
    check_bands(rows, BandMode.WHOLE)

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.money import (
    CURRENCIES,
    Money,
    convert,
    digits,
    format_money,
    offered_currencies,
    parse_amount,
    round_half_up,
    to_decimal,
    to_minor,
)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1054", "USD", 105_400),
        ("1,054", "USD", 105_400),
        ("1.054", "USD", 105_400),
        ("1,054.50", "USD", 105_450),
        ("1.054,50", "EUR", 105_450),
        ("1 054,5", "EUR", 105_450),
        ("1'054.50", "CHF", 105_450),
        ("1,234,567", "USD", 123_456_700),
        ("€ 12", "EUR", 1_200),
        ("12 EUR", "EUR", 1_200),
        ("0,5", "EUR", 50),
        ("(500)", "USD", -50_000),
        ("-3.10", "USD", -310),
        ("5000", "JPY", 5_000),
        ("1.234", "KWD", 1_234),
        ("1,234,000", "KWD", 1_234_000_000),
        ("0.001", "KWD", 1),
        ("1.2345", "KWD", None),
        ("12.345,678", "EUR", None),
        ("1.50", "JPY", None),
        ("", "EUR", None),
        ("abc", "EUR", None),
        ("NaN", "EUR", None),
        ("$ 100", "USD", 100_00),
        ("$100", "CAD", 100_00),
        ("$ 100", "EUR", None),
        ("100 €", "USD", None),
        ("£100", "EUR", None),
        ("1e400", "EUR", None),
        ("1,2,3", "EUR", None),
    ],
)
def test_amounts_as_people_type_them(text: str, currency: str, minor: int | None):
    if minor is None:
        with pytest.raises(ValueError, match="“"):
            parse_amount(text, currency)
    else:
        assert parse_amount(text, currency) == minor


@given(st.integers(-(10**14), 10**14), st.sampled_from(["EUR", "USD", "JPY", "KWD"]))
def test_what_is_written_is_read_back(minor: int, currency: str):
    assert to_minor(to_decimal(minor, currency), currency) == minor
    written = f"{to_decimal(minor, currency):.{digits(currency)}f}"
    assert parse_amount(written, currency) == minor


@pytest.mark.parametrize(
    ("value", "rounded"), [("0.5", 1), ("-0.5", -1), ("0.4999", 0), ("2.5", 3), ("-2.5", -3)]
)
def test_halves_are_rounded_away_from_zero(value: str, rounded: int):
    assert round_half_up(Decimal(value)) == rounded


def test_conversion_respects_each_currencys_minor_unit():
    assert convert(100_00, Decimal("160"), "EUR", "JPY") == 16_000
    assert convert(16_000, Decimal("0.00625"), "JPY", "EUR") == 100_00


def test_money_is_written_in_the_readers_language():
    assert format_money(1_234_50, "EUR", "en") == "€1,234.50"
    assert format_money(1_234_50, "EUR", "nl") == "€\xa01.234,50"
    assert format_money(1_234_00, "EUR", "en") == "€1,234"
    assert format_money(1_234_00, "EUR", "en", whole=False) == "€1,234.00"
    assert format_money(-1_234_00, "EUR", "nl") == "€\xa0−1.234"
    assert format_money(1_234, "JPY", "en") == "¥1,234"
    assert format_money(None, "EUR", "en") == "–"
    assert str(Money(5, "USD")) == "$0.05"


def test_only_currencies_of_today_are_offered_and_what_a_record_has_stays() -> None:
    offered = {code for code, _label in offered_currencies()}
    assert {"EUR", "USD", "JPY", "KWD", "CHF", "GBP"} <= offered
    assert not offered & {"DEM", "NLG", "FRF", "ITL", "ZWD", "XAU", "XXX", "CHE", "HRK"}
    assert ("DEM", "DEM") in offered_currencies("DEM")
    assert format_money(12_34, "DEM", "en") == "DEM12.34"
    assert "DEM" in CURRENCIES

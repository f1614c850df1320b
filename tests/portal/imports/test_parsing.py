"""Dates and numbers as people write them."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.imports.columns import clear_suggestion
from portal.imports.parsing import (
    DateEvidence,
    DateOrder,
    Unreadable,
    country_keys,
    date_evidence,
    decimal_evidence,
    parse_amount,
    parse_currency,
    parse_date,
    parse_number,
)

DAYS = st.dates(min_value=date(1970, 1, 1), max_value=date(2199, 12, 31))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2016-10-20", date(2016, 10, 20)),
        ("2016-10-20T23:30:00Z", date(2016, 10, 20)),
        ("10/20/2016", date(2016, 10, 20)),
        ("10/20/2016 3:30 PM", date(2016, 10, 20)),
        ("20-10-2016", date(2016, 10, 20)),
        ("3.1.2017", date(2017, 1, 3)),
        ("3 March 2017", date(2017, 3, 3)),
        ("March 3rd, 2017", date(2017, 3, 3)),
        ("3-Mar-17", date(2017, 3, 3)),
        ("3 maart 2017", date(2017, 3, 3)),
        ("3. März 2017", date(2017, 3, 3)),
        ("Fri, 3 Mar 2017", date(2017, 3, 3)),
        ("20161020", date(2016, 10, 20)),
        ("42663", date(2016, 10, 20)),
        ("42663.75", date(2016, 10, 20)),
        ("5/5/2017", date(2017, 5, 5)),
    ],
)
def test_dates_are_read_in_the_ways_people_write_them(text: str, day: date) -> None:
    assert parse_date(text) == day


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("3/4/2017", "date_order"),
        ("31/02/2017", "date"),
        ("13/13/2017", "date"),
        ("soon", "date"),
        ("1054", "date"),
        ("0001-01-01", "date_range"),
        ("٣/٤/٢٠١٧x", "date"),
    ],
)
def test_what_is_no_date_says_why(text: str, code: str) -> None:
    with pytest.raises(Unreadable) as error:
        parse_date(text)
    assert error.value.code == code


@given(DAYS)
def test_every_date_survives_each_way_of_writing_it(day: date) -> None:
    assert parse_date(day.isoformat()) == day
    assert parse_date(day.strftime("%d-%m-%Y"), DateOrder.DAY_FIRST) == day
    assert parse_date(day.strftime("%m/%d/%Y"), DateOrder.MONTH_FIRST) == day
    assert parse_date(f"{day.day}.{day.month}.{day.year}") == day
    assert parse_date(day.strftime("%d %B %Y")) == day


def test_one_day_above_twelve_settles_a_column() -> None:
    assert date_evidence(["3/4/2017", "10/20/2016"]) == DateEvidence.MONTH_FIRST
    assert date_evidence(["3/4/2017", "20-10-2016"]) == DateEvidence.DAY_FIRST
    assert date_evidence(["3/4/2017", "5/6/2017"]) == DateEvidence.AMBIGUOUS
    assert date_evidence(["3/4/2017", "10/20/2016", "20/10/2016"]) == DateEvidence.MIXED
    assert date_evidence(["2017-03-04", "3.4.2017", "5/5/2017"]) == DateEvidence.NONE


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1054", "1054"),
        ("1,054", "1054"),
        ("1.054,00", "1054.00"),
        ("1,054.00", "1054.00"),
        ("1 054", "1054"),
        ("1\u00a0054,50", "1054.50"),
        ("1'054.50", "1054.50"),
        ("1.234.567", "1234567"),
        ("1,23,456.00", "123456.00"),
        ("12,5", "12.5"),
        ("(500)", "-500"),
        ("500-", "-500"),
        ("\u2212500", "-500"),
        ("+500", "500"),
        (".5", "0.5"),
        ("1.000,-", "1000"),
        ("1e3", "1000"),
    ],
)
def test_numbers_are_read_in_the_ways_people_write_them(text: str, number: str) -> None:
    assert parse_number(text) == Decimal(number)


@pytest.mark.parametrize(
    "text", ["1.1k", "abc", "", "1,05,4", "1.234,5.6", "--5", "1 05 4", "12..5", "0x10", "NaN"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        parse_number(text)


def test_amounts_may_name_their_currency() -> None:
    assert parse_amount("€ 1.054,00").currency == "EUR"
    assert parse_amount("USD 1,054").currency == "USD"
    assert parse_amount("1054 gbp").currency == "GBP"
    assert parse_amount("CA$5").currency == "CAD"
    dollars = parse_amount("($1,054.00)")
    assert (dollars.value, dollars.currency) == (Decimal(-1054), "$")
    assert parse_amount("$5 cad").currency == "CAD"
    with pytest.raises(Unreadable):
        parse_amount("$5 EUR")
    with pytest.raises(Unreadable):
        parse_amount("12 XQZ")


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_every_number_survives_each_way_of_writing_it(number: Decimal) -> None:
    english = f"{number:,.2f}"
    continental = english.translate(str.maketrans(",.", ".,"))
    assert parse_number(english) == number
    assert parse_number(continental) == number
    assert parse_number(english.replace(",", "\u202f")) == number
    assert parse_number(str(number)) == number
    if number < 0:
        assert parse_number(f"({english[1:]})") == number


def test_a_column_shows_which_mark_is_the_decimal_one() -> None:
    assert decimal_evidence(["1.234", "5,5"]) == ","
    assert decimal_evidence(["1,234", "5.55"]) == "."
    assert decimal_evidence(["1.234.567"]) == ","
    assert decimal_evidence(["1.234", "5"]) is None
    assert parse_number("1.234", ".") == Decimal("1.234")
    assert parse_number("1.234") == 1234


@given(st.text(max_size=30))
def test_no_text_breaks_the_readers(text: str) -> None:
    for parse in (parse_date, parse_number, parse_amount, parse_currency):
        try:
            parse(text)
        except Unreadable:
            continue


def test_countries_are_known_by_name_and_code_in_several_languages() -> None:
    keys = country_keys()
    assert [keys[text] for text in ("united states", "usa", "us", "duitsland", "uk")] == [
        "US",
        "US",
        "US",
        "DE",
        "GB",
    ]
    assert "korea" not in keys
    assert "philipines" not in keys


def test_only_a_suggestion_that_is_clearly_the_best_is_taken() -> None:
    assert clear_suggestion([("KP", "North Korea", 89), ("KR", "South Korea", 89)]) is None
    assert clear_suggestion([("PH", "Philippines", 95), ("PN", "Pitcairn Islands", 61)]) == "PH"
    assert clear_suggestion([("x", "Something", 70)]) is None
    assert clear_suggestion([]) is None

"""Quick formatting says exactly what the slow one says."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

from django.utils import timezone, translation
from django.utils.formats import number_format
from hypothesis import given
from hypothesis import strategies as st

from portal.money import format_money, parse_amount, quick_money
from portal.shell import formats
from portal.shell.templatetags.shell import figure_rows


@given(
    minor=st.integers(-(10**14), 10**14),
    currency=st.sampled_from(["EUR", "USD", "GBP", "JPY", "KWD", "CHF"]),
    language=st.sampled_from(["en", "nl"]),
    whole=st.booleans(),
    rounded=st.booleans(),
)
def test_quick_money_equals_format_money(
    minor: int, currency: str, language: str, whole: bool, rounded: bool
) -> None:
    minor = minor // 1000 * 1000 if rounded else minor
    with translation.override(language):
        assert quick_money(minor, currency, whole=whole) == format_money(minor, currency, whole=whole)


@given(
    value=st.one_of(
        st.integers(-(10**14), 10**14),
        st.decimals(-(10**12), 10**12, allow_nan=False, places=6),
        st.floats(-1e12, 1e12),
    ),
    places=st.sampled_from([0, 1, 2]),
    language=st.sampled_from(["en", "nl"]),
)
def test_numbers_equal_those_of_django(value: int | Decimal | float, places: int, language: str) -> None:
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    hundredth = Decimal(str(value)) / 100
    with translation.override(language):
        grouped = number_format(rounded, places, use_l10n=True, force_grouping=True).replace("-", "−")
        assert formats.number(value, places) == grouped
        assert formats.percent(hundredth, places) == f"{number_format(rounded, places)}%".replace("-", "−")
        if isinstance(value, int):
            whole = number_format(value, use_l10n=True, force_grouping=True)
            assert formats.number(value) == whole.replace("-", "−")


def test_less_than_nothing_has_one_sign_everywhere() -> None:
    assert formats.percent(-0.206) == "−20.6%"
    assert formats.number(-1234) == "−1,234"
    assert formats.number(-12.5) == "−12.5"
    assert quick_money(-1_234_50, "EUR") == format_money(-1_234_50, "EUR") == "−€1,234.50"
    assert parse_amount("−€1,234.50", "EUR") == -1_234_50
    assert figure_rows([["NPS", -100]]) == '<tr><th scope="row">NPS</th><td class="num">−100</td></tr>'


def test_the_figures_of_a_chart_are_escaped_and_written_as_the_language_does() -> None:
    with translation.override("nl"):
        assert figure_rows([["<b>", "1 & 2", 0.5]]) == (
            '<tr><th scope="row">&lt;b&gt;</th><td class="num">1 &amp; 2</td><td class="num">0,5</td></tr>'
        )


def test_nothing_is_a_dash() -> None:
    assert quick_money(None, "EUR") == formats.short_date(None) == formats.percent(None) == "–"


def test_a_moment_is_shown_on_the_day_it_has_where_the_reader_is() -> None:
    late = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    with timezone.override("Europe/Amsterdam"), translation.override("en"):
        assert formats.short_time(late) == "1 Feb 2026, 00:30"
        assert formats.short_date(date(2026, 11, 22)) == "22 Nov 2026"


def test_percent_of_a_fraction() -> None:
    with translation.override("nl"):
        assert formats.percent(Decimal("0.12345")) == "12,3%"


def test_figures_are_rounded_and_not_cut_off() -> None:
    with translation.override("en"):
        assert formats.percent(Decimal("0.05381")) == "5.4%"
        assert formats.percent(0.9996, 0) == "100%"
        assert formats.number(Decimal("61.65"), 1) == "61.7"
        assert formats.number(-0.04, 1).endswith("0.0")
        assert formats.number(1234567) == "1,234,567"

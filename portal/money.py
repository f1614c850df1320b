"""Money: whole minor units of a currency, never floats."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from uuid import UUID

from babel.core import Locale, get_global
from babel.numbers import (
    format_currency,
    get_currency_precision,
    get_decimal_symbol,
    get_group_symbol,
    list_currencies,
)
from django.utils.translation import get_language
from django.utils.translation import gettext as _

# All that ever were, so that what is recorded stays readable; and those that are legal tender somewhere today.
CURRENCIES = frozenset(list_currencies())
CURRENT_CURRENCIES = frozenset(
    code
    for uses in get_global("territory_currencies").values()
    for code, _start, end, tender in uses
    if end is None and tender
)
# Signs that several currencies write, and which of them is meant where nothing else tells.
SHARED_SIGNS: dict[str, tuple[frozenset[str], str]] = {
    "$": (
        frozenset(
            """ARS AUD BBD BMD BND BSD BZD CAD CLP COP CUP DOP FJD GYD HKD JMD KYD LRD MXN NAD NZD SBD SGD SRD TTD TWD
            USD UYU XCD""".split()
        ),
        "USD",
    ),
    "¥": (frozenset({"CNY", "JPY"}), "JPY"),
}
_SIGNS = {"€": frozenset({"EUR"}), "£": frozenset({"GBP"})} | {
    sign: currencies for sign, (currencies, _usual) in SHARED_SIGNS.items()
}
_DECIMALS = re.compile(r"\.[0#]+")
_GROUPING = {**str.maketrans("", "", " \u00a0\u202f'’_"), ord("−"): "-"}


@dataclass(frozen=True)
class Money:
    """An amount in minor units (cents) of an ISO 4217 currency."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return format_money(self.minor, self.currency)


def offered_currencies(*kept: str) -> list[tuple[str, str]]:
    """Choices for a form: today's currencies, and `kept`, which a record has already."""
    return [(code, code) for code in sorted(CURRENT_CURRENCIES.union(filter(None, kept)))]


def digits(currency: str) -> int:
    """How many decimal digits the currency's minor unit has: EUR 2, JPY 0, KWD 3."""
    return get_currency_precision(currency)


def round_half_up(value: Decimal) -> int:
    """To a whole number, halves away from zero."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_minor(amount: Decimal, currency: str) -> int:
    """12.345 EUR -> 1235 (half up)."""
    return round_half_up(amount.scaleb(digits(currency)))


def to_decimal(minor: int, currency: str) -> Decimal:
    """1235 EUR -> Decimal('12.35')."""
    return Decimal(minor).scaleb(-digits(currency))


def convert(minor: int, rate: Decimal, from_currency: str, to_currency: str) -> int:
    """Minor units of one currency in minor units of another; `rate` is to-currency per from-currency."""
    return to_minor(to_decimal(minor, from_currency) * rate, to_currency)


def divide(whole: int, weights: Mapping[UUID, int]) -> dict[UUID, int]:
    """Shares in proportion to the weights that add up to the whole, by largest remainder; of equals the lower id first.

    Nobody gets anything where all weights are 0.
    """
    total = sum(weights.values())
    if total <= 0 or whole <= 0:
        return dict.fromkeys(weights, 0)
    shares = {key: whole * weight // total for key, weight in weights.items()}
    left = whole - sum(shares.values())
    by_remainder = sorted(weights, key=lambda key: (-(whole * weights[key] % total), key))
    for key in by_remainder[:left]:
        shares[key] += 1
    return shares


def format_money(minor: int | None, currency: str, locale: str | None = None, *, whole: bool = True) -> str:
    """In the reader's language. None is an en dash.

    The one rule of the portal: a round amount has no decimals, any other has all. `whole=False` gives a round one its
    decimals too, for a column in which others have them.
    """
    if minor is None:
        return "–"
    amount = to_decimal(minor, currency)
    keep_digits = not (whole and amount == amount.to_integral_value())
    language = Locale.parse(locale or get_language() or "en", sep="-")
    if keep_digits:
        text = format_currency(amount, currency, locale=language)
    else:
        pattern = _DECIMALS.sub("", language.currency_formats["standard"].pattern)
        text = format_currency(amount, currency, locale=language, format=pattern, currency_digits=False)
    return text.replace("-", "−")


def quick_money(minor: int | None, currency: str, *, whole: bool = True) -> str:
    """What `format_money` says, without parsing the locale's pattern each time."""
    if minor is None:
        return "–"
    return _money_formatter(currency, get_language() or "en")(minor, whole)


@lru_cache(maxsize=256)
def _money_formatter(currency: str, language: str) -> Callable[[int, bool], str]:
    """The pattern of a currency in a language, read off two formatted samples."""
    locale = Locale.parse(language, sep="-")
    point, group = get_decimal_symbol(locale), get_group_symbol(locale)
    places = digits(currency)
    symbols = str.maketrans({",": group, ".": point})

    def affixes(minor: int) -> tuple[str, str]:
        sample = format_money(minor, currency, language, whole=False)
        return sample[: sample.index("1")], sample[sample.rindex("1") + 1 :]

    ones = int("1" * (7 + places))
    plus, minus = affixes(ones), affixes(-ones)

    def formatted(minor: int, whole: bool) -> str:
        major, rest = divmod(abs(minor), 10**places)
        number = f"{major:,}.{rest:0{places}d}" if rest or (places and not whole) else f"{major:,}"
        before, after = minus if minor < 0 else plus
        return f"{before}{number.translate(symbols)}{after}"

    return formatted


def parse_amount(text: str, currency: str) -> int:
    """Minor units of an amount as people type it: `1,054.50`, `1.054,50`, `1 054`, `€ 12`.

    A single separator followed by exactly three digits groups thousands, unless the number starts with 0
    or the currency has three decimals. Raises ValueError with a sentence for the person, also where the text names
    another currency by its sign.
    """
    cleaned = text.translate(_GROUPING).strip()
    minus = "-" if cleaned.startswith("-") else ""
    cleaned = cleaned.removeprefix("-")
    for sign, currencies in (*_SIGNS.items(), (currency, {currency})):
        bare = cleaned.removeprefix(sign).removesuffix(sign).strip()
        if bare != cleaned and currency not in currencies:
            raise ValueError(
                _("“%(text)s” is not in %(currency)s. Give the amount in %(currency)s.")
                % {"text": text[:40], "currency": currency}
            )
        cleaned = bare
    cleaned = minus + cleaned
    negative = cleaned.startswith("(") and cleaned.endswith(")")
    if negative:
        cleaned = cleaned[1:-1]
    try:
        amount = Decimal(_with_point(cleaned, digits(currency)))
    except InvalidOperation:
        amount = Decimal("NaN")
    exponent = amount.as_tuple().exponent
    # What is not finite has a letter in its place.
    if not isinstance(exponent, int) or abs(amount) >= Decimal(10) ** 15:
        raise ValueError(_("“%(text)s” is not an amount, such as 1,250.00.") % {"text": text[:40]})
    if -exponent > digits(currency):
        raise ValueError(
            _("“%(text)s” has more decimals than %(currency)s has.")
            % {"text": text[:40], "currency": currency}
        )
    return to_minor(-amount if negative else amount, currency)


def _with_point(text: str, decimals: int) -> str:
    """The number with a decimal point and no grouping."""
    last_point, last_comma = text.rfind("."), text.rfind(",")
    if last_point >= 0 and last_comma >= 0:
        decimal = "." if last_point > last_comma else ","
        grouping = "," if decimal == "." else "."
        return text.replace(grouping, "").replace(decimal, ".")
    head, *groups = text.split("." if last_point >= 0 else ",")
    if groups and _groups_thousands(head.lstrip("+-"), groups, decimals):
        return head + "".join(groups)
    return text.replace(",", ".")


def _groups_thousands(head: str, groups: list[str], decimals: int) -> bool:
    if len(groups) == 1 and decimals == 3:
        return False
    return (
        head.isdigit()
        and len(head) <= 3
        and not head.startswith("0")
        and all(len(group) == 3 and group.isdigit() for group in groups)
    )

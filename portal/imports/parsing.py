"""From one cell's text to a date, a number or a country. Pure functions; columns.py applies them.

Where a cell can be read in two ways (3/4/2017, 1.234) the column decides: `date_evidence` and
`decimal_evidence` look at all its values.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache

from babel import Locale
from babel.core import get_global
from babel.numbers import list_currencies

from portal.money import SHARED_SIGNS

NAME_LOCALES = ("en", "nl", "de", "fr", "es", "it", "pt")


class Unreadable(ValueError):
    """The text is not what was expected; `code` is a key of problems.EXPECTED."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


# --- dates -------------------------------------------------------------------------------------


class DateOrder(StrEnum):
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


class DateEvidence(StrEnum):
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
    NONE = "none"  # no value depends on the order
    AMBIGUOUS = "ambiguous"
    MIXED = "mixed"


_ZONE = r"(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
_TIME = rf"(?:[T ,]+\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*{_ZONE})?"
_ISO = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}")
_COMPACT = re.compile(r"((?:19|20|21)\d{2})(\d{2})(\d{2})")
_NUMERIC = re.compile(rf"(\d{{1,2}})\s?([-/. ])\s?(\d{{1,2}})\s?\2\s?(\d{{4}}|\d{{2}}){_TIME}")
_DAY_NAMED = re.compile(
    rf"(\d{{1,2}})(?:st|nd|rd|th|er|\.)?[-\s]*(?:de\s+)?([^\W\d_]+)\.?(?:\s+de)?[-\s,/']*(\d{{4}}|\d{{2}}){_TIME}"
)
_MONTH_NAMED = re.compile(
    rf"([^\W\d_]+)\.?[-\s]*(\d{{1,2}})(?:st|nd|rd|th)?[-\s,/']+(\d{{4}}|\d{{2}}){_TIME}"
)
_WEEKDAY = re.compile(r"^[^\W\d_]+\.?,\s*(?=\S)")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_EXCEL_EPOCH = date(1899, 12, 30)


@cache
def _months() -> dict[str, int]:
    names: dict[str, int] = {}
    for locale in map(Locale.parse, NAME_LOCALES):
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in locale.months[context][width].items():
                    names.setdefault(name.casefold().rstrip("."), number)
    names["sept"] = 9
    return names


def parse_date(text: str, order: DateOrder | None = None) -> date:
    """A date without its time of day. Raises Unreadable: `date`, `date_range`, or `date_order` where the
    text depends on an order that was not given."""
    text = text.strip()
    if match := _ISO.fullmatch(text):
        return _date(int(match[1]), int(match[3]), int(match[4]))
    if match := _COMPACT.fullmatch(text):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if match := _NUMERIC.fullmatch(text):
        first, second, year = int(match[1]), int(match[3]), _year(match[4])
        if match[2] == "." or first > 12 or first == second:
            return _date(year, second, first)
        if second > 12:
            return _date(year, first, second)
        if order is None:
            raise Unreadable("date_order")
        return _date(year, second, first) if order == DateOrder.DAY_FIRST else _date(year, first, second)
    named = _WEEKDAY.sub("", text)
    if (match := _DAY_NAMED.fullmatch(named)) and (month := _months().get(match[2].casefold())):
        return _date(_year(match[3]), month, int(match[1]))
    if (match := _MONTH_NAMED.fullmatch(named)) and (month := _months().get(match[1].casefold())):
        return _date(_year(match[3]), month, int(match[2]))
    if _SERIAL.fullmatch(text):
        return _EXCEL_EPOCH + timedelta(days=int(text.partition(".")[0]))
    raise Unreadable("date")


def date_evidence(values: Iterable[str]) -> DateEvidence:
    """Which of day and month a column writes first, from those of its values that show it."""
    day_first = month_first = unclear = False
    for text in values:
        match = _NUMERIC.fullmatch(text.strip())
        if not match or match[2] == ".":
            continue
        first, second = int(match[1]), int(match[3])
        if first > 12:
            day_first = day_first or second <= 12
        elif second > 12:
            month_first = True
        else:
            unclear = unclear or first != second
    if day_first and month_first:
        return DateEvidence.MIXED if unclear else DateEvidence.NONE
    if day_first:
        return DateEvidence.DAY_FIRST
    if month_first:
        return DateEvidence.MONTH_FIRST
    return DateEvidence.AMBIGUOUS if unclear else DateEvidence.NONE


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 2:
        return year + (2000 if year < 70 else 1900)
    return year


def _date(year: int, month: int, day: int) -> date:
    if not 1900 <= year <= 2199:
        raise Unreadable("date_range")
    try:
        return date(year, month, day)
    except ValueError as error:
        raise Unreadable("date") from error


# --- numbers -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Amount:
    """`currency` is an ISO 4217 code, or a sign of `SHARED_SIGNS` for what else is known to tell."""

    value: Decimal
    currency: str | None = None


_SYMBOLS = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "zł": "PLN",
    "₺": "TRY",
    "₩": "KRW",
    "₽": "RUB",
    "CHF": "CHF",
}
_DOLLARS = re.compile(r"(US|CA|AU|NZ|C|A)?\$")
_DOLLAR_CODES = {"US": "USD", "CA": "CAD", "C": "CAD", "AU": "AUD", "A": "AUD", "NZ": "NZD"}
_CODE = re.compile(r"(?<![A-Za-z])([A-Za-z]{3})(?![A-Za-z])")
_SPACES = re.compile(r"[\s\u00a0\u2007\u202f'\u2019_]")
_GROUPED = re.compile(r"\d{1,3}(?:([\s\u00a0\u2007\u202f'\u2019_])\d{3})(?:\1\d{3})*(?:[.,]\d+)?")
_INDIAN = re.compile(r"\d{1,2}(?:,\d{2})*,\d{3}(?:\.\d+)?")
_PLAIN = re.compile(r"\d+")
_SCIENTIFIC = re.compile(r"[-+]?\d+(?:\.\d+)?[eE][-+]?\d{1,2}")
MAX_NUMBER = Decimal(10) ** 14


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def parse_currency(text: str) -> str:
    """An ISO 4217 code from a code or a symbol; a sign that several currencies share is left as it is. Raises
    Unreadable `currency`."""
    text = text.strip()
    if text.upper() in _currencies():
        return text.upper()
    if text in SHARED_SIGNS:
        return text
    if text in _SYMBOLS:
        return _SYMBOLS[text]
    if match := _DOLLARS.fullmatch(text):
        return _DOLLAR_CODES[match[1]]
    raise Unreadable("currency")


def parse_amount(text: str, decimal_mark: str | None = None) -> Amount:
    """A number with or without a currency. `decimal_mark` settles texts such as 1.234; without it
    three digits behind one mark are thousands. A sign that several currencies share, such as a bare $, is left in
    the place of a currency. Raises Unreadable `number`, `number_range` or `currency`."""
    text = text.strip()
    currency = None
    if match := _DOLLARS.search(text):
        currency = _DOLLAR_CODES[match[1]] if match[1] else "$"
        text = text.replace(match[0], "", 1)
    else:
        for symbol, code in (*_SYMBOLS.items(), ("¥", "¥")):
            if symbol in text:
                currency, text = code, text.replace(symbol, "", 1)
                break
    if match := _CODE.search(text):
        code = match[1].upper()
        meant, _usual = SHARED_SIGNS.get(currency or "", ({currency or code}, ""))
        if code not in _currencies() or code not in meant:
            raise Unreadable("number")
        currency, text = code, text.replace(match[0], "", 1)
    return Amount(parse_number(text, decimal_mark), currency)


def parse_percent(text: str, decimal_mark: str | None = None) -> Decimal:
    """A fraction: 12.5% is 0.125, and so is 0.125; a bare number above 1 is meant in per cent."""
    text = text.strip()
    if text.endswith("%"):
        return parse_number(text[:-1], decimal_mark) / 100
    number = parse_number(text, decimal_mark)
    return number / 100 if abs(number) > 1 else number


def parse_number(text: str, decimal_mark: str | None = None) -> Decimal:
    """A decimal number in the ways people write them. Raises Unreadable `number` or `number_range`."""
    text = text.strip()
    if _SCIENTIFIC.fullmatch(text):
        return _in_range(Decimal(text))
    text = text.removesuffix(",-").removesuffix(".-")
    negative = False
    if text.startswith("(") and text.endswith(")"):
        negative, text = True, text[1:-1].strip()
    elif text.startswith(("-", "\u2212", "\u2013")):
        negative, text = True, text[1:].strip()
    elif text.endswith(("-", "\u2212")):
        negative, text = True, text[:-1].strip()
    elif text.startswith("+"):
        text = text[1:].strip()
    if _SPACES.search(text):
        if not _GROUPED.fullmatch(text):
            raise Unreadable("number")
        text = _SPACES.sub("", text)
        # The spaces were the thousands, so a mark that is left is the decimal one.
        found = re.fullmatch(r"(\d+)(?:[.,](\d+))?", text)
        if found is None:
            raise Unreadable("number")
        whole, fraction = found.groups()
    else:
        whole, fraction = _split_marks(text, decimal_mark)
    number = Decimal(f"{whole or 0}.{fraction or 0}") if fraction else Decimal(whole)
    return _in_range(-number if negative else number)


def _split_marks(text: str, decimal_mark: str | None) -> tuple[str, str | None]:
    """Whole digits and fraction digits of a text of digits, points and commas."""
    if _PLAIN.fullmatch(text):
        return text, None
    marks = [mark for mark in text if mark in ".,"]
    if not marks or not re.fullmatch(r"[\d.,]+", text) or not text[-1].isdigit():
        raise Unreadable("number")
    last = marks[-1]
    if len(set(marks)) == 2:
        if marks.count(last) > 1:
            raise Unreadable("number")
        whole, _mark, fraction = text.rpartition(last)
        return _ungroup(whole, "," if last == "." else "."), fraction
    if len(marks) > 1:
        return _ungroup(text, last), None
    whole, _mark, fraction = text.partition(last)
    if decimal_mark != last and is_grouped_alone(text):
        return whole + fraction, None
    return whole or "0", fraction


def _ungroup(text: str, mark: str) -> str:
    first, *groups = text.split(mark)
    if not (first.isdigit() and all(len(group) == 3 and group.isdigit() for group in groups)) or (
        groups and len(first) > 3
    ):
        if mark == "," and _INDIAN.fullmatch(text):
            return text.replace(",", "")
        raise Unreadable("number")
    return first + "".join(groups)


def is_grouped_alone(text: str) -> bool:
    """One mark with three digits behind and up to three before: 1.234 may be a thousand or one."""
    return bool(re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", text))


def decimal_evidence(values: Iterable[str]) -> str | None:
    """The decimal mark that a column shows, "." or ","; None where no value shows one."""
    points = commas = 0
    for text in values:
        digits = re.sub(r"[^\d.,]", "", text)
        marks = [mark for mark in digits if mark in ".,"]
        if not marks or is_grouped_alone(digits):
            continue
        last = marks[-1]
        if marks.count(last) > 1 and len(set(marks)) == 1:
            last = "," if last == "." else "."  # 1.234.567: the point is for thousands
        points, commas = points + (last == "."), commas + (last == ",")
    if points == commas:
        return None
    return "." if points > commas else ","


def _in_range(number: Decimal) -> Decimal:
    if abs(number) > MAX_NUMBER:
        raise Unreadable("number_range")
    return number


# --- words -------------------------------------------------------------------------------------


def key_of(text: str) -> str:
    """What two spellings of a name share: case and white space do not count."""
    return " ".join(text.split()).casefold()


@cache
def country_names() -> dict[str, str]:
    """ISO 3166 code -> English name, of the countries that exist, in the order of their names."""
    names = Locale.parse("en").territories
    found = {c: n for c, n in names.items() if re.fullmatch(r"[A-Z]{2}", c) and c not in _NO_COUNTRY}
    return dict(sorted(found.items(), key=lambda item: item[1]))


_NO_COUNTRY = frozenset({"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"})
_COUNTRY_ALIASES = {
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "u.s.": "US",
    "u.s.a.": "US",
    "united states of america": "US",
    "america": "US",
    "holland": "NL",
    "the netherlands": "NL",
    "republic of ireland": "IE",
    "republic of korea": "KR",
    "viet nam": "VN",
    "czech republic": "CZ",
    "russian federation": "RU",
    "uae": "AE",
}


@cache
def country_keys() -> dict[str, str]:
    """Every known spelling of a country -> its ISO 3166 code."""
    keys: dict[str, str] = {}
    for locale in map(Locale.parse, NAME_LOCALES):
        for code in country_names():
            if name := locale.territories.get(code):
                keys.setdefault(key_of(name), code)
    for alias, codes in get_global("territory_aliases").items():
        if len(alias) == 3 and alias.isalpha() and len(codes) == 1 and codes[0] in country_names():
            keys.setdefault(alias.casefold(), codes[0])
    keys.update({code.casefold(): code for code in country_names()})
    keys.update(_COUNTRY_ALIASES)
    return keys

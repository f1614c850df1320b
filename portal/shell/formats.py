"""Formatting that is called for every cell of a list, so each answer is prepared once a language."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.formats import get_format, number_format
from django.utils.translation import get_language

DASH = "–"
# As wide as a plus and no hyphen, at which a line may be broken.
MINUS = "−"


def short_date(value: date | datetime | None) -> str:
    """`22 Nov 2026`, in the active time zone and language."""
    if value is None:
        return DASH
    if isinstance(value, datetime):
        value = timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return _short_date(value, get_language() or "en")


@lru_cache(maxsize=4096)
def _short_date(value: date, language: str) -> str:
    return format_date(value, "j M Y")


def short_time(value: datetime | None) -> str:
    """`22 Nov 2026, 14:05`, in the active time zone and language."""
    if value is None:
        return DASH
    return f"{short_date(value)}, {timezone.localtime(value):%H:%M}"


def percent(value: Decimal | float | None, places: int = 1) -> str:
    """A fraction as a percentage: 0.5 -> 50.0%."""
    if value is None:
        return DASH
    return f"{_in_places(Decimal(str(value)) * 100, places, grouped=False)}%"


def number(value: Decimal | float | int | None, places: int | None = None) -> str:
    """Grouped as the language does, rounded half up to `places` decimals; all of them when None."""
    if value is None:
        return DASH
    if places is not None:
        return _in_places(Decimal(str(value)), places)
    if type(value) is int:
        return f"{value:,}".translate(_symbols(get_language() or "en"))
    return number_format(value, use_l10n=True, force_grouping=True).replace("-", MINUS)


def _in_places(value: Decimal, places: int, *, grouped: bool = True) -> str:
    """Rounded half up, where Django's `number_format` cuts decimals off."""
    if not value.is_finite():
        return number_format(value, places, use_l10n=True, force_grouping=grouped)
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) or Decimal(0)
    text = f"{rounded:,.{places}f}" if grouped else f"{rounded:.{places}f}"
    return text.translate(_symbols(get_language() or "en"))


@lru_cache(maxsize=16)
def _symbols(language: str) -> dict[int, str]:
    """What the language writes in place of the comma that groups three digits and of the decimal point; the minus."""
    return str.maketrans(
        {
            ",": get_format("THOUSAND_SEPARATOR", language, use_l10n=True),
            ".": get_format("DECIMAL_SEPARATOR", language, use_l10n=True),
            "-": MINUS,
        }
    )

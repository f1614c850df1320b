"""Formatting that is called for every cell of a list, so each answer is prepared once a language."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.formats import number_format
from django.utils.translation import get_language

DASH = "–"


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
    return DASH if value is None else f"{number_format(_rounded(Decimal(str(value)) * 100, places), places)}%"


def number(value: Decimal | float | int | None, places: int | None = None) -> str:
    """Grouped as the language does, rounded half up to `places` decimals; all of them when None."""
    if value is None:
        return DASH
    shown = value if places is None else _rounded(Decimal(str(value)), places)
    return number_format(shown, places, use_l10n=True, force_grouping=True)


def _rounded(value: Decimal, places: int) -> Decimal:
    # Django's number_format cuts decimals off.
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) if value.is_finite() else value

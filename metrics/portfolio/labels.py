"""Months in words, and their bounds."""

import datetime as dt

from babel.dates import format_date
from django.utils.translation import get_language, to_locale

from metrics.periods import Period, add_months


def month_label(month: dt.date | str) -> str:
    day = dt.date.fromisoformat(month) if isinstance(month, str) else month
    return format_date(day, "LLL y", locale=to_locale(get_language() or "en"))


def month_bounds(month: dt.date | str) -> tuple[dt.date, dt.date]:
    """Its first and its last day."""
    day = dt.date.fromisoformat(month) if isinstance(month, str) else month
    first = day.replace(day=1)
    return first, add_months(first, 1) - dt.timedelta(days=1)


def last_day(period: Period) -> dt.date:
    return period.end - dt.timedelta(days=1)

"""When a report is sent next, where the tenant is."""

import calendar
import datetime as dt
from zoneinfo import ZoneInfo

from portal.reports.enums import Frequency


def next_time(
    frequency: str, weekday: int | None, day: int | None, hour: int, zone: ZoneInfo, after: dt.datetime
) -> dt.datetime:
    """The first time after a moment. A day that the month does not have is its last; an hour that does not exist in
    spring is the one after it, and of the two in autumn it is the first."""
    local = after.astimezone(zone)
    date = local.date()
    while True:
        if _is_day(frequency, weekday, day, date):
            moment = dt.datetime.combine(date, dt.time(hour), zone).astimezone(dt.UTC)
            if moment > after:
                return moment
        date += dt.timedelta(days=1)


def _is_day(frequency: str, weekday: int | None, day: int | None, date: dt.date) -> bool:
    if frequency == Frequency.WEEKLY:
        return date.weekday() == weekday
    return date.day == min(day or 1, calendar.monthrange(date.year, date.month)[1])

"""Periods and windows: stretches of whole days `[start, end)` in a tenant's time zone and fiscal year.

A `Window` is any such stretch; a `Period` is a month, quarter or year of the fiscal calendar. Nothing here reads
the database: give the calendar a time zone and the first month of the fiscal year.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from babel.dates import format_date
from django.db import models
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _

from portal.tenancy.models import Tenant


class PeriodKind(models.TextChoices):
    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    YEAR = "year", _("Year")


MONTHS_IN = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.YEAR: 12}
SETTLED = 0.9  # the share of a period that has run when it may be held against a whole one


def add_months(day: dt.date, months: int) -> dt.date:
    """The first day of the month `months` after the month of `day` (which may be before it)."""
    index = day.year * 12 + day.month - 1 + months
    return dt.date(index // 12, index % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Window:
    """Days from `start` up to but not including `end`; `previous_start` opens the stretch before of the same length."""

    key: str
    start: dt.date
    end: dt.date
    previous_start: dt.date

    def __post_init__(self) -> None:
        if not self.previous_start < self.start < self.end:
            raise ValueError(
                f"A window runs forward: {self.previous_start} < {self.start} < {self.end} does not hold."
            )

    @classmethod
    def of(cls, start: dt.date, end: dt.date, key: str = "") -> "Window":
        """A window over any days. Whole months are preceded by as many months, other stretches by as many days."""
        months = (end.year - start.year) * 12 + end.month - start.month
        if start.day == end.day == 1 and months > 0:
            previous = add_months(start, -months)
        else:
            previous = start - (end - start)
        return cls(key or f"{start}/{end}", start, end, previous)

    def as_of(self, today: dt.date) -> dt.date:
        """The first day no longer looked at: the window's end, or tomorrow while the window runs."""
        return min(self.end, today + dt.timedelta(days=1))

    def __contains__(self, day: dt.date) -> bool:
        return self.start <= day < self.end


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A month, quarter or year of a fiscal calendar."""

    start: dt.date
    kind: PeriodKind

    @property
    def end(self) -> dt.date:
        return add_months(self.start, MONTHS_IN[self.kind])

    @property
    def key(self) -> str:
        return f"{self.kind.value}:{self.start}"

    @classmethod
    def parse(cls, key: str) -> "Period":
        """The period of a key such as `quarter:2026-10-01`. ValueError when it is none."""
        kind, _colon, start = key.partition(":")
        day = dt.date.fromisoformat(start)
        if day.day != 1:
            raise ValueError(f"{key!r} does not begin on the first of a month.")
        return cls(day, PeriodKind(kind))

    def window(self) -> Window:
        return Window(self.key, self.start, self.end, self.previous().start)

    def previous(self) -> "Period":
        return Period(add_months(self.start, -MONTHS_IN[self.kind]), self.kind)

    def next(self) -> "Period":
        return Period(self.end, self.kind)

    def is_settled(self, today: dt.date) -> bool:
        """Whether the period is over or nearly so: before that, less than in a whole one is no decline."""
        return (today - self.start).days >= SETTLED * (self.end - self.start).days

    def label(self) -> str:
        """Such as "November 2026", "Oct – Dec 2026" or "Jul 2026 – Jun 2027", in the reader's language."""
        locale = to_locale(get_language() or "en")
        last = self.end - dt.timedelta(days=1)
        if self.kind == PeriodKind.MONTH:
            return format_date(self.start, "LLLL y", locale=locale)
        if self.kind == PeriodKind.YEAR and self.start.month == 1:
            return str(self.start.year)
        opening = format_date(self.start, "LLL" if self.start.year == last.year else "LLL y", locale=locale)
        return f"{opening} – {format_date(last, 'LLL y', locale=locale)}"

    def short_label(self) -> str:
        """For the axis of a chart."""
        locale = to_locale(get_language() or "en")
        if self.kind == PeriodKind.YEAR and self.start.month == 1:
            return str(self.start.year)
        return format_date(self.start, "LLL yy", locale=locale)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A tenant's time zone and fiscal year, which begins with the month `first_month` (1..12)."""

    zone: ZoneInfo
    first_month: int = 1

    def today(self, now: dt.datetime | None = None) -> dt.date:
        return (now or dt.datetime.now(dt.UTC)).astimezone(self.zone).date()

    def day_of(self, moment: dt.datetime) -> dt.date:
        """The tenant's day in which a moment falls."""
        return moment.astimezone(self.zone).date()

    def moment(self, day: dt.date) -> dt.datetime:
        """The moment a day begins: local midnight, or the first moment after it where a clock change skips it."""
        local = dt.datetime.combine(day, dt.time.min, tzinfo=self.zone)
        return local.astimezone(dt.UTC)

    def period(self, kind: PeriodKind, day: dt.date) -> Period:
        """The period of that kind in which the day lies."""
        length = MONTHS_IN[PeriodKind(kind)]
        into = (day.month - self.first_month) % 12 % length
        return Period(add_months(day, -into), PeriodKind(kind))

    def current(self, kind: PeriodKind, today: dt.date | None = None) -> Period:
        return self.period(kind, today or self.today())

    def latest_settled(self, kind: PeriodKind, today: dt.date | None = None) -> Period:
        """The newest period that may be compared with the one before it."""
        day = today or self.today()
        current = self.period(kind, day)
        return current if current.is_settled(day) else current.previous()

    def owns(self, period: Period) -> bool:
        """Whether the period is one of this calendar's (quarters and years depend on the fiscal year)."""
        return self.period(period.kind, period.start) == period

    def span(self, kind: PeriodKind, first: dt.date, last: dt.date) -> list[Period]:
        """The periods of that kind from the one of `first` to the one of `last`, oldest first."""
        return list(self._span(kind, first, last))

    def _span(self, kind: PeriodKind, first: dt.date, last: dt.date) -> Iterator[Period]:
        period = self.period(kind, first)
        while period.start <= last:
            yield period
            period = period.next()

    def every(self, first: dt.date, last: dt.date) -> list[Period]:
        """The months, quarters and years from the ones of `first` to the ones of `last`."""
        return [period for kind in PeriodKind for period in self._span(kind, first, last)]

    def trailing(
        self, kind: PeriodKind, count: int, today: dt.date | None = None, ending: str = "current"
    ) -> Window:
        """The last `count` periods as one window, ending with the current one or with the one before ("previous")."""
        if count < 1 or ending not in {"current", "previous"}:
            raise ValueError(
                "A trailing window has at least one period and ends with the current or previous one."
            )
        last = self.current(kind, today)
        if ending == "previous":
            last = last.previous()
        start = add_months(last.end, -MONTHS_IN[PeriodKind(kind)] * count)
        return Window.of(start, last.end)

    def programme_year(self, day: dt.date | None = None) -> Window:
        """The fiscal year in which the day lies."""
        return self.current(PeriodKind.YEAR, day).window()


def calendar_of(tenant: Tenant) -> Calendar:
    return Calendar(tenant.zone, tenant.fiscal_year_start)

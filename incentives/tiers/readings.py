"""The values that requirements look at, for many partners at once."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal
from uuid import UUID

from incentives.tiers.enums import WindowKind
from incentives.tiers.requirements import SCORE, Condition, exact
from metrics.periods import Calendar, Period, PeriodKind, Window
from metrics.queries import kpi_values, scores

Values = dict[tuple[str, WindowKind], Decimal | None]

PERIOD_KINDS = {
    WindowKind.MONTH: PeriodKind.MONTH,
    WindowKind.QUARTER: PeriodKind.QUARTER,
    WindowKind.PROGRAMME_YEAR: PeriodKind.YEAR,
}


def window_of(kind: WindowKind, day: dt.date, calendar: Calendar) -> Window:
    """The days that a requirement's window means on a day; the last four quarters end with the day's own."""
    if kind == WindowKind.TRAILING_YEAR:
        return calendar.trailing(PeriodKind.QUARTER, 4, today=day)
    return calendar.period(PERIOD_KINDS[kind], day).window()


def score_periods(kind: WindowKind, day: dt.date, calendar: Calendar) -> list[Period]:
    """The periods whose scores a requirement looks at: one, or the last four quarters."""
    if kind != WindowKind.TRAILING_YEAR:
        return [calendar.period(PERIOD_KINDS[kind], day)]
    window = window_of(kind, day, calendar)
    return calendar.span(PeriodKind.QUARTER, window.start, window.end - dt.timedelta(days=1))


def readings(
    conditions: Iterable[Condition],
    partner_ids: Collection[UUID],
    days: Collection[dt.date],
    calendar: Calendar,
) -> dict[tuple[UUID, dt.date], Values]:
    """For each partner and day the value of every measure and window that the conditions name.

    One grouped query per source table for all KPIs, and one per period for scores, whatever the number of
    partners. A score over the last four quarters is the mean of the quarters that have one.
    """
    wanted = {condition.reading for condition in conditions}
    found: dict[tuple[UUID, dt.date], Values] = defaultdict(dict)
    codes = {measure for measure, _kind in wanted if measure != SCORE}
    if codes:
        windows = {
            (kind, day): window_of(kind, day, calendar)
            for measure, kind in wanted
            if measure != SCORE
            for day in days
        }
        distinct = list({window.key: window for window in windows.values()}.values())
        values = kpi_values(distinct, partner_ids=partner_ids, codes=codes)
        for (kind, day), window in windows.items():
            for partner_id in partner_ids:
                row = values.get((partner_id, window.key), {})
                for measure, measure_kind in wanted:
                    if measure_kind == kind and measure != SCORE:
                        found[partner_id, day][measure, kind] = exact(row.get(measure))
    score_kinds = {kind for measure, kind in wanted if measure == SCORE}
    by_period: dict[Period, dict] = {}
    for kind in score_kinds:
        for day in days:
            periods = score_periods(kind, day, calendar)
            for period in periods:
                if period not in by_period:
                    by_period[period] = scores(period, partner_ids=partner_ids)
            for partner_id in partner_ids:
                reached = [by_period[period].get(partner_id) for period in periods]
                present = [row.score for row in reached if row is not None and row.score is not None]
                mean = sum(present, Decimal(0)) / len(present) if present else None
                found[partner_id, day][SCORE, kind] = mean
    return found

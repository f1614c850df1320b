"""The values that requirements look at, for many partners at once."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal
from uuid import UUID

from incentives.tiers.enums import WindowKind
from incentives.tiers.measures import check_code
from incentives.tiers.models import CheckMark
from incentives.tiers.requirements import CHECK, REPORTED, SCORE, Condition, exact, is_check, is_reported
from metrics.periods import Calendar, Period, PeriodKind, Window
from metrics.queries import kpi_values, reported_values, scores

Values = dict[tuple[str, WindowKind], Decimal | None]

PERIOD_KINDS = {
    WindowKind.MONTH: PeriodKind.MONTH,
    WindowKind.QUARTER: PeriodKind.QUARTER,
    WindowKind.PROGRAMME_YEAR: PeriodKind.YEAR,
}

# Before any record: "since joining" is all that is on record of the partner, in one window for all partners.
BEGINNING = dt.date(2000, 1, 1)


def window_of(kind: WindowKind, day: dt.date, calendar: Calendar) -> Window:
    """The days that a requirement's window means on a day; the last four quarters end with the day's own."""
    if kind == WindowKind.TRAILING_YEAR:
        return calendar.trailing(PeriodKind.QUARTER, 4, today=day)
    if kind in (WindowKind.SINCE_JOINING, WindowKind.NOW):
        return Window.of(BEGINNING, day + dt.timedelta(days=1))
    return calendar.period(PERIOD_KINDS[kind], day).window()


def _until(day: dt.date, window: Window, last: dt.date) -> Window:
    """The window as it stood on a day that has passed since: what came after that day is not in it."""
    after = day + dt.timedelta(days=1)
    if day == last or window.end <= after:
        return window
    return Window(f"{window.key}/{after}", window.start, after, window.previous_start)


def score_periods(kind: WindowKind, day: dt.date, calendar: Calendar) -> list[Period]:
    """The periods whose scores a requirement looks at: one, or the last four quarters."""
    if kind in (WindowKind.SINCE_JOINING, WindowKind.NOW):
        kind = WindowKind.PROGRAMME_YEAR
    if kind != WindowKind.TRAILING_YEAR:
        return [calendar.period(PERIOD_KINDS[kind], day)]
    window = window_of(kind, day, calendar)
    return calendar.span(PeriodKind.QUARTER, window.start, window.end - dt.timedelta(days=1))


def readings(
    conditions: Iterable[Condition],
    partner_ids: Collection[UUID],
    days: Collection[dt.date],
    calendar: Calendar,
    as_of: dt.date | None = None,
) -> dict[tuple[UUID, dt.date], Values]:
    """For each partner and day the value of every measure and window that the conditions name.

    `as_of` is a day to come on which what is on record now is looked at; otherwise it is today.

    One grouped query per source table for all KPIs, and one per period for scores, whatever the number of
    partners. A score over the last four quarters is the mean of the quarters that have one.
    """
    wanted = {condition.reading for condition in conditions}
    found: dict[tuple[UUID, dt.date], Values] = defaultdict(dict)
    figures = {(measure, kind) for measure, kind in wanted if measure != SCORE and not is_check(measure)}
    if figures:
        last = max(days)
        windows = {
            (kind, day): _until(day, window_of(kind, day, calendar), last)
            for _measure, kind in figures
            for day in days
        }
        distinct = list({window.key: window for window in windows.values()}.values())
        values = _figures({measure for measure, _kind in figures}, distinct, partner_ids, as_of)
        for (kind, day), window in windows.items():
            for partner_id in partner_ids:
                row = values.get((partner_id, window.key), {})
                for measure, measure_kind in figures:
                    if measure_kind == kind:
                        found[partner_id, day][measure, kind] = exact(row.get(measure))
    _add_checks({reading for reading in wanted if is_check(reading[0])}, partner_ids, days, found)
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


def _figures(
    measures: set[str], windows: list[Window], partner_ids: Collection[UUID], as_of: dt.date | None
) -> dict[tuple[UUID, str], dict[str, Decimal | int | float | None]]:
    """KPIs and reported metrics by (partner, window key) and measure."""
    reported = {measure.removeprefix(REPORTED): measure for measure in measures if is_reported(measure)}
    found: dict[tuple[UUID, str], dict[str, Decimal | int | float | None]] = defaultdict(dict)
    kpis = {measure for measure in measures if not is_reported(measure)}
    if kpis:
        for key, row in kpi_values(windows, partner_ids=partner_ids, codes=kpis, today=as_of).items():
            found[key] |= row
    if reported:
        for key, values in reported_values(windows, partner_ids, reported).items():
            found[key] |= {reported[code]: value for code, value in values.items()}
    return found


def _add_checks(
    wanted: Collection[tuple[str, WindowKind]],
    partner_ids: Collection[UUID],
    days: Collection[dt.date],
    found: dict[tuple[UUID, dt.date], Values],
) -> None:
    """1 where the check holds on the day, otherwise 0: what nobody has confirmed is not met."""
    if not wanted:
        return
    marks: dict[tuple[UUID, str], list[CheckMark]] = defaultdict(list)
    ids = {measure.removeprefix(CHECK) for measure, _kind in wanted}
    for mark in CheckMark.objects.filter(partner_id__in=partner_ids, item_id__in=ids):
        marks[mark.partner_id, check_code(mark.item_id)].append(mark)
    for partner_id in partner_ids:
        for day in days:
            for measure, kind in wanted:
                holds = any(mark.holds_on(day) for mark in marks[partner_id, measure])
                found[partner_id, day][measure, kind] = Decimal(int(holds))

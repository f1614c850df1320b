"""A KPI's values over the periods, beside what is usual in the industry, with what was changed marked."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from metrics.display import format_value
from metrics.evaluation import values_on
from metrics.kpis.shape import Kpi
from metrics.marks import Mark, mark_lines, marked, told
from metrics.models import Scorecard
from metrics.units import Unit
from portal.money import to_decimal

Number = int | float


def values_of(cards: Sequence[Scorecard], code: str) -> list[Number | None]:
    """The KPI on each card as it was scored, or from its facts as it was defined in its period."""
    return [found.get(code) for found in values_on(cards, [code])]


def kpi_trend(
    cards: Sequence[Scorecard],
    kpi: Kpi,
    currency: str,
    marks: Sequence[Mark] = (),
    usual: float | None = None,
) -> dict[str, Any] | None:
    """Parameters for the chart component; None for fewer than two values. `cards` are of one kind, oldest first."""
    values = values_of(cards, kpi.code)
    if sum(value is not None for value in values) < 2:
        return None
    periods = [card.period for card in cards]
    labels = [period.short_label() for period in periods]
    by_period = marked(marks, periods)
    series: list[dict[str, Any]] = [
        {
            "type": "line",
            "name": str(kpi.name),
            "data": [_plotted(kpi, value, currency) for value in values],
            "markLine": mark_lines(by_period, labels),
        }
    ]
    columns, rows = [_("Period"), str(kpi.name)], []
    for period, value in zip(periods, values, strict=True):
        rows.append([period.label(), format_value(kpi.unit, value, currency)])
    if usual is not None:
        columns.append(_("Usual in the industry"))
        for row in rows:
            row.append(format_value(kpi.unit, usual, currency))
        series.append(
            {
                "type": "line",
                "name": _("Usual in the industry"),
                "symbol": "none",
                "lineStyle": {"type": "dotted"},
                "data": [_plotted(kpi, usual, currency)] * len(cards),
            }
        )
    if marks:
        columns.append(_("What was changed"))
        for row, of_period in zip(rows, by_period, strict=True):
            row.append("; ".join(mark.sentence for mark in of_period))
    return {
        "id": "kpi-trend",
        "caption": _("%(kpi)s by period") % {"kpi": kpi.name},
        "columns": columns,
        "rows": rows,
        "height": 280,
        "marks": told(marks, periods, values, [format_value(kpi.unit, value, currency) for value in values]),
        "option": {
            "legend": {"top": 0, "show": usual is not None},
            "xAxis": {"type": "category", "data": labels},
            "yAxis": {"type": "value"},
            "series": series,
        },
    }


def _plotted(kpi: Kpi, value: Number | None, currency: str) -> float | None:
    """On the axis money is in major units and % from 0 to 100."""
    if value is None:
        return None
    if kpi.unit == Unit.MONEY:
        return float(to_decimal(round(value), currency))
    return round(100 * float(value), 2) if kpi.unit == Unit.PERCENT else round(float(value), 4)

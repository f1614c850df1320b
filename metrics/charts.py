"""Options for the charts, with the same figures as a table."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from metrics.display import format_points, format_score
from metrics.explain import KpiLine
from metrics.marks import Mark, mark_lines, marked, told
from metrics.periods import Period

# Grey reads as absence in both themes, beside whatever colour the vendor has.
MISSING = "rgba(128, 136, 148, 0.35)"


def history_chart(
    history: Sequence[tuple[Period, Decimal | None]], marks: Sequence[Mark] = ()
) -> dict[str, Any]:
    """Scores over the periods, with what was changed marked. Parameters for the chart component."""
    periods = [period for period, _score in history]
    labels = [period.short_label() for period in periods]
    by_period = marked(marks, periods)
    rows = [[period.label(), format_score(score)] for period, score in history]
    if marks:
        for row, of_period in zip(rows, by_period, strict=True):
            row.append("; ".join(mark.sentence for mark in of_period))
    return {
        "id": "history",
        "caption": _("Score by period"),
        "columns": [_("Period"), _("Score"), *([_("What was changed")] if marks else [])],
        "rows": rows,
        "marks": told(
            marks,
            periods,
            [score for _period, score in history],
            [format_score(score) for _period, score in history],
        ),
        "option": {
            "xAxis": {"type": "category", "data": labels},
            "yAxis": {"type": "value", "min": 0, "max": 100},
            "series": [
                {
                    "type": "line",
                    "name": _("Score"),
                    "data": [None if score is None else float(round(score, 1)) for _period, score in history],
                    "markLine": mark_lines(by_period, labels),
                }
            ],
        },
    }


def points_chart(lines: Sequence[KpiLine]) -> dict[str, Any]:
    """What each KPI gives and what it could give more. Parameters for the chart component."""
    shown = [line for line in reversed(lines) if line.attainment is not None]
    return {
        "id": "points",
        "caption": _("Points of each KPI, and what is missing to its weight"),
        "columns": [_("KPI"), _("Points"), _("Missing")],
        "rows": [
            [str(line.kpi.name), line.points_text, format_points(round(line.missing, 1))]
            for line in reversed(shown)
        ],
        "height": 60 + 34 * len(shown),
        "option": {
            "legend": {"top": 0},
            "xAxis": {"type": "value"},
            "yAxis": {"type": "category", "data": [str(line.kpi.name) for line in shown]},
            "series": [
                {
                    "type": "bar",
                    "stack": "points",
                    "name": _("Points"),
                    "data": [round(line.points, 1) for line in shown],
                },
                {
                    "type": "bar",
                    "stack": "points",
                    "name": _("Missing"),
                    "itemStyle": {"color": MISSING},
                    "data": [round(line.missing, 1) for line in shown],
                },
            ],
        },
    }

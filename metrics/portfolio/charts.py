"""Options for the charts of the analysis, with the same figures as tables, and sparklines."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from statistics import median
from typing import Any

from django.utils.translation import gettext as _

from metrics.display import format_score, format_value
from metrics.portfolio.funnel import Funnel
from metrics.portfolio.queries import Part, Standing
from portal.money import to_decimal
from portal.shell.formats import number

# More points than this say nothing; the largest by revenue are shown.
POINTS = 150
WIDTH, HEIGHT = 96, 24


def quadrant(
    rows: Sequence[Standing], currency: str, address: Callable[[Standing], str]
) -> dict[str, Any] | None:
    """Score against revenue; lines at the medians part the plane into four. None for fewer than two points.

    A click on a point leads to its `address`; the league's rows lead there as well.
    """
    shown = sorted((row for row in rows if row.score is not None), key=lambda row: -row.revenue)[:POINTS]
    if len(shown) < 2:
        return None
    revenue = [float(to_decimal(row.revenue, currency)) for row in shown]
    scores = [round(float(row.score or 0), 1) for row in shown]
    score_line, revenue_line = median(scores), median(revenue)
    words = {
        (True, True): _("High score, high revenue"),
        (True, False): _("High score, low revenue"),
        (False, True): _("Low score, high revenue"),
        (False, False): _("Low score, low revenue"),
    }
    return {
        "id": "quadrant",
        "caption": _("Score against revenue of each partner; the lines are the medians"),
        "columns": [_("Partner"), _("Score"), _("Revenue"), _("Quadrant")],
        "rows": [
            [
                row.name,
                format_score(row.score),
                format_value("money", row.revenue, currency),
                words[score >= score_line, amount >= revenue_line],
            ]
            for row, score, amount in zip(shown, scores, revenue, strict=True)
        ],
        "height": 360,
        "option": {
            "tooltip": {"trigger": "item"},
            "xAxis": {"type": "value", "name": _("Score"), "min": 0, "max": 100},
            "yAxis": {"type": "value", "name": f"{_('Revenue')} ({currency})"},
            "series": [
                {
                    "type": "scatter",
                    "name": _("Partners"),
                    "symbolSize": 10,
                    "data": [
                        {"name": row.name, "value": [score, amount], "url": address(row)}
                        for row, score, amount in zip(shown, scores, revenue, strict=True)
                    ],
                    "markLine": {
                        "silent": True,
                        "symbol": "none",
                        "label": {"show": False},
                        "data": [{"xAxis": score_line}, {"yAxis": revenue_line}],
                    },
                }
            ],
        },
    }


def months_chart(parts: Sequence[tuple[str, Part]], currency: str) -> dict[str, Any] | None:
    """Revenue by month; None where one month says it all. `parts` come with their labels."""
    if len(parts) < 2:
        return None
    return {
        "id": "months",
        "caption": _("Revenue by the month of closing"),
        "columns": [_("Month"), _("Revenue")],
        "rows": [[label, format_value("money", part.amount, currency)] for label, part in parts],
        "height": 220,
        "option": {
            "xAxis": {"type": "category", "data": [label for label, _part in parts]},
            "yAxis": {"type": "value"},
            "series": [
                {
                    "type": "bar",
                    "name": _("Revenue"),
                    "data": [float(to_decimal(part.amount, currency)) for _label, part in parts],
                }
            ],
        },
    }


def funnel_chart(part: Funnel) -> dict[str, Any]:
    """How many got how far, as bars one below the other."""
    steps = [
        (_("Leads"), part.leads),
        (_("Leads that became a registration"), part.leads_registered),
        (_("Registrations submitted"), part.submitted),
        (_("Approved"), part.approved),
        (_("Won"), part.won),
    ]
    return {
        "id": "funnel",
        "caption": _("How many of those that began in the period got how far"),
        "columns": [_("Step"), _("Number")],
        "rows": [[label, number(count)] for label, count in steps],
        "height": 240,
        "option": {
            "grid": {"left": 8, "right": 24, "top": 8, "bottom": 8, "containLabel": True},
            "xAxis": {"type": "value", "minInterval": 1},
            "yAxis": {"type": "category", "inverse": True, "data": [label for label, _count in steps]},
            "series": [
                {
                    "type": "bar",
                    "name": _("Number"),
                    "data": [count for _label, count in steps],
                    "label": {"show": True, "position": "right"},
                }
            ],
        },
    }


def sparkline(scores: Sequence[Decimal | None]) -> dict[str, Any] | None:
    """The points of a small line over scores 0..100, with the same in words; None for fewer than two scores."""
    known = [(place, float(score)) for place, score in enumerate(scores) if score is not None]
    if len(known) < 2:
        return None
    step = (WIDTH - 4) / (len(scores) - 1)
    points = [(2 + step * place, HEIGHT - 2 - (HEIGHT - 4) * score / 100) for place, score in known]
    return {
        "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        "x": f"{points[-1][0]:.1f}",
        "y": f"{points[-1][1]:.1f}",
        "width": WIDTH,
        "height": HEIGHT,
        "text": _("Scores, oldest first: %(scores)s")
        % {"scores": ", ".join(format_score(score) for score in scores)},
    }

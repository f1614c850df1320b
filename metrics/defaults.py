"""The scorecard templates that a tenant starts with."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from metrics.catalogue import CATALOGUE
from metrics.periods import PeriodKind
from metrics.scoring import TARGET
from metrics.units import Unit
from portal.money import to_minor

MIN_COVERAGE = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class DefaultTemplate:
    period_kind: PeriodKind
    name: str | Promise


DEFAULT_TEMPLATES = (
    DefaultTemplate(PeriodKind.MONTH, _("Monthly scorecard")),
    DefaultTemplate(PeriodKind.QUARTER, _("Quarterly scorecard")),
    DefaultTemplate(PeriodKind.YEAR, _("Yearly scorecard")),
)

# code: weight, and (floor, target) of a month, a quarter and a year; money in whole units.
_LINES: dict[str, tuple[int, tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "revenue": (25, (0, 20_000), (0, 60_000), (0, 240_000)),
    "deal_count": (15, (0, 3), (0, 9), (0, 36)),
    "win_rate": (15, (0.1, 0.5), (0.1, 0.5), (0.1, 0.5)),
    "deal_registration_rate": (10, (0, 0.75), (0, 0.75), (0, 0.75)),
    "sales_cycle": (10, (120, 45), (120, 45), (120, 45)),
    "pipeline": (10, (0, 60_000), (0, 60_000), (0, 60_000)),
    "client_acquisition": (10, (0, 1), (0, 3), (0, 12)),
    "revenue_growth": (5, (-0.2, 0.1), (-0.2, 0.1), (-0.2, 0.1)),
}


def template_lines(period_kind: PeriodKind, currency: str) -> list[dict[str, Any]]:
    """The lines of a default template; money in minor units of the currency."""
    at = list(PeriodKind).index(period_kind)
    lines = []
    for code, (weight, *bounds) in _LINES.items():
        floor, target = bounds[at]
        if CATALOGUE[code].unit == Unit.MONEY:
            floor, target = to_minor(Decimal(floor), currency), to_minor(Decimal(target), currency)
        lines.append({"code": code, "weight": weight, "method": TARGET, "target": target, "floor": floor})
    return lines

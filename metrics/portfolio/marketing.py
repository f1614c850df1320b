"""What paid, earned and owned channels and their sources bring: visits, leads, spend and revenue."""

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Sum

from metrics.periods import Calendar, Period
from metrics.portfolio.dimensions import Dimension, part_key
from metrics.portfolio.funnel import leads_of
from metrics.portfolio.queries import Choice, won_deals
from partners.marketing.models import DailyFigure

FIGURES = ("visits", "clicks", "conversions", "spend", "revenue")


@dataclass(frozen=True, slots=True)
class Reach:
    """One channel or source. `revenue` is what campaigns report, `won_value` that of won deals; minor units."""

    key: str
    label: str = ""
    visits: int = 0
    clicks: int = 0
    conversions: int = 0
    spend: int = 0
    revenue: int = 0
    leads: int = 0
    won: int = 0
    won_value: int = 0

    @property
    def cost_per_lead(self) -> float | None:
        return self.spend / self.leads if self.leads and self.spend else None


def reach(choice: Choice, period: Period, way: Dimension, calendar: Calendar) -> list[Reach]:
    """By `channel` or by `source`, the most won first. Three queries."""
    found: dict[str, Reach] = {}

    def add(part: Any, **counts: Any) -> None:
        key = part_key(part)
        found[key] = replace(found.get(key, Reach(key)), **counts)

    figures = DailyFigure.objects.filter(
        day__gte=period.start, day__lt=period.end, **choice.of_partner("partner__")
    )
    rows = figures.order_by().annotate(part=way.deal).values_list("part")
    for key, *sums in rows.annotate(*[Sum(name, default=0) for name in FIGURES]):
        add(key, **dict(zip(FIGURES, sums, strict=True)))
    leads = leads_of(choice, period, calendar).order_by().annotate(part=way.lead)
    for key, count in leads.values_list("part").annotate(Count("pk")):
        add(key, leads=count)
    won = won_deals(choice, period).order_by().annotate(part=way.deal)
    for key, count, value in won.values_list("part").annotate(Count("pk"), Sum("revenue_base", default=0)):
        add(key, won=count, won_value=value)
    names = way.names(list(found))
    parts = [replace(one, label=names.get(one.key, one.key)) for one in found.values()]
    return sorted(parts, key=lambda one: (-one.won_value, -one.leads, -one.visits, one.label))

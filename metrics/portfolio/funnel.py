"""From lead to won deal: how many of those that began in a period got how far, in what time, by any breakdown.

Two groups are followed. The leads that came to partners in the period, and how many of them became a registration; and
the registrations submitted in the period, with or without a lead, and how many of them were approved and won. So a share
is always of those that are followed, whenever the rest of it happened, and a running period still rises.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import (
    Aggregate,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    Q,
    QuerySet,
    Sum,
)
from django.db.models.functions import Coalesce, Extract, TruncDate

from metrics.periods import Calendar, Period
from metrics.portfolio.dimensions import Dimension, part_key
from metrics.portfolio.queries import Choice
from partners.deals.enums import RegistrationStatus
from partners.deals.models import Deal
from partners.leads.models import Lead

S = RegistrationStatus
# Where a registration can be only after it was approved.
APPROVED_ONCE = (S.APPROVED, S.WON, S.LOST, S.EXPIRED, S.CANCELLED)
DAY = 24 * 60 * 60


class Median(Aggregate):
    """The middle value; null where there is none."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    name = "Median"
    output_field = FloatField()


@dataclass(frozen=True, slots=True)
class Funnel:
    """What happened to those of one part. Values in minor units; days are medians, None where nobody got there."""

    key: str
    label: str = ""
    leads: int = 0
    leads_registered: int = 0
    lead_days: float | None = None
    submitted: int = 0
    submitted_value: int = 0
    approved: int = 0
    approved_value: int = 0
    approval_days: float | None = None
    won: int = 0
    won_value: int = 0
    winning_days: float | None = None


def leads_of(choice: Choice, period: Period, calendar: Calendar) -> QuerySet[Lead]:
    """The leads that came to the partners chosen in the period: submitted by them, or offered to them."""
    return Lead.objects.annotate(came_at=Coalesce("submitted_at", "offered_at")).filter(
        came_at__gte=calendar.moment(period.start),
        came_at__lt=calendar.moment(period.end),
        **choice.of_partner("partner__"),
    )


def registrations_of(choice: Choice, period: Period, calendar: Calendar) -> QuerySet[Deal]:
    """The registrations that were first submitted in the period."""
    return Deal.objects.filter(
        first_submitted_at__gte=calendar.moment(period.start),
        first_submitted_at__lt=calendar.moment(period.end),
        **choice.of_partner("partner__"),
    )


def funnels(choice: Choice, period: Period, by: Dimension, calendar: Calendar) -> list[Funnel]:
    """One for each part, the most won first; months in order. Two queries and the parts' names."""
    found: dict[str, Funnel] = {}
    for row in _grouped(leads_of(choice, period, calendar), by.lead).annotate(
        leads=Count("pk"),
        leads_registered=Count("pk", filter=Q(deal__first_submitted_at__isnull=False)),
        lead_days=Median(_days(F("came_at"), F("deal__first_submitted_at"))),
    ):
        key = part_key(row.pop("part"))
        found[key] = replace(found.get(key, Funnel(key)), **row)
    approved, won = Q(status__in=APPROVED_ONCE), Q(status=S.WON)
    decided_on = TruncDate("decided_at", tzinfo=calendar.zone)
    for row in _grouped(registrations_of(choice, period, calendar), by.deal).annotate(
        submitted=Count("pk"),
        submitted_value=Sum("amount_base", default=0),
        approved=Count("pk", filter=approved),
        approved_value=Sum("amount_base", filter=approved, default=0),
        approval_days=Median(_days(F("first_submitted_at"), F("decided_at")), filter=approved),
        won=Count("pk", filter=won),
        won_value=Sum("revenue_base", filter=won, default=0),
        winning_days=Median(_days(decided_on, F("closed_on")), filter=won),
    ):
        key = part_key(row.pop("part"))
        found[key] = replace(found.get(key, Funnel(key)), **row)
    names = by.names(list(found))
    parts = [replace(part, label=names.get(part.key, part.key)) for part in found.values()]
    if by.code == "month":
        return sorted(parts, key=lambda part: part.key)
    return sorted(parts, key=lambda part: (-part.won_value, -part.submitted_value, -part.leads, part.label))


def _grouped(rows: QuerySet[Any], by: Any) -> QuerySet[Any, dict[str, Any]]:
    return rows.order_by().annotate(part=by).values("part")


def _days(first: Any, last: Any) -> Any:
    between = ExpressionWrapper(last - first, output_field=DurationField())
    return Extract(between, "epoch", output_field=FloatField()) / DAY


def total(parts: Iterable[Funnel]) -> dict[str, int]:
    """Counts and values of all parts together; medians do not add up."""
    names = (
        "leads",
        "leads_registered",
        "submitted",
        "submitted_value",
        "approved",
        "approved_value",
        "won",
        "won_value",
    )
    rows = list(parts)
    return {name: sum(getattr(part, name) for part in rows) for name in names}

"""The figures of a choice of partners: their league, its history, cohorts, and deals broken down.

Everything takes a `Choice` and costs a number of queries that does not grow with the partners.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import wraps
from typing import Any, TypeVar, TypeVarTuple
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from metrics.models import Scorecard
from metrics.periods import MONTHS_IN, Period, PeriodKind, add_months
from metrics.portfolio.dimensions import Dimension, part_key
from metrics.queries import counted_cards, fact_column, partner_cards, revenue_fact
from metrics.revenue import RevenueBase
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.deals.queries import in_pipeline
from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from portal.accounts.prepared import prepared

TREND = 8
COHORTS = 12
AGES = ((0, 3), (3, 6), (6, 9), (9, 12))


@dataclass(frozen=True, slots=True)
class Choice:
    """Which partners are looked at: a manager's portfolio, a region, a type, together; all where nothing is said."""

    manager: UUID | None = None
    region: str = ""
    partner_type: str = ""
    # A tier's code, and the partners that have it today.
    tier: str = ""
    of_tier: frozenset[UUID] = frozenset()

    def of_partner(self, prefix: str = "") -> dict[str, Any]:
        """The choice as filters on a partner, reached by `prefix`."""
        wanted = {"manager_id": self.manager, "region": self.region, "type": self.partner_type}
        found: dict[str, Any] = {f"{prefix}{name}": value for name, value in wanted.items() if value}
        if self.tier:
            found[f"{prefix}pk__in"] = self.of_tier
        return found


@dataclass(slots=True)
class Standing:
    """A partner's place in the league. Places count from 1; equal scores share one; without a score there is none."""

    partner_id: UUID
    name: str
    number: str
    partner_type: str
    region: str
    manager: str
    joined_on: dt.date | None
    card_id: UUID
    score: Decimal | None
    coverage: Decimal
    revenue: int
    deals: int
    pipeline: int
    previous_score: Decimal | None = None
    place: int | None = None
    previous_place: int | None = None
    trend: list[Decimal | None] = field(default_factory=list)

    @property
    def change(self) -> Decimal | None:
        if self.score is None or self.previous_score is None:
            return None
        return self.score - self.previous_score

    @property
    def moved(self) -> int | None:
        """Places gained (above 0) or lost since the period before."""
        if self.place is None or self.previous_place is None:
            return None
        return self.previous_place - self.place


Further = TypeVarTuple("Further")
Row = TypeVar("Row")


def prepared_for(
    build: Callable[[Choice, *Further], QuerySet[Any, Row]],
) -> Callable[[Choice, *Further], list[Row]]:
    """`prepared` for what takes a choice; but for one of a tier, which names as many partners as have it."""

    @prepared
    @wraps(build)
    def of_parts(
        manager: UUID | None, region: str | None, partner_type: str | None, *further: *Further
    ) -> QuerySet[Any, Row]:
        return build(Choice(manager, region or "", partner_type or ""), *further)

    @wraps(build)
    def fetch(choice: Choice, *further: *Further) -> list[Row]:
        if choice.tier:
            return list(build(choice, *further))
        return of_parts(choice.manager, choice.region or None, choice.partner_type or None, *further)

    return fetch


def _cards(choice: Choice, kind: str, start: dt.date) -> QuerySet[Scorecard]:
    return counted_cards().filter(period_kind=kind, period_start=start, **choice.of_partner("partner__"))


@prepared_for
def _standings(choice: Choice, kind: str, start: dt.date, revenue: str) -> QuerySet[Scorecard, Any]:
    """In the order of the fields of `Standing`."""
    return (
        _cards(choice, kind, start)
        .order_by()
        .values_list(
            "partner_id",
            "partner__name",
            "partner__number",
            "partner_type",
            "region",
            "partner__manager__user__name",
            "partner__joined_on",
            "pk",
            "score",
            "coverage",
            fact_column(revenue),
            fact_column("deals_won"),
            fact_column("pipeline_open_amount"),
        )
    )


@prepared_for
def _scores(choice: Choice, kind: str, start: dt.date) -> QuerySet[Scorecard, Any]:
    return _cards(choice, kind, start).order_by().values_list("partner_id", "score")


def league(choice: Choice, period: Period) -> list[Standing]:
    """Everybody chosen, the best first, with the place among them now and the period before. Two queries.

    The place before is the one among those who are chosen today, so that a new manager's list still compares.
    """
    kind, revenue = str(period.kind), revenue_fact(period.end)
    found = [Standing(*row) for row in _standings(choice, kind, period.start, revenue)]
    before = dict(_scores(choice, kind, period.previous().start))
    places = _places({one.partner_id: one.score for one in found})
    previous = _places(before)
    for one in found:
        one.place, one.previous_place = places.get(one.partner_id), previous.get(one.partner_id)
        one.previous_score = before.get(one.partner_id)
    return sorted(found, key=lambda one: (one.place or len(found) + 1, -one.revenue, one.name))


def _places(scores: dict[UUID, Decimal | None]) -> dict[UUID, int]:
    ordered = sorted((score for score in scores.values() if score is not None), reverse=True)
    first: dict[Decimal, int] = {}
    for place, score in enumerate(ordered, 1):
        first.setdefault(score, place)
    return {key: first[score] for key, score in scores.items() if score is not None}


def with_trend(rows: Collection[Standing], period: Period) -> None:
    """Fill in the scores of the latest periods up to this one, oldest first. One query."""
    starts = trend_starts(period)
    cards = partner_cards().filter(
        partner_id__in=[row.partner_id for row in rows], period_kind=period.kind, period_start__in=starts
    )
    scores = {
        (partner, start): score
        for partner, start, score in cards.values_list("partner_id", "period_start", "score")
    }
    for row in rows:
        row.trend = [scores.get((row.partner_id, start)) for start in starts]


def trend_starts(period: Period) -> list[dt.date]:
    months = MONTHS_IN[period.kind]
    return [add_months(period.start, -months * back) for back in range(TREND - 1, -1, -1)]


def workings(card_ids: Collection[UUID]) -> dict[UUID, dict[str, dict[str, Any]]]:
    """The breakdown of each scorecard: value and attainment of each KPI by its code. One query."""
    return dict(Scorecard.objects.filter(pk__in=card_ids).values_list("partner_id", "breakdown"))


# --- cohorts -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Cohort:
    """The partners that joined in one month, and their revenue by age; None for an age not wholly reached yet."""

    month: dt.date
    joined: int
    active: int
    revenue: list[int | None]

    def bases(self, first: int, last: int) -> set[RevenueBase]:
        """What counts as revenue in the months of an age."""
        return {_base_in(add_months(self.month, age)) for age in range(first, last)}


def _base_in(month: dt.date) -> RevenueBase:
    return RevenueBase(revenue_fact(add_months(month, 1)))


def cohorts(choice: Choice, today: dt.date) -> list[Cohort]:
    """The latest months in which partners were recruited, newest first, with revenue by age. Two queries.

    Ages count from the month of joining: "months 1-3" is that month and the two after.
    """
    since = add_months(today, -COHORTS * 2)
    by_age: dict[tuple[dt.date, int], int] = defaultdict(int)
    for month, start, *totals in _revenue_since(choice, since):
        by_age[month, _months_between(month, start)] += dict(zip(RevenueBase, totals, strict=True))[
            _base_in(start)
        ]
    return [
        Cohort(
            month,
            joined,
            active,
            [
                sum(by_age[month, age] for age in range(first, last))
                if add_months(month, last) <= today
                else None
                for first, last in AGES
            ],
        )
        for month, joined, active in _joined(choice, since, today)
    ]


@prepared_for
def _joined(choice: Choice, since: dt.date, today: dt.date) -> QuerySet[Partner, Any]:
    """The latest months in which partners joined, with how many did and are active."""
    partners = Partner.objects.filter(joined_on__gte=since, joined_on__lte=today, **choice.of_partner())
    return (
        partners.order_by()
        .annotate(month=TruncMonth("joined_on"))
        .values_list("month")
        .annotate(joined=Count("pk"), active=Count("pk", filter=Q(status=PartnerStatus.ACTIVE)))
        .order_by("-month")[:COHORTS]
    )


@prepared_for
def _revenue_since(choice: Choice, since: dt.date) -> QuerySet[Scorecard, Any]:
    """What may be the revenue of each month, by the month in which its partners joined."""
    cards = counted_cards().filter(
        period_kind=PeriodKind.MONTH, partner__joined_on__gte=since, **choice.of_partner("partner__")
    )
    return (
        cards.order_by()
        .annotate(month=TruncMonth("partner__joined_on"))
        .values_list("month", "period_start")
        .annotate(**{base.name: Sum(fact_column(base.value)) for base in RevenueBase})
    )


def _months_between(first: dt.date, second: dt.date) -> int:
    return (second.year - first.year) * 12 + second.month - first.month


# --- deals broken down -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the deals: how many there are and what they are worth, in minor units."""

    key: Any
    label: str
    deals: int
    amount: int


def won_deals(choice: Choice, period: Period) -> QuerySet[Deal]:
    return Deal.objects.filter(
        stage=SalesStage.WON,
        closed_on__gte=period.start,
        closed_on__lt=period.end,
        **choice.of_partner("partner__"),
    )


@dataclass(frozen=True, slots=True)
class Won:
    """Won deals by the code of each breakdown, the largest part first, and by the month of closing, in order."""

    by: dict[str, list[Part]]
    months: list[Part]


def won_by(choice: Choice, period: Period, ways: Sequence[Dimension]) -> Won:
    """Won deals and revenue by each of the breakdowns. Each deal counts once, whoever shares it.

    One query, because reading the deals is what takes the time, and for each breakdown at most one for the names.
    """
    keys = {f"by_{way.code}": way.deal for way in ways}
    rows = (
        won_deals(choice, period)
        .order_by()
        .annotate(month=TruncMonth("closed_on"), **keys)
        .values_list("month", *keys)
        .annotate(deals=Count("pk"), amount=Sum("revenue_base"))
    )
    months: Sums = {}
    sums: list[Sums] = [{} for _way in ways]
    for month, *parts, deals, amount in rows:
        _add(months, month, deals, amount or 0)
        for found, part in zip(sums, parts, strict=True):
            _add(found, part_key(part), deals, amount or 0)
    return Won(
        {way.code: _parts(found, way.names(found)) for way, found in zip(ways, sums, strict=True)},
        [Part(month, "", *months[month]) for month in sorted(months)],
    )


# Deals and their amount by a part's key.
Sums = dict[Any, tuple[int, int]]


def _add(sums: Sums, key: Any, deals: int, amount: int) -> None:
    known = sums.get(key, (0, 0))
    sums[key] = known[0] + deals, known[1] + amount


def _parts(sums: Sums, names: Mapping[str, str]) -> list[Part]:
    parts = [Part(key, names.get(key, key), deals, amount) for key, (deals, amount) in sums.items()]
    return sorted(parts, key=lambda part: (-part.amount, part.label))


def open_by_stage(choice: Choice, today: dt.date) -> list[Part]:
    """The deals of the pipeline today by their stages, in the stages' order. One query."""
    deals = in_pipeline(Deal.objects.filter(**choice.of_partner("partner__")), today).order_by()
    rows = deals.values_list("stage").annotate(deals=Count("pk"), amount=Sum("amount_base"))
    order = list(SalesStage)
    return [
        Part(stage, str(SalesStage(stage).label), count, amount or 0)
        for stage, count, amount in sorted(rows, key=lambda row: order.index(SalesStage(row[0])))
    ]

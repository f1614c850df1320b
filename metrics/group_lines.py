"""What a group's KPI is made of: its partners, what is of none of them, and the other groups of its kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from metrics.display import format_value
from metrics.explain import fact_text
from metrics.kpis.shape import Kpi
from metrics.models import Scorecard, SubjectKind
from metrics.queries import fact_column, partner_cards
from metrics.rows import GROUP_COLUMNS
from metrics.sources import FACTS
from metrics.trend import values_of

Number = int | float
SHOWN = 100


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A partner and what it adds to each fact. `value_text` is its own value where the KPI is measured of partners."""

    partner_id: UUID
    card_id: UUID
    name: str
    value_text: str
    amounts: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Members:
    """The partners that add to a group's KPI, the largest part of its first fact first; `house` is what is of the
    programme and of no partner, fact by fact, empty where nothing is. The amounts add up to the `sums`."""

    names: list[str]
    lines: list[MemberLine]
    total: int
    house: list[tuple[str, str]]
    house_sources: list[str]
    sums: list[tuple[str, str]]
    has_values: bool


def cards_in(card: Scorecard) -> QuerySet[Scorecard]:
    """The scorecards of the partners that a group's facts are added up from."""
    cards = partner_cards().filter(period_kind=card.period_kind, period_start=card.period_start)
    column = GROUP_COLUMNS.get(SubjectKind(card.subject_kind))
    if column is None:
        return cards
    if column == "manager_id" and not card.subject_key:
        return cards.filter(manager_id=None)
    return cards.filter(**{column: card.subject_key})


def members_of(card: Scorecard, kpi: Kpi, currency: str) -> Members:
    """Who and what a group's KPI is made of. A few queries, however many partners there are."""
    names = list(kpi.facts)
    if not names:
        return Members([], [], 0, [], [], [], has_values=False)
    adding = cards_in(card).filter(facts__has_any_keys=names)
    by_first = adding.select_related("partner").annotate(first=fact_column(names[0]))
    shown = list(by_first.order_by("-first", "partner__name", "pk")[:SHOWN])
    has_values = "P" in kpi.level
    values: Sequence[Any] = values_of(shown, kpi.code) if has_values else [None] * len(shown)
    lines = [
        MemberLine(
            one.partner_id,
            one.pk,
            one.partner.name,
            format_value(kpi.unit, value, currency) if has_values else "",
            _amounts(one.facts, names, currency),
        )
        for one, value in zip(shown, values, strict=True)
        if one.partner_id and one.partner
    ]
    house = _house(card, names)
    return Members(
        [str(FACTS[name].meaning) for name in names],
        lines,
        len(shown) if len(shown) < SHOWN else adding.count(),
        _amounts(house, names, currency) if house else [],
        sorted({FACTS[name].source for name in names if house.get(name)}),
        _amounts(card.facts, names, currency),
        has_values,
    )


def _amounts(facts: dict[str, int], names: Sequence[str], currency: str) -> list[tuple[str, str]]:
    """What each fact means, and how much of it there is."""
    return [(str(FACTS[name].meaning), fact_text(name, facts.get(name, 0), currency)) for name in names]


def _house(card: Scorecard, names: Sequence[str]) -> dict[str, int]:
    """What of these facts is the programme's and no partner's; it counts in the programme alone."""
    if card.subject_kind != SubjectKind.PROGRAMME:
        return {}
    facts = (
        Scorecard.objects.filter(
            subject_kind=SubjectKind.HOUSE, period_kind=card.period_kind, period_start=card.period_start
        )
        .values_list("facts", flat=True)
        .first()
    ) or {}
    return {name: facts[name] for name in names if facts.get(name)}


def beside(card: Scorecard, kpi: Kpi) -> list[tuple[Scorecard, Number | None]]:
    """The groups of a group's kind, itself among them, with their values; the best first. Empty where it is the only
    one. One query."""
    kind = SubjectKind(card.subject_kind)
    if kind not in GROUP_COLUMNS:
        return []
    cards = list(
        Scorecard.objects.filter(
            subject_kind=kind, period_kind=card.period_kind, period_start=card.period_start
        )
    )
    if len(cards) < 2:
        return []
    found = list(zip(cards, values_of(cards, kpi.code), strict=True))
    sign = -1 if kpi.better == "up" else 1
    return sorted(found, key=lambda each: (each[1] is None, sign * (each[1] or 0), each[0].subject_key))

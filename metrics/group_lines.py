"""What a group's KPI is made of: its partners, what is of none of them, and the other groups of its kind."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import polars as pl
from django.db.models import Count, QuerySet, TextField, Window
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Cast

from metrics.display import format_value
from metrics.evaluation import evaluate_rows
from metrics.explain import fact_text
from metrics.kpis.shape import Kpi
from metrics.models import Scorecard, SubjectKind
from metrics.own import catalogue_at
from metrics.queries import counted_cards, decoded_facts, fact_column
from metrics.rows import GROUP_COLUMNS
from metrics.sources import FACTS
from metrics.trend import values_of
from portal.accounts.prepared import prepared

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
    cards = counted_cards().filter(period_kind=card.period_kind, period_start=card.period_start)
    column = GROUP_COLUMNS.get(SubjectKind(card.subject_kind))
    if column is None:
        return cards
    if column == "manager_id" and not card.subject_key:
        return cards.filter(manager_id=None)
    return cards.filter(**{column: card.subject_key})


def members_of(card: Scorecard, kpi: Kpi, currency: str) -> Members:
    """Who and what a group's KPI is made of. Two queries, however many partners there are."""
    meanings = {name: str(FACTS[name].meaning) for name in kpi.facts}
    if not meanings:
        return Members([], [], 0, [], [], [], has_values=False)

    def amounts(facts: Mapping[str, int]) -> list[tuple[str, str]]:
        """What each fact means, and how much of it there is."""
        return [
            (meaning, fact_text(name, facts.get(name, 0), currency)) for name, meaning in meanings.items()
        ]

    rows = adding(card, kpi)
    has_values = "P" in kpi.level
    texts = [
        format_value(kpi.unit, value, currency) if has_values else "" for value in own_values(card, kpi, rows)
    ]
    house = of_no_partner(card, kpi.facts)
    return Members(
        list(meanings.values()),
        [
            MemberLine(row.partner_id, row.card_id, row.name, text, amounts(row.facts))
            for row, text in zip(rows, texts, strict=True)
        ],
        rows[0].total if rows else 0,
        amounts(house) if house else [],
        sorted({FACTS[name].source for name in kpi.facts if house.get(name)}),
        amounts(card.facts),
        has_values,
    )


def largest(
    card: Scorecard, kpis: Sequence[Kpi], most: int
) -> dict[str, tuple[list[tuple[str, dict[str, int]]], int]]:
    """By KPI the `most` partners with the largest part of its first fact, as (name, facts), and how many add to it. One
    query for all KPIs, which reads every partner: `adding` is the better one for a single KPI."""
    rows = (
        cards_in(card)
        .order_by("partner__name", "pk")
        .values_list("partner__name", Cast("facts", TextField()))
    )
    partners, texts = [], []
    for name, text in rows:
        partners.append(name)
        texts.append(text)
    names = dict.fromkeys(name for kpi in kpis for name in kpi.facts)
    frame = decoded_facts(texts, names).with_row_index("at")
    found = {}
    for kpi in kpis:
        if not kpi.facts:
            continue
        parts = frame.filter(pl.any_horizontal(pl.col(kpi.facts) != 0))
        ordered = parts.sort(kpi.facts[0], descending=True, maintain_order=True)
        shown = ordered.head(most).select("at", *kpi.facts).iter_rows(named=True)
        found[kpi.code] = ([(partners[row.pop("at")], row) for row in shown], parts.height)
    return found


class Adding(NamedTuple):
    """A partner that adds to a group's KPI; `parts` is how that was scored, where it was, `total` how many add to it."""

    partner_id: UUID
    card_id: UUID
    name: str
    facts: dict[str, int]
    parts: dict[str, Any] | None
    total: int


def adding(card: Scorecard, kpi: Kpi) -> list[Adding]:
    """The `SHOWN` partners with the largest part of the KPI's first fact. One query."""
    rows = cards_in(card).filter(facts__has_any_keys=list(kpi.facts))
    ordered = rows.order_by(fact_column(kpi.facts[0]).desc(), "partner__name", "pk")
    shown = ordered.values_list(
        "partner_id",
        "pk",
        "partner__name",
        KeyTransform(kpi.code, "breakdown"),
        Window(Count("pk")),
        *map(fact_column, kpi.facts),
    )
    return [
        Adding(partner_id, pk, name, dict(zip(kpi.facts, amounts, strict=True)), parts, total)
        for partner_id, pk, name, parts, total, *amounts in shown[:SHOWN]
    ]


def own_values(card: Scorecard, kpi: Kpi, rows: Sequence[Adding]) -> list[Number | None]:
    """Each partner's own value, as it was scored where it was; none of a KPI that is measured of groups only."""
    if "P" not in kpi.level:
        return [None] * len(rows)
    open_ones = [row.facts for row in rows if row.parts is None and not kpi.ranks]
    found = iter(evaluate_rows(open_ones, [kpi.code], catalogue_at(card.period.end)))
    return [row.parts["value"] if row.parts else next(found, {}).get(kpi.code) for row in rows]


def of_no_partner(card: Scorecard, names: Sequence[str]) -> dict[str, int]:
    """What of these facts is the programme's and no partner's; it counts in the programme alone."""
    if card.subject_kind != SubjectKind.PROGRAMME:
        return {}
    facts = next(iter(_house_facts(card.period_kind, card.period_start)), {})
    return {name: facts[name] for name in names if facts.get(name)}


@prepared
def _house_facts(kind: str, start: dt.date) -> QuerySet[Scorecard, dict[str, int]]:
    cards = Scorecard.objects.filter(subject_kind=SubjectKind.HOUSE, period_kind=kind, period_start=start)
    return cards.order_by().values_list("facts", flat=True)


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

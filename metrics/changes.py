"""What made a score move since the period before: points KPI by KPI, and the records behind the greatest moves."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, NamedTuple
from uuid import UUID

import polars as pl
from django.utils.translation import gettext as _

from metrics.catalogues import Catalogue
from metrics.display import format_change, format_score
from metrics.explain import change_text, fact_text
from metrics.kpis.shape import Kpi
from metrics.models import Scorecard
from metrics.own import catalogue_at
from metrics.periods import Calendar
from metrics.records import read_records
from metrics.sources import FACTS, SOURCES
from metrics.sources.reading import contributions_in
from metrics.sources.shape import Page

EXPLAINED = 3
RECORDS_SHOWN = 4
_FLAT = 0.05


@dataclass(frozen=True, slots=True)
class RecordMove:
    """A record that counts for one of two periods, or for both in another amount, and what it moves."""

    pk: UUID
    title: str
    page: Page
    text: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class KpiMove:
    """By how many points a KPI moved the score, how its value moved, and the records behind that."""

    kpi: Kpi
    points: float
    value_text: str
    records: list[RecordMove]

    @property
    def points_text(self) -> str:
        return format_change(round(self.points, 1))

    @property
    def trend(self) -> str:
        return "up" if self.points > _FLAT else "down" if self.points < -_FLAT else "flat"


def kpi_moves(
    card: Scorecard, previous: Scorecard | None, calendar: Calendar, today: dt.date, currency: str
) -> list[KpiMove]:
    """Every KPI that moved the score, the greatest moves first; they add up to the difference of the scores.

    Empty where one of the periods has no score. The records are told for a partner's greatest moves.
    """
    if previous is None or card.score is None or previous.score is None:
        return []
    catalogue = catalogue_at(card.period.end)
    moves = {
        code: _points(card, code) - _points(previous, code)
        for code in dict.fromkeys([*card.breakdown, *previous.breakdown])
        if code in catalogue
    }
    ordered = sorted(moves, key=lambda code: (-abs(moves[code]), code))
    shown = [catalogue[code] for code in ordered if abs(moves[code]) >= _FLAT]
    told = shown[:EXPLAINED] if card.partner_id is not None else []
    windows = [card.period.window(), previous.period.window()]

    @cache
    def contributed(source: str) -> pl.DataFrame:
        """What each record of a source adds now and before. Most KPIs come from the same one or two."""
        assert card.partner_id is not None
        return contributions_in(source, windows, calendar, today, card.partner_id)

    moved = {
        code: _moved(card, previous, effects, contributed)
        for code, effects in _effects(card, previous, told, catalogue).items()
    }
    records = _records(moved, currency)
    return [
        KpiMove(kpi, moves[kpi.code], _value_text(card, previous, kpi, currency), records.get(kpi.code, []))
        for kpi in shown
    ]


def _points(card: Scorecard, code: str) -> float:
    return (card.breakdown.get(code) or {}).get("points") or 0.0


def _value_text(card: Scorecard, previous: Scorecard, kpi: Kpi, currency: str) -> str:
    now, before = ((each.breakdown.get(kpi.code) or {}).get("value") for each in (card, previous))
    return change_text(kpi, now - before, currency) if now is not None and before is not None else ""


def _effects(
    card: Scorecard, previous: Scorecard, kpis: Sequence[Kpi], catalogue: Catalogue
) -> dict[str, dict[str, float]]:
    """By how much each fact that changed pushed a KPI's value the way it went, by KPI; the others are left out.

    A fact's effect is what the value moves by when it alone changes, taken from both ends. Where the value stands in
    one period only, all that changed is told. Nothing for a place among peers, which others move as well.
    """
    formulas = [kpi for kpi in kpis if not kpi.ranks]
    names = list(dict.fromkeys(name for kpi in formulas for name in kpi.facts))
    changed = [name for name in names if card.facts.get(name, 0) != previous.facts.get(name, 0)]
    if not changed:
        return {}
    before, now = ({name: each.facts.get(name, 0) for name in names} for each in (previous, card))
    steps = [before | {name: now[name]} for name in changed]
    steps_back = [now | {name: before[name]} for name in changed]
    rows = pl.DataFrame([before, now, *steps, *steps_back], schema=dict.fromkeys(names, pl.Int64))
    found = catalogue.with_values(rows, [kpi.code for kpi in formulas])
    effects = {}
    for kpi in formulas:
        first, last, *moved = found[f"kpi.{kpi.code}"].to_list()
        its = {
            name: (moved[at], moved[len(changed) + at])
            for at, name in enumerate(changed)
            if name in kpi.facts
        }
        if first is None or last is None:
            effects[kpi.code] = {name: float(abs(now[name] - before[name])) for name in its}
        else:
            effects[kpi.code] = _pushed(first, last, its)
    return effects


def _pushed(
    first: float, last: float, ends: Mapping[str, tuple[float | None, float | None]]
) -> dict[str, float]:
    """The effect of each fact that moved the value from `first` towards `last`; `ends` are the values with it alone
    changed, and with it alone as it was."""
    effects = {}
    for name, (step, step_back) in ends.items():
        known = [step - first] if step is not None else []
        known += [last - step_back] if step_back is not None else []
        effect = sum(known) / len(known) if known else 0
        if effect * (last - first) > 0:
            effects[name] = abs(effect)
    return effects


class _Moved(NamedTuple):
    """A record by its id, the fact that says what it has to do with a KPI, and by how much it moved that."""

    source: str
    pk: UUID
    fact: str
    amount: int
    is_new: bool


def _moved(
    card: Scorecard,
    previous: Scorecard,
    effects: Mapping[str, float],
    contributed: Callable[[str], pl.DataFrame],
) -> list[_Moved]:
    """The records that add most to what pushed a KPI's value, by the statement of each fact in `effects`."""
    found: list[_Moved] = []
    for source in dict.fromkeys(FACTS[name].source for name in effects):
        if SOURCES[source].records is None or SOURCES[source].sql is None:
            continue
        # The fact that pushed most says what a record has to do with it.
        name = max((each for each in effects if FACTS[each].source == source), key=effects.__getitem__)
        sign = 1 if card.facts.get(name, 0) > previous.facts.get(name, 0) else -1
        now, before = Counter[str](), Counter[str]()
        for n, pk, amount in contributed(source).select("n", "id", name).iter_rows():
            (now if n == 1 else before)[pk] += amount
        amounts = {pk: now[pk] - before[pk] for pk in {**now, **before}}
        most = sorted((-sign * amount, pk) for pk, amount in amounts.items() if sign * amount > 0)
        found += [
            _Moved(source, UUID(pk), name, amounts[pk], before[pk] == 0) for _less, pk in most[:RECORDS_SHOWN]
        ]
    return found[: 2 * RECORDS_SHOWN]


def _records(moved: Mapping[str, Sequence[_Moved]], currency: str) -> dict[str, list[RecordMove]]:
    """The records in words, by KPI. A query for each model of them; what can no longer be read is left out."""
    ids: dict[str, set[UUID]] = {}
    for one in chain.from_iterable(moved.values()):
        ids.setdefault(one.source, set()).add(one.pk)
    rows = {source: read_records(source, of_source) for source, of_source in ids.items()}
    found: dict[str, list[RecordMove]] = {}
    for code, ones in moved.items():
        for one in ones:
            shape, record = rows[one.source].get(one.pk, (None, None))
            if shape is None or record is None:
                continue
            amount = fact_text(one.fact, abs(one.amount), currency)
            words = _record_words(one.amount > 0, amount, str(FACTS[one.fact].meaning))
            move = RecordMove(record.pk, shape.title(record), shape.page_of(record), words, one.is_new)
            found.setdefault(code, []).append(move)
    return found


def _record_words(more: bool, amount: str, meaning: str) -> str:
    words = _("%(amount)s more: %(fact)s") if more else _("%(amount)s less: %(fact)s")
    return words % {"amount": amount, "fact": meaning}


def bridge_chart(moves: Sequence[KpiMove], card: Scorecard, previous: Scorecard) -> dict[str, Any]:
    """From the score before down to the score now, KPI by KPI. Parameters for the chart component."""
    before, now = round(float(previous.score or 0), 1), round(float(card.score or 0), 1)
    names = [_("Before"), *(str(move.kpi.name) for move in moves), _("Now")]
    texts = [format_score(previous.score), *(move.points_text for move in moves), format_score(card.score)]
    level = float(previous.score or 0)
    below = []
    for move in moves:
        below.append(round(min(level, level + move.points), 2))
        level += move.points
    gained = [round(max(move.points, 0), 2) for move in moves]
    lost = [round(max(-move.points, 0), 2) for move in moves]
    bar: dict[str, Any] = {"type": "bar", "stack": "bridge"}
    drawn = (
        (_("Score"), "--ink-3", [before, *([0] * len(moves)), now]),
        (_("Gained"), "--good", [0, *gained, 0]),
        (_("Lost"), "--bad", [0, *lost, 0]),
    )
    return {
        "id": "bridge",
        "caption": _("From the score before to the score now"),
        "columns": [_("KPI"), _("Points")],
        "rows": [[name, text] for name, text in zip(names, texts, strict=True)],
        "height": 60 + 34 * len(names),
        "option": {
            "legend": {"top": 0, "data": [name for name, _colour, _points in drawn]},
            "xAxis": {"type": "value", "min": 0},
            # Each bar has its name, in the order in which the score went.
            "yAxis": {
                "type": "category",
                "data": names,
                "inverse": True,
                "axisLabel": {"interval": 0, "width": 130, "overflow": "break"},
            },
            "series": [
                {
                    **bar,
                    "silent": True,
                    "name": "",
                    "itemStyle": {"color": "transparent"},
                    "data": [0, *below, 0],
                },
                *(
                    {**bar, "name": name, "itemStyle": {"color": colour}, "data": points}
                    for name, colour, points in drawn
                ),
            ],
        },
    }

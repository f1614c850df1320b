"""The records behind the figures of a partner's scorecard."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import polars as pl
from django.apps import apps

from metrics.explain import fact_text
from metrics.kpis.shape import Kpi
from metrics.models import PeriodLock, Scorecard
from metrics.periods import Calendar
from metrics.sources import FACTS, SOURCES
from metrics.sources.reading import contributions
from metrics.sources.shape import Page
from metrics.sources.shape import Records as Shape
from portal.events.models import Event

RECORDS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A record and what it adds to each fact, in words and as whole numbers."""

    pk: UUID
    title: str
    second: str
    page: Page
    amounts: list[str]
    # Whether something happened to it after its period was locked.
    is_late: bool = False
    counts: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Records:
    """What the records of one source add; `facts` are its facts by name, `names` what they mean."""

    facts: list[str]
    names: list[str]
    lines: list[RecordLine]
    total: int
    sums: list[str]
    # How many of the first ones count and are not this reader's to see.
    unseen: int = 0
    # By how much the sums differ from a locked card's facts; empty where they do not.
    late: list[str] = field(default_factory=list)

    @property
    def has_more(self) -> bool:
        return self.total > len(self.lines) + self.unseen

    @property
    def rows(self) -> list[tuple[RecordLine, list[tuple[str, str]]]]:
        """Each record with what it adds, as (meaning, amount)."""
        return [(line, list(zip(self.names, line.amounts, strict=True))) for line in self.lines]


class _Part(NamedTuple):
    """What the records of one source add to a KPI's facts of the `names`; who adds most to the first comes first."""

    source: str
    names: list[str]
    every: pl.DataFrame
    shown: pl.DataFrame


def records_behind(
    card: Scorecard,
    kpis: Sequence[Kpi],
    calendar: Calendar,
    today: dt.date,
    currency: str,
    *,
    for_vendor: bool = False,
    most: int = RECORDS_SHOWN,
) -> dict[str, list[Records]]:
    """The records behind KPIs of a partner's card, by code: a table for each source, with the `most` that add most; the
    sums are the card's facts. A query for a source's amounts, one for each model of its records and two more, however
    many KPIs there are.

    `for_vendor` says whether pages are named that only the vendor's people open.

    Of a locked period they are the facts and what has arrived since, which is told as well.
    """
    partner_id = card.partner_id
    if partner_id is None:
        return {kpi.code: [] for kpi in kpis}

    @cache
    def contributed(source: str) -> pl.DataFrame:
        return contributions(source, card.period.window(), calendar, today, partner_id)

    parts = {kpi.code: _parts(kpi, contributed, most) for kpi in kpis}
    ids: dict[str, set[UUID]] = {}
    for part in (part for of_kpi in parts.values() for part in of_kpi):
        ids.setdefault(part.source, set()).update(map(UUID, part.shown["id"]))
    found = {source: read_records(source, of_source) for source, of_source in ids.items()}
    locks = PeriodLock.objects.filter(period_kind=card.period_kind, period_start=card.period_start)
    locked_at = locks.values_list("created_at", flat=True).first()
    touched = _touched_since(locked_at, set().union(*ids.values()))

    def table(part: _Part) -> Records:
        lines = []
        for row in part.shown.iter_rows(named=True):
            shape, record = found[part.source].get(UUID(row["id"]), (None, None))
            if shape is None or record is None:
                continue
            lines.append(
                RecordLine(
                    record.pk,
                    shape.title(record),
                    shape.second(record),
                    shape.page_of(record, for_vendor=for_vendor),
                    [fact_text(name, row[name], currency) for name in part.names],
                    record.pk in touched,
                    [row[name] for name in part.names],
                )
            )
        totals = {name: int(part.every[name].sum()) for name in part.names}
        late = {name: total - card.facts.get(name, 0) for name, total in totals.items()} if locked_at else {}
        return Records(
            part.names,
            [str(FACTS[name].meaning) for name in part.names],
            lines,
            part.every.height,
            [fact_text(name, total, currency) for name, total in totals.items()],
            part.shown.height - len(lines),
            [_signed(name, more, currency) for name, more in late.items()] if any(late.values()) else [],
        )

    return {code: [table(part) for part in of_kpi] for code, of_kpi in parts.items()}


def _parts(kpi: Kpi, contributed: Callable[[str], pl.DataFrame], most: int) -> list[_Part]:
    """By the KPI's sources that are made of records."""
    found = []
    for source in kpi.sources:
        if SOURCES[source].records is None or SOURCES[source].sql is None:
            continue
        names = [name for name in kpi.facts if FACTS[name].source == source]
        adding = contributed(source).filter(pl.any_horizontal(pl.col(names) != 0))
        every = adding.sort([names[0], "id"], descending=[True, False])
        found.append(_Part(source, names, every, every.head(most)))
    return found


def read_records(source: str, ids: Collection[UUID]) -> dict[UUID, tuple[Shape, Any]]:
    """A source's records that this session may read, each with how it is shown. A query for each of their models."""
    first = SOURCES[source].records
    assert first is not None
    found: dict[UUID, tuple[Shape, Any]] = {}
    for shape in (first, *first.also):
        if missing := [pk for pk in ids if pk not in found]:
            rows = apps.get_model(shape.model)._default_manager.select_related(*shape.related)
            found |= {pk: (shape, record) for pk, record in rows.in_bulk(missing).items()}
    return found


def _touched_since(moment: dt.datetime | None, ids: Collection[UUID]) -> set[UUID]:
    """The records to which something happened after a moment (None: of no interest)."""
    if moment is None or not ids:
        return set()
    events = Event.objects.filter(subject_id__in=ids, occurred_at__gt=moment)
    return set(events.values_list("subject_id", flat=True))


def _signed(name: str, amount: int, currency: str) -> str:
    sign = "+" if amount > 0 else "−" if amount < 0 else "±"
    return sign + fact_text(name, abs(amount), currency)

"""What a formula gives for real partners, while it is being written."""

from dataclasses import dataclass

import polars as pl

from metrics.catalogues import Catalogue
from metrics.display import format_value
from metrics.kpis.shape import Kpi
from metrics.models import Scorecard, SubjectKind
from metrics.periods import Calendar, Period, PeriodKind
from metrics.queries import counted_cards, facts_frame, with_figures

SHOWN = 5


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A partner, or the whole programme where `name` is empty, with the value now and in the period before."""

    name: str
    current: str
    previous: str


@dataclass(frozen=True, slots=True)
class Trial:
    period: Period
    rows: list[TrialRow]
    # Of how many partners there is a value, and of how many there are figures at all.
    known: int
    partners: int


def try_kpi(kpi: Kpi, catalogue: Catalogue, calendar: Calendar, currency: str) -> Trial:
    """The values of the partners that sell most and of the programme, from the facts of their scorecards. Three queries."""
    period = calendar.current(PeriodKind.QUARTER)
    both = [period.previous().start, period.start]
    now = counted_cards().filter(period_kind=period.kind, period_start=period.start)
    top = list(
        with_figures(now, period.end)
        .order_by("-revenue", "pk")
        .values_list("partner_id", "partner__name")[:SHOWN]
    )
    cards = list(
        Scorecard.objects.filter(
            subject_kind__in=[SubjectKind.PARTNER, SubjectKind.PROGRAMME],
            period_kind=period.kind,
            period_start__in=both,
            subject_key__in=["", *(str(pk) for pk, _name in top)],
        ).only("subject_key", "period_start", "facts")
    )
    values = _values(kpi, catalogue, [card.facts for card in cards])
    by_key = {(card.subject_key, card.period_start): value for card, value in zip(cards, values, strict=True)}

    def row(name: str, key: str) -> TrialRow:
        texts = [format_value(kpi.unit, by_key.get((key, start)), currency) for start in reversed(both)]
        return TrialRow(name, *texts)

    everyone = _values(kpi, catalogue, list(now.values_list("facts", flat=True)))
    rows = [row(name, str(pk)) for pk, name in top] if "P" in kpi.level else []
    return Trial(period, [row("", ""), *rows], sum(value is not None for value in everyone), len(everyone))


def _values(kpi: Kpi, catalogue: Catalogue, facts: list[dict[str, int]]) -> list[float | None]:
    if not facts:
        return []
    column: pl.Series = catalogue.with_values(facts_frame(facts), [kpi.code])[f"kpi.{kpi.code}"]
    # A formula of numbers alone would give one value for all.
    return column.to_list() if len(column) == len(facts) else [None] * len(facts)

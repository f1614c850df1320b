"""What a change of a template would do, on the real partners of the current period, before it is saved."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl

from metrics.actions import merged_partners
from metrics.display import direction
from metrics.models import ScorecardTemplate, SubjectKind, TemplateVersion
from metrics.periods import Calendar, Period, PeriodKind
from metrics.queries import partner_names
from metrics.rows import Templates, scored_rows, with_segments
from metrics.sources.reading import active_sources, fact_names
from metrics.store import read_rows


@dataclass(frozen=True, slots=True)
class Preview:
    """Scores now and then of the partners that would move, the greatest moves first, and how many go which way.

    `passing` would pass the gate and `passing_before` do now; None without a gate.
    """

    period: Period
    rows: list[dict[str, Any]]
    up: int
    down: int
    same: int
    passing: int | None = None
    passing_before: int = 0


def preview_template(
    template: ScorecardTemplate,
    kpis: list[dict[str, Any]],
    min_coverage: Decimal,
    calendar: Calendar,
    *,
    gate_score: Decimal | None = None,
    gate_each: bool = False,
) -> Preview:
    """Score the stored facts by the present rules and by the proposed ones; nothing is written.

    On the current period, also where the rules are meant for a coming one: of that there are no facts yet.
    """
    period = calendar.current(PeriodKind(template.period_kind))
    stored = read_rows([period], fact_names(active_sources()))
    merged = pl.col("partner_id").is_in(merged_partners())
    partners = stored.filter(pl.col("subject_kind") == SubjectKind.PARTNER.value, ~merged).drop("id")
    present = Templates.load()
    proposed = TemplateVersion(
        template=template,
        number=10**6,
        kpis=kpis,
        min_coverage=min_coverage,
        gate_score=gate_score,
        gate_each=gate_each,
        valid_from=dt.date.min,
    )
    others = [version for version in present.versions if version.template_id != template.pk]
    changed = Templates([*others, proposed], present.own)
    if changed.by_segment:
        partners = with_segments(partners, [period], calendar.today())
    before, after = _scores(partners, present), _scores(partners, changed)
    mine = [key for key, found in after.items() if found.version_id == str(proposed.pk)]
    names = {str(pk): name for pk, name in partner_names(map(UUID, mine)).items()}
    rows: list[dict[str, Any]] = []
    for key in mine:
        old, new = before[key].score, after[key].score
        change = None if old is None or new is None else Decimal(str(new)) - Decimal(str(old))
        rows.append({"partner": names.get(key, ""), "before": old, "after": new, "change": change})
    ways = [direction(row["change"]) for row in rows]
    # What is not seen in the figures is no move; a score that comes or goes is neither up nor down, but seen.
    moving = [row for row, way in zip(rows, ways, strict=True) if way != "flat" or _comes_or_goes(row)]
    moving.sort(key=_greatest_first)
    return Preview(
        period,
        moving,
        up=ways.count("up"),
        down=ways.count("down"),
        same=len(rows) - len(moving),
        passing=_passing(after[key] for key in mine) if proposed.has_gate else None,
        passing_before=_passing(before[key] for key in mine),
    )


@dataclass(frozen=True, slots=True)
class _Scored:
    score: float | None
    passed: bool | None
    version_id: str


def _passing(found: Iterable[_Scored]) -> int:
    return sum(bool(each.passed) for each in found)


def _comes_or_goes(row: dict[str, Any]) -> bool:
    return (row["before"] is None) != (row["after"] is None)


def _greatest_first(row: dict[str, Any]) -> tuple[Decimal, str]:
    return -abs(row["change"] or Decimal(0)), row["partner"]


def _scores(rows: pl.DataFrame, templates: Templates) -> dict[str, _Scored]:
    scored = scored_rows(rows, templates).select("partner_id", "score", "passed", "version_id")
    return {key: _Scored(*values) for key, *values in scored.iter_rows()}

"""What a change of a template would do, on the real partners of the current period, before it is saved."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from metrics.models import ScorecardTemplate, SubjectKind, TemplateVersion
from metrics.periods import Calendar, Period, PeriodKind
from metrics.queries import partner_names
from metrics.rows import Templates, scored_rows
from metrics.sources.reading import active_sources, fact_names
from metrics.store import read_rows


@dataclass(frozen=True, slots=True)
class Preview:
    """Scores now and then of the partners that would move, the greatest moves first, and how many go which way."""

    period: Period
    rows: list[dict[str, Any]]
    up: int
    down: int
    same: int


def preview_template(
    template: ScorecardTemplate, kpis: list[dict[str, Any]], min_coverage: Decimal, calendar: Calendar
) -> Preview:
    """Score the stored facts by the present rules and by the proposed ones; nothing is written."""
    period = calendar.current(PeriodKind(template.period_kind))
    stored = read_rows([period], fact_names(active_sources()))
    partners = stored.filter(stored["subject_kind"] == SubjectKind.PARTNER.value).drop("id")
    present = Templates.load()
    proposed = TemplateVersion(
        template=template, number=10**6, kpis=kpis, min_coverage=min_coverage, valid_from=period.start
    )
    others = [version for version in present.versions if version.template_id != template.pk]
    before = _scores(partners, present)
    after = _scores(partners, Templates([*others, proposed], present.own))
    mine = [key for key, (_score, version_id) in after.items() if version_id == str(proposed.pk)]
    names = {str(pk): name for pk, name in partner_names(map(UUID, mine)).items()}
    rows: list[dict[str, Any]] = []
    moved: list[Decimal] = []
    for key in mine:
        old, new = before[key][0], after[key][0]
        change = None if old is None or new is None else Decimal(str(new)) - Decimal(str(old))
        rows.append({"partner": names.get(key, ""), "before": old, "after": new, "change": change})
        moved.append(change or Decimal(0))
    unchanged = sum(row["before"] == row["after"] for row in rows)
    rows = [row for row in rows if row["before"] != row["after"]]
    rows.sort(key=_greatest_first)
    return Preview(
        period,
        rows,
        up=sum(change > 0 for change in moved),
        down=sum(change < 0 for change in moved),
        same=unchanged,
    )


def _greatest_first(row: dict[str, Any]) -> tuple[Decimal, str]:
    return -abs(row["change"] or Decimal(0)), row["partner"]


def _scores(rows: Any, templates: Templates) -> dict[str, tuple[float | None, str]]:
    scored = scored_rows(rows, templates).select("partner_id", "score", "version_id")
    return {key: (score, version_id) for key, score, version_id in scored.iter_rows()}

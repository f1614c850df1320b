"""Two periods, or stretches of days, of one partner or group side by side."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from metrics.catalogues import Catalogue
from metrics.display import format_change, format_score, format_value
from metrics.explain import card_values, change_text
from metrics.kpis.shape import Kpi
from metrics.models import Scorecard
from metrics.own import catalogue_at

Number = int | float


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """A metric in two periods; `kpi` is None for the score and the coverage. `good` says whether the change is one."""

    name: str
    unit: str
    previous: Number | None
    current: Number | None
    previous_text: str
    current_text: str
    change_text: str
    trend: str
    good: bool | None
    kpi: Kpi | None = None

    @property
    def change(self) -> Number | None:
        if self.previous is None or self.current is None:
            return None
        return self.current - self.previous


def compare(
    current: Scorecard, previous: Scorecard, currency: str, *, with_internal: bool = True
) -> list[ComparisonRow]:
    """Every metric that either period has: the score, the KPIs that count in the current one, then the others; the
    vendor's own affairs where they are asked for.

    Each period's KPIs are as they were defined for it.
    """
    rows = compare_values(
        card_values(current),
        card_values(previous),
        catalogue_at(max(current.period.end, previous.period.end)),
        currency,
        level="P" if current.partner_id else "G",
        with_internal=with_internal,
        scored=current.breakdown,
    )
    return [_score_row(current, previous), *rows]


def compare_values(
    now: Mapping[str, Number | None],
    before: Mapping[str, Number | None],
    catalogue: Catalogue,
    currency: str,
    *,
    level: str,
    with_internal: bool,
    scored: Collection[str] = (),
) -> list[ComparisonRow]:
    """Every KPI of that level that either side has a value of, those that are `scored` first."""
    rows = []
    for code in [*scored, *(code for code in catalogue if code not in scored)]:
        kpi = catalogue.get(code)
        if kpi is None or level not in kpi.level:
            continue
        if kpi.internal and not with_internal and code not in scored:
            continue
        old, new = before.get(code), now.get(code)
        if old is None and new is None:
            continue
        rows.append(_kpi_row(kpi, old, new, currency))
    return rows


def _score_row(current: Scorecard, previous: Scorecard) -> ComparisonRow:
    old, new = (None if each.score is None else float(each.score) for each in (previous, current))
    change = None if old is None or new is None else new - old
    return ComparisonRow(
        _("Score"),
        "score",
        old,
        new,
        format_score(old),
        format_score(new),
        "" if change is None else format_change(round(change, 1)),
        _trend(change),
        None if not change else change > 0,
    )


def _kpi_row(kpi: Kpi, old: Number | None, new: Number | None, currency: str) -> ComparisonRow:
    change = None if old is None or new is None else new - old
    return ComparisonRow(
        str(kpi.name),
        kpi.unit.value,
        old,
        new,
        format_value(kpi.unit, old, currency),
        format_value(kpi.unit, new, currency),
        change_text(kpi, change, currency),
        _trend(change),
        None if not change else (change > 0) == (kpi.better == "up"),
        kpi,
    )


def _trend(change: Number | None) -> str:
    return "flat" if not change else "up" if change > 0 else "down"

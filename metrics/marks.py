"""What was changed, marked where it shows: on the history of a score and of a KPI.

Templates say by themselves since when a version holds. Reviews and the floor above add theirs with `marks_by`.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from metrics.models import Scorecard, TemplateVersion
from metrics.periods import Period
from portal.accounts.models import Membership
from portal.shell.formats import short_date


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that was changed on a day. With `kpi` it was done for that one alone."""

    day: dt.date
    text: str
    kpi: str = ""

    @property
    def sentence(self) -> str:
        return f"{short_date(self.day)}: {self.text}"


# From a scorecard's subject, who looks, and the days from the first to before the last.
Source = Callable[[Scorecard, Membership, dt.date, dt.date], Iterable[Mark]]
_sources: list[Source] = []


def marks_by(source: Source) -> None:
    """Add a source of marks. It tells the member no more than they may know, and costs a query or two."""
    if source not in _sources:
        _sources.append(source)


def marks_of(card: Scorecard, member: Membership, periods: Sequence[Period], kpi: str = "") -> list[Mark]:
    """What was changed in these periods, oldest first; for one KPI without what was done for others."""
    if not periods:
        return []
    first, last = min(period.start for period in periods), max(period.end for period in periods)
    found = [mark for source in [_versions, *_sources] for mark in source(card, member, first, last)]
    return sorted(
        (mark for mark in found if not mark.kpi or not kpi or mark.kpi == kpi),
        key=lambda mark: (mark.day, mark.text),
    )


def _versions(card: Scorecard, member: Membership, first: dt.date, last: dt.date) -> Iterable[Mark]:
    if card.version is None:
        return
    versions = TemplateVersion.objects.filter(
        template_id=card.version.template_id, valid_from__gte=first, valid_from__lt=last
    )
    for version in versions:
        words = {"name": card.version.template.name, "number": version.number}
        yield Mark(version.valid_from, _("%(name)s, version %(number)s") % words)


def marked(marks: Sequence[Mark], periods: Sequence[Period]) -> list[list[Mark]]:
    """The marks of each period."""
    return [[mark for mark in marks if period.start <= mark.day < period.end] for period in periods]


def mark_lines(by_period: Sequence[Sequence[Mark]], labels: Sequence[str]) -> dict[str, Any]:
    """For a chart's line: a dashed vertical line at each period in which something was changed."""
    return {
        "silent": True,
        "symbol": "none",
        "lineStyle": {"type": "dashed"},
        "label": {"show": True, "formatter": "◆"},
        "data": [{"xAxis": label} for label, marks in zip(labels, by_period, strict=True) if marks],
    }

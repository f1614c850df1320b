"""What was changed, marked where it shows: on the history of a score and of a KPI.

Templates and definitions of KPIs (with the weights of their parts) say by themselves since when a version holds. Reviews
and the floor above add theirs with `marks_by`. Below the chart each is told with the figures before and since.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from metrics.catalogue import CATALOGUE
from metrics.formulas import names_in
from metrics.models import Scorecard
from metrics.own import catalogue_now, own_kpis
from metrics.periods import Period
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared
from portal.shell.formats import short_date


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that was changed on a day. With `kpi` it was done for that one alone; then it is marked on the score as
    well, unless it is not `on_score`."""

    day: dt.date
    text: str
    kpi: str = ""
    on_score: bool = True

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
    """What was changed in these periods, oldest first; of a KPI what was done for it, or for one that it is made of,
    and what was done for none."""
    if not periods:
        return []
    first, last = min(period.start for period in periods), max(period.end for period in periods)
    sources: list[Source] = [_versions, _definitions, *_sources]
    found = [mark for source in sources for mark in source(card, member, first, last)]
    mine = _behind(kpi) if kpi else set()
    return sorted(
        (mark for mark in found if (not mark.kpi or mark.kpi in mine if kpi else mark.on_score)),
        key=lambda mark: (mark.day, mark.text),
    )


def _behind(code: str) -> set[str]:
    """A KPI and those that its formula comes down to."""
    catalogue = catalogue_now()
    found: set[str] = set()
    left = [code]
    while left:
        if (one := left.pop()) in catalogue and one not in found:
            found.add(one)
            left += [*names_in(catalogue[one].formula)] if not catalogue[one].ranks else catalogue[one].ranks
    return found


def told(
    marks: Iterable[Mark], periods: Sequence[Period], values: Sequence[Any], texts: Sequence[str]
) -> list[str]:
    """What was changed, with the figure of the period before and of the first whole one since. While there is none, that
    of the one it was changed in is told as what it is: much or most of it may lie before the change. `values` say which
    `texts` are figures; the oldest period comes first."""
    sentences = []
    for mark in marks:
        at = next((n for n, period in enumerate(periods) if period.start <= mark.day < period.end), None)
        if at is None:
            sentences.append(mark.sentence)
            continue
        if mark.day == periods[at].start:
            later = at, _("since: %s")
        elif at + 1 < len(periods):
            later = at + 1, _("since: %s")
        else:
            later = at, _("in the period itself: %s")
        words = [
            sentence % (_("%(value)s in %(period)s") % {"value": texts[n], "period": periods[n].label()})
            for n, sentence in ((at - 1, _("before: %s")), later)
            if n >= 0 and values[n] is not None
        ]
        sentences.append("; ".join([mark.sentence, *words]))
    return sentences


def _versions(card: Scorecard, member: Membership, first: dt.date, last: dt.date) -> Iterable[Mark]:
    """Where its scorecards begin to be made by other rules: by a new version, or by another template."""
    before = None
    cards = _rules_of(card.subject_kind, card.subject_key, card.period_kind, first, last)
    for at, (begins, version_id, name, number, valid_from) in enumerate(cards):
        is_new = version_id != before if at else begins == valid_from
        if is_new and version_id is not None:
            words = {"name": name, "number": number}
            yield Mark(begins, _("%(name)s, version %(number)s") % words)
        before = version_id


@prepared
def _rules_of(
    subject_kind: str, subject_key: str, period_kind: str, first: dt.date, last: dt.date
) -> QuerySet[Scorecard, Any]:
    """By what the scorecards of a subject were made, the oldest first."""
    rows = Scorecard.objects.filter(
        subject_kind=subject_kind,
        subject_key=subject_key,
        period_kind=period_kind,
        period_start__gte=first,
        period_start__lt=last,
    ).order_by("period_start")
    names = (
        "period_start",
        "version_id",
        "version__template__name",
        "version__number",
        "version__valid_from",
    )
    return rows.values_list(*names)


def _definitions(card: Scorecard, member: Membership, first: dt.date, last: dt.date) -> Iterable[Mark]:
    """Since when KPIs are measured in another way; on the score those that it is made of. No query of its own."""
    begun = [version for version in own_kpis().versions if first <= version.valid_from < last]
    if not begun:
        return
    catalogue = catalogue_now()
    scored = {one for code in card.breakdown for one in _behind(code)}
    for version in begun:
        code = version.kpi.code
        kpi = catalogue.get(code)
        if kpi is None:
            continue
        if member.is_partner and kpi.internal and code not in scored:
            continue
        if version.number == 1 and code not in CATALOGUE:
            words = _("%(kpi)s is measured")
        else:
            words = _("%(kpi)s is measured in another way")
        yield Mark(version.valid_from, words % {"kpi": kpi.name}, code, code in scored)


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

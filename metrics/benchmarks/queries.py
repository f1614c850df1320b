"""Which benchmark holds for whom. A partner's session reads them like the vendor's."""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db.models import Count, QuerySet
from django.utils.translation import ngettext

from metrics.benchmarks.models import Benchmark
from metrics.defining import Use
from metrics.models import Scorecard, SubjectKind
from metrics.own import catalogue_at
from metrics.periods import Period
from portal.accounts.prepared import prepared
from portal.shell.formats import number


def benchmarks(period: Period) -> list[Benchmark]:
    """Those that hold in a period, the most particular first and then the newest. One query."""
    found = _valid(str(period.kind), period.end)
    return sorted(found, key=lambda one: (-one.particularity, -one.valid_from.toordinal()))


@prepared
def _valid(kind: str, end: dt.date) -> QuerySet[Benchmark]:
    return Benchmark.objects.filter(period_kind=kind, valid_from__lt=end)


def fitting(found: Sequence[Benchmark], partner_type: str, region: str) -> Mapping[str, Benchmark]:
    """The one of each KPI that fits a partner; for a group of all partners both are empty."""
    result: dict[str, Benchmark] = {}
    for one in found:
        if one.partner_type in {"", partner_type} and one.region in {"", region}:
            result.setdefault(one.kpi, one)
    return result


def of_card(card: Scorecard) -> Mapping[str, Benchmark]:
    """Those that a scorecard is held against. A group's are those of its type or region, and its sums of many partners
    are held against none: what is usual is told of one."""
    kind = SubjectKind(card.subject_kind)
    partner_type, region = card.partner_type, card.region
    if kind == SubjectKind.TYPE:
        partner_type = card.subject_key
    elif kind == SubjectKind.REGION:
        region = card.subject_key
    found = fitting(benchmarks(card.period), partner_type, region)
    if card.partner_id is not None or not found:
        return found
    catalogue = catalogue_at(card.period.end)
    return {code: one for code, one in found.items() if code in catalogue and not catalogue[code].additive}


def kpi_uses() -> list[tuple[str, Use]]:
    """Which KPIs there are benchmarks of. One query."""
    rows = Benchmark.objects.order_by("kpi").values_list("kpi").annotate(Count("pk"))
    return [(kpi, Use(_counted(count), "metrics_benchmarks:list", only_unit=True)) for kpi, count in rows]


def _counted(count: int) -> str:
    return ngettext("%(count)s benchmark", "%(count)s benchmarks", count) % {"count": number(count)}

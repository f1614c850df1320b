"""Writes of benchmarks."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from metrics.benchmarks.models import Benchmark
from metrics.own import catalogue_now, choosable
from metrics.periods import PeriodKind
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record


@transaction.atomic
def set_benchmark(
    *,
    by: Membership,
    kpi: str,
    period_kind: PeriodKind,
    value: float,
    source: str,
    valid_from: dt.date,
    partner_type: str = "",
    region: str = "",
    benchmark: Benchmark | None = None,
) -> Benchmark:
    """Enter what is usual, or correct `benchmark`. The value is in the KPI's own unit."""
    check(by, "metrics_benchmarks.change_benchmark")
    if benchmark is None:
        benchmark = Benchmark()
    else:
        benchmark = Benchmark.objects.select_for_update(of=("self",)).get(pk=benchmark.pk)
    measure = choosable(keeping=benchmark.kpi).get(kpi)
    if measure is None:
        raise ActionRefused(_("There is no such KPI."), field="kpi")
    before = None if benchmark.kpi == "" else benchmark.value
    benchmark.kpi, benchmark.period_kind = kpi, period_kind
    benchmark.value, benchmark.source, benchmark.valid_from = value, source, valid_from
    benchmark.partner_type, benchmark.region, benchmark.entered_by = partner_type, region, by
    try:
        with transaction.atomic():
            benchmark.save()
    except IntegrityError as error:
        raise ActionRefused(
            _("There is a benchmark for this KPI, period, audience and day already."), field="kpi"
        ) from error
    data = {"kpi": str(measure.name), "source": source, "old": before, "new": value}
    record("benchmark.set", subject=benchmark, by=by, data=data)
    return benchmark


@transaction.atomic
def remove_benchmark(benchmark: Benchmark, *, by: Membership) -> None:
    check(by, "metrics_benchmarks.change_benchmark")
    benchmark = Benchmark.objects.select_for_update(of=("self",)).get(pk=benchmark.pk)
    measure = catalogue_now().get(benchmark.kpi)
    name = str(measure.name) if measure else benchmark.kpi
    record(
        "benchmark.removed",
        subject=benchmark,
        by=by,
        data={"kpi": name, "source": benchmark.source, "old": benchmark.value},
    )
    benchmark.delete()

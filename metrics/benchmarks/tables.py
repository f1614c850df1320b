from typing import Any

from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from metrics.benchmarks.models import Benchmark
from metrics.display import exported_currency, exported_value, format_value
from metrics.own import catalogue_now
from metrics.periods import PeriodKind
from metrics.units import Unit
from portal.accounts.access import can
from portal.shell.tables import Column, DateColumn, LinkColumn, Table


class UsualValueColumn(Column):
    """A KPI's value in words; a file has the number beside its unit and currency."""

    def cell(self, value: float, record: Benchmark, table: Table) -> str:
        return format_value(self._unit(record, table), value, table.request.tenant.currency)

    def export_labels(self, label: str) -> list[str]:
        return [label, f"{label} (unit)", f"{label} (currency)"]

    def export_values(self, value: float, record: Benchmark, table: Table) -> list[Any]:
        unit, currency = self._unit(record, table), table.request.tenant.currency
        return [exported_value(unit, value, currency), unit, exported_currency(unit, currency)]

    @staticmethod
    def _unit(record: Benchmark, table: Table) -> str:
        assert isinstance(table, BenchmarkTable)
        kpi = table.kpis.get(record.kpi)
        return str(kpi.unit) if kpi else Unit.COUNT


class BenchmarkTable(Table):
    kpi = LinkColumn(_("KPI"), to="metrics_benchmarks:detail")
    period_kind = Column(_("In a"))
    value = UsualValueColumn(_("Usual value"))
    partner_type = Column(_("Partner type"))
    region = Column(_("Region"))
    source = Column(_("Where it is from"))
    valid_from = DateColumn(_("Valid from"))

    class Meta:
        caption = _("Benchmarks")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.kpis = catalogue_now()

    def render_kpi(self, value: str, record: Benchmark, column: LinkColumn) -> str:
        name = self.value_kpi(value, record)
        if not can(self.request.membership, "metrics_benchmarks.change_benchmark"):
            return name
        return mark_safe(column.cell(name, record, self))  # noqa: S308 - escaped there

    def value_kpi(self, value: str, record: Benchmark) -> str:
        kpi = self.kpis.get(value)
        return str(kpi.name) if kpi else value

    def render_period_kind(self, value: str) -> str:
        return str(PeriodKind(value).label)

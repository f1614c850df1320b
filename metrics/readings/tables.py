from typing import Any

from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from metrics.display import exported_currency, format_value
from metrics.readings.known import divisor_of
from metrics.readings.models import Reading
from metrics.units import Unit
from portal.shell.tables import Column, DateColumn, LinkColumn, NumberColumn, Table


def value_text(reading: Reading) -> str:
    """A reading's value as a person reads it."""
    unit = reading.definition.unit
    value = reading.value if unit == Unit.MONEY else reading.value / divisor_of(unit)
    return format_value(unit, value, reading.currency)


class DefinitionTable(Table):
    name = LinkColumn(_("Metric"), to="metrics_readings:metric", second="description")
    code = Column(_("In formulas"), phone=False)
    unit = Column(_("Unit"))
    better = Column(_("Direction"), phone=False)
    combination = Column(_("Several readings"), phone=False)
    reading_count = NumberColumn(_("Readings"))
    latest_on = DateColumn(_("Latest"))

    class Meta(Table.Meta):
        caption = _("Reported metrics")


class ReadingColumn(Column):
    """A reading in words; a file has the number as people write it, beside its unit and currency."""

    def cell(self, value: int, record: Reading, table: Table) -> str:
        return value_text(record)

    def export_labels(self, label: str) -> list[str]:
        return [label, f"{label} (unit)", f"{label} (currency)"]

    def export_values(self, value: int, record: Reading, table: Table) -> list[Any]:
        unit = record.definition.unit
        return [record.number, unit, exported_currency(unit, record.currency)]


class ReadingTable(Table):
    definition = LinkColumn(
        _("Metric"), to="metrics_readings:reading", order_by="definition__name", second="note"
    )
    day = DateColumn(_("Day"))
    partner = Column(_("Partner"), order_by="partner__name", empty_values=())
    value = ReadingColumn(_("Value"), needs=("definition",))

    class Meta(Table.Meta):
        caption = _("Readings")

    def render_partner(self, value: Any, record: Any) -> str:
        return value.name if value else _g("The whole programme")

    def value_partner(self, value: Any, record: Any) -> str:
        return value.name if value else ""

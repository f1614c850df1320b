"""Programme costs and readings of reported metrics from files, and what they make of scorecards."""

import datetime as dt
from decimal import Decimal

import pytest

from metrics import actions
from metrics.costs.models import Cost
from metrics.models import Scorecard
from metrics.readings.actions import change_metric
from metrics.readings.models import Reading
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.imports.enums import Outcome
from portal.imports.queries import preview
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant_id
from tests.factories import MetricDefinitionFactory, PartnerFactory
from tests.importing import Importer, rows_of

pytestmark = pytest.mark.django_db
RATES = {"USD": Decimal("0.5")}
TODAY = dt.date(2026, 11, 20)
COSTS = """id,date,type,amount,currency,partner,description
1,2026-11-02,software,1000,USD,,Licences
2,2026-11-03,salaries,250.50,EUR,Alpha,
"""
READINGS = """metric,date,value,partner
Stock,2026-11-02,12.5,Alpha
stock,2026-11-09,"13,5",Alpha
Stock,2026-11-09,7,
"""


def test_costs_of_the_programme_and_of_a_partner(importer: Importer, scoped: Tenant) -> None:
    alpha = PartnerFactory(name="Alpha")
    actions.recompute_everything(TODAY)
    run = importer.run("costs", COSTS, rates=RATES)
    assert (run.result["created"], run.counts["refuse"]) == (2, 0)
    first, second = Cost.objects.order_by("external_id")
    assert (first.amount, first.currency, first.category, first.partner_id) == (500_00, "EUR", "tools", None)
    assert (second.amount, second.category, second.partner_id) == (250_50, "people", alpha.pk)
    events = Event.objects.filter(type="costs.imported").order_by("id")
    assert [event.data["new"]["partner_id"] for event in events] == ["", str(alpha.pk)]
    again = importer.check("costs", COSTS, rates=RATES)
    assert (again.counts["create"], again.counts["change"]) == (0, 0)
    assert programme_facts()["programme_cost"] == 750_50
    importer.run("costs", COSTS.replace("2026-11-03,salaries,250.50", "2026-10-03,salaries,300"), rates=RATES)
    assert programme_facts()["programme_cost"] == 500_00
    assert programme_facts(10)["programme_cost"] == 300_00


def test_readings_by_name_or_code_the_last_of_a_day_counts(importer: Importer, scoped: Tenant) -> None:
    PartnerFactory(name="Alpha")
    MetricDefinitionFactory(code="stock", name="Stock", combination="last")
    actions.recompute_everything(TODAY)
    run = importer.run("readings", READINGS)
    assert (run.result["created"], run.counts["refuse"]) == (3, 0)
    values = list(Reading.objects.order_by("value").values_list("value", "partner__name"))
    assert values == [(7_0000, None), (12_5000, "Alpha"), (13_5000, "Alpha")]
    again = importer.check("readings", READINGS)
    assert (again.counts["create"], again.counts["change"]) == (0, 0)
    # The latest of the partner's and the programme's own.
    assert programme_facts()["stock_total"] == 20_5000
    importer.run("readings", READINGS.replace("13,5", "14,5"))
    assert programme_facts()["stock_total"] == 21_5000
    refused = importer.check("readings", READINGS.replace("12.5", "many"))
    assert "number" in rows_of(refused, "refuse")[0]["problems"]


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (['"12,500"', '"1,234,567"', "12.500"], [12_500, 1_234_567, 12.5]),
        (['"12,500"', '"0,5"'], [12.5, 0.5]),
        (["12.500", "-3%", '"1 200"'], [12.5, -3, 1_200]),
    ],
)
def test_marks_in_readings_are_read_as_in_every_import(
    importer: Importer, scoped: Tenant, texts: list[str], values: list[float]
) -> None:
    MetricDefinitionFactory(code="stock", name="Stock")
    lines = [f"Stock,2026-11-{day:02},{text}" for day, text in enumerate(texts, 1)]
    importer.run("readings", "\n".join(["metric,date,value", *lines]))
    assert list(Reading.objects.order_by("day").values_list("value", flat=True)) == [
        value * 10_000 for value in values
    ]


@pytest.mark.parametrize(
    ("unit", "before", "after", "shown"),
    [("money", "1200.5", "1300.50", ("1200.50", "1300.50")), ("%", "2.50", "3%", ("2.5", "3"))],
)
def test_the_preview_of_readings_shows_what_people_write_and_by_what_they_are_known(
    importer: Importer, scoped: Tenant, unit: str, before: str, after: str, shown: tuple[str, str]
) -> None:
    PartnerFactory(name="Alpha")
    MetricDefinitionFactory(code="stock", name="Stock", unit=unit)
    lines = "metric,date,value,partner\nStock,2026-11-02,{},Alpha\n"
    importer.run("readings", lines.format(before))
    run = importer.check("readings", lines.format(after))
    (row,) = preview(run, Outcome.CHANGE, 1)["rows"]
    assert row["changes"] == [{"field": "Value", "old": shown[0], "new": shown[1]}]
    assert [warning["text"] for warning in run.findings["warnings"]] == [
        "A row is recognised by these columns together: metric, date, partner."
    ]
    again = importer.check("readings", lines.format(before))
    assert (again.counts["create"], again.counts["change"], again.counts["skip"]) == (0, 0, 1)


def programme_facts(month: int = 11) -> dict[str, int]:
    """After all that waited has been told and worked off."""
    dispatch_pending(current_tenant_id())
    actions.recompute_dirty(TODAY)
    return Scorecard.objects.get(
        subject_kind="programme", period_kind="month", period_start=dt.date(2026, month, 1)
    ).facts


def test_readings_are_kept_by_the_unit_that_the_metric_has_when_they_are_written(
    importer: Importer, scoped: Tenant
) -> None:
    metric = MetricDefinitionFactory(code="stock", name="Stock", unit="count")
    run = importer.check("readings", "metric,date,value\nStock,2026-11-02,12.5\n")
    change_metric(metric, by=importer.by, unit="money")
    assert importer.commit(run).result["created"] == 1
    reading = Reading.objects.get()
    assert (reading.value, reading.number) == (12_50, Decimal("12.5"))

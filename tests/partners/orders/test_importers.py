"""Orders from files."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from partners.orders import actions
from partners.orders.models import Order
from portal.events.models import Event
from portal.tenancy.models import Tenant
from tests.factories import PartnerFactory
from tests.importing import Importer, rows_of

pytestmark = pytest.mark.django_db
RATES = {"USD": Decimal("0.5")}
FILE = """order id,partner,customer,order date,ship date,delivery date,quantity,order value,cogs,currency
A1,Alpha,,2026-10-01,2026-10-02,2026-10-04,10,100,60,USD
A2,Alpha,,2026-10-05,,,5,50,,EUR
"""


@pytest.fixture
def alpha(scoped: Tenant) -> object:
    return PartnerFactory(name="Alpha")


def test_orders_come_once_with_their_days_and_rates(importer: Importer, alpha: object) -> None:
    run = importer.run("orders", FILE, rates=RATES)
    assert (run.result["created"], run.counts["refuse"]) == (2, 0)
    first, second = Order.objects.order_by("external_id")
    assert (first.status, second.status) == ("delivered", "placed")
    assert (first.total, first.total_base, first.cost_base, first.units) == (100_00, 50_00, 30_00, 10)
    assert (second.cost, second.cost_base, second.total_base) == (None, None, 50_00)
    assert first.number.startswith("O-")
    event = Event.objects.get(type="orders.imported")
    assert (event.partner_id, event.data["count"]) == (alpha.pk, 2)  # type: ignore[attr-defined]
    assert event.data["days"] == ["2026-10-01", "2026-10-02", "2026-10-04", "2026-10-05"]
    again = importer.check("orders", FILE, rates=RATES)
    assert (again.counts["create"], again.counts["change"]) == (0, 0)


def test_what_happened_in_the_portal_outlives_the_next_file(importer: Importer, alpha: object) -> None:
    """An order delivered by hand stays delivered, one that was called off stays so."""
    importer.run("orders", FILE, rates=RATES)
    order = Order.objects.get(external_id="A2")
    with time_machine.travel("2026-11-20 12:00:00+00:00"):
        at = dt.datetime(2026, 10, 9, 12, tzinfo=dt.UTC)
        actions.deliver_order(order, by=importer.by, version=order.version, at=at)
    importer.run("orders", FILE.replace("5,50", "5,70"), rates=RATES)
    order.refresh_from_db()
    assert (order.total, order.status, order.fulfilled_at) == (70_00, "delivered", at)
    event = Event.objects.filter(type="orders.imported").order_by("-id").first()
    assert event.data["days"] == ["2026-10-05", "2026-10-09"]
    Order.objects.filter(external_id="A2").update(status="cancelled", cancelled_on=dt.date(2026, 11, 1))
    run = importer.check("orders", FILE.replace("5,50", "5,90"), rates=RATES)
    assert "locked" in rows_of(run, "refuse")[0]["problems"]


def test_an_order_does_not_arrive_before_it_was_placed(importer: Importer, alpha: object) -> None:
    run = importer.check("orders", FILE.replace("2026-10-04", "2026-09-30"), rates=RATES)
    assert "end_before_start" in rows_of(run, "refuse")[0]["problems"]

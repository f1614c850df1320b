"""What people do to orders, campaigns, costs, readings and customers reaches the scorecards through its events alone, also
what is changed, moved to another day or partner, or taken away."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
import time_machine

from metrics import actions
from metrics.costs import actions as costs
from metrics.models import Scorecard
from metrics.readings import actions as readings
from metrics.readings.models import MetricDefinition
from partners.directory import actions as directory
from partners.directory.models import Partner
from partners.marketing import actions as marketing
from partners.orders import actions as orders
from partners.orders.models import Order
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.dispatch import dispatch_pending
from portal.tenancy.models import Tenant
from tests.factories import (
    CustomerFactory,
    MetricDefinitionFactory,
    PartnerFactory,
    ProductFactory,
    make_member,
)

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 11, 20)
Told = Callable[[], None]


def at(month: int, day: int) -> dt.datetime:
    return dt.datetime(2026, month, day, 12, tzinfo=dt.UTC)


@pytest.fixture
def partners(scoped: Tenant) -> list[Partner]:
    actions.ensure_default_template(scoped)
    partners = PartnerFactory.create_batch(2, manager=make_member(Role.CHANNEL_MANAGER))
    actions.recompute_everything(TODAY)
    return partners


@pytest.fixture
def told(scoped: Tenant) -> Told:
    """Tells what has happened, and holds what comes of it to a full run."""

    def tell() -> None:
        dispatch_pending(scoped.pk)
        while actions.recompute_dirty(TODAY).more:
            pass
        assert actions.recompute_everything(TODAY).changed.rows == 0

    return tell


def facts(month: int, partner: Partner | None = None) -> dict[str, int]:
    cards = Scorecard.objects.filter(period_kind="month", period_start=dt.date(2026, month, 1))
    kind = "partner" if partner else "programme"
    return cards.get(subject_kind=kind, subject_key=str(partner.pk) if partner else "").facts


@time_machine.travel("2026-11-20 12:00:00+00:00")
def test_an_order_from_its_placing_to_its_return_and_another_to_its_end(
    partners: list[Partner], admin: Membership, told: Told
) -> None:
    goods = [orders.Goods(ProductFactory(), 10, 10_00, 6_00)]

    def placed(when: dt.datetime) -> Order:
        return orders.place_order(by=admin, partner=partners[0], goods=goods, ordered_at=when, currency="EUR")

    order, other = placed(at(10, 5)), placed(at(10, 6))
    told()
    assert facts(10, partners[0])["order_revenue"] == 200_00
    order = orders.change_order(
        order, by=admin, version=order.version, goods=goods, ordered_at=at(9, 30), currency="EUR"
    )
    told()
    assert (facts(9)["orders_count"], facts(10)["orders_count"]) == (1, 1)
    order = orders.deliver_order(order, by=admin, version=order.version, at=at(11, 2))
    orders.record_return(order, by=admin, version=order.version, returned_on=dt.date(2026, 11, 9), quantity=3)
    told()
    assert (facts(11)["orders_fulfilled"], facts(11)["units_returned"]) == (1, 3)
    orders.cancel_order(other, by=admin, version=other.version, reason="Too late")
    told()
    assert "orders_count" not in facts(10)


@time_machine.travel("2026-11-20 12:00:00+00:00")
def test_a_campaigns_figures_and_days(partners: list[Partner], admin: Membership, told: Told) -> None:
    campaign = marketing.start_campaign(
        by=admin, partner=partners[0], name="Autumn", starts_on=dt.date(2026, 10, 20), is_cobranded=True
    )
    row = {"day": dt.date(2026, 10, 21), "source": "search", "channel": "paid", "clicks": 7, "spend": 90_00}
    marketing.report_figures(campaign, [row, {**row, "day": dt.date(2026, 11, 2)}], by=admin)
    told()
    assert (facts(10)["clicks"], facts(11)["clicks"], facts(10)["campaigns_cobranded"]) == (7, 7, 1)
    marketing.report_figures(campaign, [{**row, "clicks": 0, "spend": 0}], by=admin)
    told()
    assert "clicks" not in facts(10)
    campaign.refresh_from_db()
    marketing.change_campaign(
        campaign, by=admin, version=campaign.version, starts_on=dt.date(2026, 9, 1), is_joint=True
    )
    told()
    assert facts(9)["campaigns_cobranded"] == 1
    assert "campaigns_cobranded" not in facts(10)


def test_costs_move_between_months_partners_and_the_programme(
    partners: list[Partner], admin: Membership, told: Told
) -> None:
    cost = costs.record_cost(by=admin, spent_on=dt.date(2026, 10, 5), category="tools", amount=70_00)
    told()
    assert facts(10)["programme_cost"] == 70_00
    cost = costs.change_cost(cost, by=admin, partner=partners[0], note="2019-01-01 is no day of it")
    told()
    assert facts(10, partners[0])["programme_cost"] == 70_00
    cost = costs.change_cost(cost, by=admin, partner=partners[1], spent_on=dt.date(2026, 11, 5))
    told()
    assert facts(11, partners[1])["programme_cost"] == 70_00
    assert "programme_cost" not in facts(10)
    costs.remove_cost(cost, by=admin)
    told()
    assert "programme_cost" not in facts(11)


@pytest.mark.parametrize("combination", ["sum", "mean", "last"])
def test_readings_that_are_corrected_and_taken_away(
    partners: list[Partner], admin: Membership, told: Told, combination: str
) -> None:
    metric: MetricDefinition = MetricDefinitionFactory(code="stock", combination=combination)
    first = readings.report_reading(
        metric, by=admin, day=dt.date(2026, 9, 5), number=Decimal(5), partner=partners[0]
    )
    readings.report_reading(
        metric, by=admin, day=dt.date(2026, 10, 5), number=Decimal(8), partner=partners[0]
    )
    house = readings.report_reading(metric, by=admin, day=dt.date(2026, 10, 9), number=Decimal(1))
    told()
    assert facts(10)["stock_total"] == 9_0000
    first = readings.change_reading(
        first, by=admin, day=dt.date(2026, 10, 6), number=Decimal(6), partner=partners[0]
    )
    told()
    assert facts(10, partners[0])["stock_total"] == (6_0000 if combination == "last" else 14_0000)
    assert "stock_total" not in facts(9)
    readings.remove_reading(house, by=admin)
    readings.remove_reading(first, by=admin)
    told()
    assert facts(10)["stock_total"] == 8_0000


def test_a_customer_that_begins_ends_and_comes_back(
    partners: list[Partner], admin: Membership, told: Told
) -> None:
    customer = CustomerFactory(served_by=partners[0])
    directory.update_customer(customer, by=admin, started_on=dt.date(2026, 9, 10))
    told()
    assert facts(9)["customers_new"] == 1
    directory.end_business(customer, by=admin, ended_on=dt.date(2026, 10, 31), reason="Gone")
    told()
    assert facts(10, partners[0])["customers_lost"] == 1
    assert "customers_at_start" not in facts(11)
    directory.resume_business(customer, by=admin, reason="Back")
    told()
    assert facts(11)["customers_at_start"] == 1

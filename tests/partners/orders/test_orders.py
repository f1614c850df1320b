"""Orders as partners enter them and as the vendor's systems report them."""

import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.orders import actions
from partners.orders.models import Order
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.rates.models import ExchangeRate
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, OrderFactory, PartnerFactory, ProductFactory, make_member

SignIn = Callable[[Membership], Client]
NOON = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def seller(tenant: Tenant) -> Membership:
    """A person of a partner that orders are entered for."""
    with tenant_scope(tenant.pk):
        return make_member(Role.PARTNER_MEMBER, partner=PartnerFactory(name="Ours"))


@pytest.mark.django_db
def test_an_order_from_the_first_line_to_the_return(
    tenant: Tenant, seller: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        switch, cable = ProductFactory(name="Switch"), ProductFactory(name="Cable")
        CustomerFactory(
            name="Acme BV", served_by=PartnerFactory._meta.model.objects.get(pk=seller.partner_id)
        )
    client = client_as(seller)
    typed = {
        "customer_name": "acme bv",
        "ordered_at": "2026-11-02T12:00",
        "currency": "EUR",
        "lines": "3",
        "line0-product": str(switch.pk),
        "line0-quantity": "2",
        "line0-unit_price": "100.50",
        "line0-unit_cost": "60",
        "line1-product": str(cable.pk),
        "line1-quantity": "10",
        "line1-unit_price": "5",
        "line1-unit_cost": "",
    }
    wrong = client.post("/acme/orders/new/", {**typed, "line1-quantity": "", "customer_name": "Nobody"})
    page = wrong.content.decode()
    assert wrong.status_code == 422
    assert "Fill this in." in page
    assert "There is no customer of this name." in page
    assert "100.50" in page
    assert client.post("/acme/orders/new/", typed, follow=True).status_code == 200
    with tenant_scope(tenant.pk):
        order = Order.objects.get()
        assert (order.total, order.units, order.cost, order.lines.count()) == (251_00, 12, None, 2)
        assert order.number == "O-2026-00001"
    address = f"/acme/orders/{order.pk}"
    stale = {"version": "7", "at": "2026-11-03T12:00"}
    assert "Someone has changed this order" in client.post(f"{address}/ship/", stale).content.decode()
    early = client.post(f"{address}/ship/", {"version": "1", "at": "2026-11-01T12:00"})
    assert "It cannot be before the order." in early.content.decode()
    client.post(f"{address}/ship/", {"version": "1", "at": "2026-11-03T12:00"})
    client.post(f"{address}/deliver/", {"version": "2", "at": "2026-11-04T12:00"})
    returned = {"version": "3", "returned_on": "2026-11-05", "quantity": "13"}
    assert "At most 12 units" in client.post(f"{address}/return/", returned).content.decode()
    page = client.post(f"{address}/return/", {**returned, "quantity": "2"}, follow=True).content.decode()
    assert "Noted a return of 2 units." in page
    late = client.post(f"{address}/cancel/", {"version": "4", "reason": "Mistake"})
    assert "cannot be cancelled" in late.content.decode()
    with tenant_scope(tenant.pk):
        order.refresh_from_db()
        assert (order.status, order.version) == ("delivered", 4)


@pytest.mark.django_db
def test_a_foreign_order_keeps_the_rate_of_its_day(tenant: Tenant, admin: Membership) -> None:
    with tenant_scope(tenant.pk):
        partner, product = PartnerFactory(), ProductFactory()
        for rate, day in (("0.9", dt.date(2026, 1, 1)), ("0.5", dt.date(2026, 11, 3))):
            ExchangeRate.objects.create(currency="USD", rate=Decimal(rate), starts_on=day)
        goods = [actions.Goods(product, 3, 33_33, 10_00)]
        fields = {"by": admin, "partner": partner, "goods": goods, "ordered_at": NOON}
        order = actions.place_order(currency="USD", **fields)
        assert (order.total, order.total_base, order.cost_base) == (99_99, 89_99, 27_00)
        with pytest.raises(ActionRefused, match="no exchange rate for JPY"):
            actions.place_order(currency="JPY", **fields)
        with pytest.raises(ActionRefused, match="at least one line"):
            actions.place_order(currency="EUR", **{**fields, "goods": []})


@pytest.mark.django_db
def test_another_partners_order_does_not_exist_and_lists_take_the_same_queries(
    tenant: Tenant, seller: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        own = PartnerFactory._meta.model.objects.get(pk=seller.partner_id)
        OrderFactory(partner=own, customer=CustomerFactory(served_by=own))
        theirs = OrderFactory(partner=PartnerFactory(name="Theirs"))
    client = client_as(seller)
    assert client.get(f"/acme/orders/{theirs.pk}/").status_code == 404
    assert client.get(f"/acme/api/v1/orders/{theirs.pk}/").status_code == 404
    client.get("/acme/orders/")
    with CaptureQueriesContext(connection) as one:
        page = client.get("/acme/orders/").content.decode()
    assert theirs.number not in page
    with tenant_scope(tenant.pk):
        for _number in range(2):
            OrderFactory(partner=own, customer=CustomerFactory(served_by=own))
    with CaptureQueriesContext(connection) as three:
        client.get("/acme/orders/")
    assert len(three) == len(one)


@pytest.mark.django_db
def test_the_api_places_and_delivers(tenant: Tenant, seller: Membership, client_as: SignIn) -> None:
    with tenant_scope(tenant.pk):
        product, theirs = ProductFactory(), PartnerFactory()
    client = client_as(seller)
    line = {"product": str(product.pk), "quantity": 2, "unit_price": 500, "unit_cost": 300}
    body = {"ordered_at": "2026-11-02T12:00:00Z", "currency": "EUR", "lines": [line]}
    made = client.post("/acme/api/v1/orders/", body, content_type="application/json")
    assert made.status_code == 201
    assert (made.json()["total"], made.json()["cost"]) == (1000, 600)
    stranger = client.post(
        "/acme/api/v1/orders/", {**body, "partner": str(theirs.pk)}, content_type="application/json"
    )
    assert stranger.status_code == 400
    done = client.post(
        f"/acme/api/v1/orders/{made.json()['id']}/deliver/",
        {"version": 1, "at": "2026-11-03T12:00:00Z"},
        content_type="application/json",
    )
    assert (done.status_code, done.json()["status"]) == (200, "delivered")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_return_the_last_units_at_once_one_is_refused(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        admin = make_member(Role.ADMIN)
        order = OrderFactory(units=1, status="delivered", fulfilled_at=NOON)
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def give_back() -> None:
        try:
            with tenant_scope(tenant.pk):
                barrier.wait(10)
                actions.record_return(
                    order, by=admin, version=1, returned_on=dt.date(2026, 11, 3), quantity=1
                )
                outcomes.append("noted")
        except ActionRefused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=give_back) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["noted", "refused"]


@pytest.mark.django_db
def test_an_order_beyond_all_measure_is_refused_in_words(
    tenant: Tenant, seller: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        product = ProductFactory()
    line = {"product": str(product.pk), "quantity": 1, "unit_price": 1}
    order = {"ordered_at": NOON.isoformat(), "currency": "EUR"}
    client = client_as(seller)
    for lines, words in [
        ([line | {"quantity": 10_000_000, "unit_price": 10**12}], "too large"),
        ([line | {"unit_price": 10**40}], "too large"),
        ([line | {"quantity": 10_000_000}] * 101, "too large"),
        ([line] * 1001, "at most 1000 lines"),
    ]:
        answer = client.post(
            "/acme/api/v1/orders/", order | {"lines": lines}, content_type="application/json"
        )
        assert answer.status_code == 409
        assert words in answer.json()["detail"]
    with tenant_scope(tenant.pk):
        assert not Order.objects.exists()


@pytest.mark.django_db
def test_what_another_system_reports_a_partner_only_sees(
    tenant: Tenant, seller: Membership, admin: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        own = PartnerFactory._meta.model.objects.get(pk=seller.partner_id)
        reported = OrderFactory(partner=own, external_id="SAP-1")
        with pytest.raises(PermissionDenied):
            actions.cancel_order(reported, by=seller, version=1, reason="Not ours")
    client, address = client_as(seller), f"/acme/orders/{reported.pk}/"
    page = client.get(address).content.decode()
    assert "Another system reports this order" in page
    assert f"{address}edit/" not in page and f"{address}cancel/" not in page
    for verb in ("edit", "ship", "deliver", "cancel"):
        assert client.post(f"{address}{verb}/", {"version": "1"}).status_code == 403, verb
    assert client.post(f"/acme/api/v1/orders/{reported.pk}/cancel/", {"version": 1}).status_code == 403
    with tenant_scope(tenant.pk):
        assert actions.cancel_order(reported, by=admin, version=1, reason="Sold twice").cancelled_on


@pytest.mark.django_db
def test_several_states_at_once_stand_at_the_list_and_under_no_tab(
    tenant: Tenant, admin: Membership, client_as: SignIn
) -> None:
    def shown(query: str) -> tuple[list[str], list[tuple[str, str]]]:
        context = client_as(admin).get(f"/acme/orders/{query}").context
        tabs = [str(preset["label"]) for preset in context["presets"] if preset["active"]]
        return tabs, [(str(chip.label), chip.value) for chip in context["chips"]]

    assert shown("") == (["All"], [])
    assert shown("?status=delivered") == (["Delivered"], [])
    assert shown("?status=shipped&status=delivered") == ([], [("Status", "Shipped, Delivered")])
    # No tab is of those that were cancelled.
    assert shown("?status=cancelled") == ([], [("Status", "Cancelled")])

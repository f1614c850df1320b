"""Deals in the API."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal, DealLine
from partners.deals.workdays import today
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, make_member

MakeDeal = Callable[..., Deal]
SignIn = Callable[[Membership], Client]
pytestmark = pytest.mark.django_db
DEALS = "/acme/api/v1/deals/"


def test_a_partner_creates_submits_and_wins(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        customer = CustomerFactory(served_by=people.partner)
    seller, manager = client_as(people.seller), client_as(people.manager)
    data = {
        "customer": str(customer.pk),
        "product": str(people.product.pk),
        "amount": 125_000,
        "expected_close": (today(tenant) + timedelta(days=9)).isoformat(),
    }
    created = seller.post(DEALS, data, content_type="application/json")
    assert created.status_code == 201, created.content
    deal = created.json()
    assert (deal["status"], deal["verbs"]) == ("draft", ["submit", "edit", "withdraw"])
    url = f"{DEALS}{deal['id']}/"
    changed = seller.patch(url, {"amount": 130_000}, content_type="application/json")
    assert (changed.status_code, changed.json()["amount_base"]) == (200, 130_000)
    assert seller.post(f"{url}submit/", {}, content_type="application/json").json()["status"] == "submitted"
    assert seller.post(f"{url}approve/", {}, content_type="application/json").status_code == 403
    approved = manager.post(f"{url}approve/", {"note": "Good luck"}, content_type="application/json")
    assert approved.json()["status"] == "approved"
    assert approved.json()["protected_until"]
    stale = seller.post(
        f"{url}win/",
        {"revenue": 1, "won_on": today(tenant).isoformat(), "version": 1},
        content_type="application/json",
    )
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    won = seller.post(
        f"{url}win/",
        {
            "revenue": 99_900,
            "won_on": today(tenant).isoformat(),
            "lines": [{"product": str(people.product.pk), "quantity": 3, "unit_price": 33_300}],
        },
        content_type="application/json",
    )
    with tenant_scope(tenant.pk):
        line = DealLine.objects.get()
    assert (line.product_id, line.quantity, line.unit_price) == (people.product.pk, 3, 33_300)
    assert (won.status_code, won.json()["status"], won.json()["revenue"]) == (200, "won", 99_900)


def test_a_repeated_post_with_its_key_makes_one_deal(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client, headers = client_as(people.seller), {"Idempotency-Key": "a-1"}
    first = client.post(DEALS, {"notes": "x"}, content_type="application/json", headers=headers)
    second = client.post(DEALS, {"notes": "x"}, content_type="application/json", headers=headers)
    assert first.json()["id"] == second.json()["id"]
    with tenant_scope(tenant.pk):
        assert Deal.objects.count() == 1


def test_a_change_of_an_older_version_is_refused(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        deal = deal_in(Status.DRAFT)
    client, address = client_as(people.seller), f"{DEALS}{deal.pk}/"
    seen = client.get(address).json()["version"]
    answers = [
        client.patch(address, {"notes": text, "version": seen}, content_type="application/json")
        for text in ("first", "second")
    ]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert client.get(address).json()["notes"] == "first"


def test_a_partner_reaches_its_own_deals_and_customers_only(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        ours = deal_in(Status.SUBMITTED)
        theirs = deal_in(Status.SUBMITTED, partner=people.other_partner)
        hidden = CustomerFactory(served_by=people.partner)
    client = client_as(people.stranger)
    assert [row["id"] for row in client.get(DEALS).json()["results"]] == [str(theirs.pk)]
    assert client.get(f"{DEALS}{ours.pk}/").status_code == 404
    assert client.post(f"{DEALS}{ours.pk}/withdraw/", {}, content_type="application/json").status_code == 404
    refused = client.post(DEALS, {"customer": str(hidden.pk)}, content_type="application/json")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["customer"])
    partners = client.get("/acme/api/v1/partners/").json()["results"]
    assert [row["id"] for row in partners] == [str(people.other_partner.pk)]
    customers = client.get("/acme/api/v1/customers/").json()["results"]
    assert str(hidden.pk) not in {row["id"] for row in customers}
    assert "started_on" not in customers[0]


def test_another_tenant_s_deals_do_not_exist(
    tenant: Tenant, other_tenant: Tenant, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        deal = deal_in(Status.SUBMITTED)
    with tenant_scope(other_tenant.pk):
        admin = make_member(Role.ADMIN)
    client = client_as(admin)
    assert client.get(f"/globex/api/v1/deals/{deal.pk}/").status_code == 404
    assert client.get(DEALS).status_code == 404


@pytest.mark.parametrize("persona", ["seller", "manager"])
def test_the_list_costs_the_same_queries_for_one_row_and_for_three(
    persona: str, tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    client = client_as(getattr(people, persona))

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(DEALS).status_code == 200
        return len(queries)

    with tenant_scope(tenant.pk):
        deal_in(Status.SUBMITTED)
    client.get(DEALS)
    one = count()
    with tenant_scope(tenant.pk):
        deal_in(Status.APPROVED)
        deal_in(Status.DRAFT)
    assert count() == one

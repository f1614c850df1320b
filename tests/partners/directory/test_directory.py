"""Partners, customers and products: who may see and change them."""

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from partners.directory import actions
from partners.directory.enums import PARTNER_TRANSITIONS, PartnerStatus
from partners.directory.models import Customer, CustomerPartner, Partner, Product
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.queries import timeline
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, PartnerFactory, ProductFactory, ProductFamilyFactory, make_member

SignIn = Callable[[Membership], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture
def people(tenant: Tenant) -> SimpleNamespace:
    with tenant_scope(tenant.pk):
        manager = make_member(Role.CHANNEL_MANAGER)
        partner = PartnerFactory(manager=manager, name="Northwind")
        other = PartnerFactory(name="Southwind")
        return SimpleNamespace(
            admin=make_member(Role.ADMIN),
            manager=manager,
            colleague=make_member(Role.CHANNEL_MANAGER),
            partner=partner,
            other=other,
            owner=make_member(Role.PARTNER_OWNER, partner=partner),
            seller=make_member(Role.PARTNER_MEMBER, partner=partner),
        )


def address(name: str, *args: object) -> str:
    return reverse(f"directory:{name}", args=("acme", *args))


PAGES = {
    "partners": {"admin", "manager"},
    "partner_create": {"admin"},
    "company": {"owner", "seller"},
    "customers": {"admin", "manager", "owner", "seller"},
    "customer_create": {"admin", "manager"},
    "products": {"admin", "manager", "owner", "seller"},
    "product_create": {"admin"},
    "families": {"admin"},
    "family_create": {"admin"},
}


@pytest.mark.parametrize("persona", ["admin", "manager", "owner", "seller"])
@pytest.mark.parametrize("name", PAGES)
def test_each_page_for_each_role(
    name: str, persona: str, tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    expected = 200 if persona in PAGES[name] else 403
    assert client_as(getattr(people, persona)).get(address(name)).status_code == expected


@pytest.mark.parametrize("old", PartnerStatus)
def test_each_change_of_status(old: PartnerStatus, scoped: Tenant, people: SimpleNamespace) -> None:
    for new in PartnerStatus:
        partner = PartnerFactory(status=old, manager=people.manager)
        if new in PARTNER_TRANSITIONS[old]:
            partner = actions.change_partner_status(partner, new, by=people.manager, reason="As agreed")
            changed = timeline(partner).filter(type="partner.status_changed")[0]
            assert changed.data["new"]["status"] == new
        else:
            with pytest.raises(ActionRefused):
                actions.change_partner_status(partner, new, by=people.manager, reason="As agreed")
            assert not timeline(partner).exists()


def test_suspending_needs_a_reason_and_the_partner_s_manager(scoped: Tenant, people: SimpleNamespace) -> None:
    with pytest.raises(ActionRefused):
        actions.change_partner_status(people.partner, PartnerStatus.SUSPENDED, by=people.manager)
    with pytest.raises(PermissionDenied):
        actions.change_partner_status(
            people.partner, PartnerStatus.SUSPENDED, by=people.colleague, reason="Unpaid"
        )


def test_only_an_admin_gives_a_partner_to_another_manager(scoped: Tenant, people: SimpleNamespace) -> None:
    with pytest.raises(PermissionDenied):
        actions.update_partner(people.partner, by=people.manager, manager=people.colleague)
    partner = actions.update_partner(people.partner, by=people.admin, manager=people.colleague)
    assert partner.manager == people.colleague
    with pytest.raises(ActionRefused):
        actions.update_partner(partner, by=people.admin, manager=people.seller)


def test_the_owner_keeps_the_profile_in_the_partner_s_own_session(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    response = client_as(people.owner).post(
        address("profile", people.partner.pk),
        {"website": "https://northwind.example", "country": "BE", "region": "Benelux"},
    )
    assert response.status_code == 302
    with tenant_scope(tenant.pk):
        partner = Partner.objects.get(pk=people.partner.pk)
        assert (partner.website, partner.country) == ("https://northwind.example", "BE")


def test_an_admin_adds_a_partner(tenant: Tenant, people: SimpleNamespace, client_as: SignIn) -> None:
    data = {
        "name": "Eastwind",
        "type": "msp",
        "manager": str(people.manager.pk),
        "country": "NL",
        "region": "EMEA",
    }
    response = client_as(people.admin).post(address("partner_create"), data)
    with tenant_scope(tenant.pk):
        partner = Partner.objects.get(name="Eastwind")
    assert response.url == address("partner", partner.pk)
    assert (partner.status, partner.manager_id) == ("active", people.manager.pk)
    assert client_as(people.admin).get(response.url).status_code == 200


def test_a_partner_sees_the_customers_it_serves(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        ours = CustomerFactory(name="Ours", served_by=people.partner)
        theirs = CustomerFactory(name="Theirs", served_by=people.other)
    client = client_as(people.seller)
    page = client.get(address("customers"))
    assert [row.name for row in page.context["table"].data] == ["Ours"]
    assert client.get(address("customer", ours.pk)).status_code == 200
    assert client.get(address("customer", theirs.pk)).status_code == 404
    assert client.get(address("partner", people.other.pk)).status_code == 404
    export = b"".join(client.get(address("customers"), {"export": "csv"}).streaming_content).decode()
    assert "Theirs" not in export
    vendor = client_as(people.manager).get(address("customers"))
    assert [row.name for row in vendor.context["table"].data] == ["Ours", "Theirs"]


def test_a_customer_is_found_by_domain_then_by_name_and_country(
    scoped: Tenant, people: SimpleNamespace
) -> None:
    def name(text: str, **fields: str) -> Customer:
        return actions.name_customer(people.partner, text, by=people.seller, **fields)

    first = name("Initech B.V.", domain="initech.nl", country="NL")
    assert name("Something else", domain="https://www.initech.nl").pk == first.pk
    assert name("INITECH").pk == first.pk
    assert name("Initech", country="NL").pk == first.pk
    assert name("Initech", country="US").pk != first.pk
    assert name("Initech", domain="initech.com", country="NL").pk != first.pk
    with pytest.raises(ActionRefused):
        name(" - ")
    assert CustomerPartner.objects.filter(partner=people.partner).count() == Customer.objects.count()


def test_business_with_a_customer_does_not_end_before_it_began(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        customer = CustomerFactory(name="Initech", started_on=date(2026, 9, 1))
        actions.end_business(customer, by=people.admin, ended_on=date(2026, 10, 31), reason="Gone")
        # The copy in hand was read before the end was noted.
        with pytest.raises(ActionRefused, match="before it began"):
            actions.update_customer(customer, by=people.admin, started_on=date(2026, 11, 1))
        with pytest.raises(ActionRefused, match="before 1 Jan 1990"):
            actions.end_business(CustomerFactory(), by=people.admin, ended_on=date(1900, 1, 1), reason="Gone")
        unknown = CustomerFactory()
    api = f"/{tenant.slug}/api/v1/customers/{unknown.pk}/end/"
    answer = client_as(people.admin).post(
        api, {"ended_on": "1900-01-01", "reason": "Gone"}, "application/json"
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (409, ["ended_on"])
    backwards = {"name": "Initech", "started_on": "2026-09-01", "ended_on": "2026-08-31"}
    for page in (address("customer_create"), address("customer_edit", customer.pk)):
        refused = client_as(people.admin).post(page, backwards)
        assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["ended_on"])


def test_products_are_renamed_priced_and_taken_off_sale(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        family = ProductFamilyFactory()
        other = ProductFactory(name="Taken")
    client = client_as(people.admin)
    data = {"name": "Router", "family": str(family.pk), "price": "1,054.50", "is_active": "on"}
    assert client.post(address("product_create"), data).status_code == 302
    with tenant_scope(tenant.pk):
        product = Product.objects.get(name="Router")
        assert product.price == 1_054_50
    taken = client.post(address("product_edit", product.pk), {**data, "name": other.name})
    assert taken.status_code == 422
    assert "already" in taken.content.decode()
    assert client.post(address("product_edit", product.pk), {**data, "is_active": ""}).status_code == 302
    names = [row.name for row in client_as(people.seller).get(address("products")).context["table"].data]
    assert names == ["Taken"]


@pytest.mark.parametrize("name", ["partners", "customers", "products", "families"])
def test_a_list_costs_the_same_queries_for_one_row_and_for_three(
    name: str, tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client = client_as(people.admin)

    def add() -> None:
        with tenant_scope(tenant.pk):
            CustomerFactory()
            ProductFactory()
            PartnerFactory(manager=make_member(Role.CHANNEL_MANAGER))

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address(name)).status_code == 200
        return len(queries)

    add()
    client.get(address(name))
    one = count()
    add()
    add()
    assert count() == one

"""Pages of deals: what each role sees, is offered, and cannot reach."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from uuid_utils.compat import uuid7

from partners.deals import actions
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal
from partners.deals.queries import policy
from partners.deals.steps import STEPS
from partners.deals.workdays import today
from partners.directory.models import Customer
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, PartnerFactory, make_member

MakeDeal = Callable[..., Deal]
SignIn = Callable[[Membership], Client]
pytestmark = pytest.mark.django_db


def address(name: str, *args: object, tenant: str = "acme") -> str:
    return reverse(f"deals:{name}", args=(tenant, *args))


def said(response: HttpResponse) -> str:
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def form_data(people: SimpleNamespace, **changes: object) -> dict[str, object]:
    return {
        "token": str(uuid7()),
        "customer_name": "Initech B.V.",
        "customer_domain": "https://www.initech.nl/contact",
        "customer_country": "NL",
        "product": str(people.product.pk),
        "amount": "1.250,00",
        "expected_close": (today(people.seller.tenant) + timedelta(days=30)).isoformat(),
        "stage": "engaging",
        "notes": "Spoke to Bill",
        "then": "submit",
    } | changes


# --- registering -------------------------------------------------------------------------------


def test_a_partner_registers_a_deal_and_reads_what_happens_next(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client = client_as(people.seller)
    assert client.get(address("create")).status_code == 200
    response = client.post(address("create"), form_data(people))
    with tenant_scope(tenant.pk):
        deal = Deal.objects.get()
        customer = Customer.objects.get()
    assert response.status_code == 302
    assert response.url == address("detail", deal.pk)
    assert "answers by" in said(response)
    assert (deal.status, deal.amount, deal.stage, deal.title) == (
        "submitted",
        1_250_00,
        "engaging",
        "Initech B.V. – Router 9000",
    )
    assert (customer.normalised_name, customer.domain, deal.customer_id) == (
        "initech",
        "initech.nl",
        customer.pk,
    )
    assert client.get(response.url).status_code == 200


def test_a_double_click_makes_one_deal(tenant: Tenant, people: SimpleNamespace, client_as: SignIn) -> None:
    client, data = client_as(people.seller), form_data(people)
    first, second = client.post(address("create"), data), client.post(address("create"), data)
    assert first.url == second.url
    with tenant_scope(tenant.pk):
        assert Deal.objects.count() == 1
        assert Event.objects.filter(type="deal.submitted").count() == 1


def test_what_is_missing_is_said_at_the_field_and_nothing_typed_is_lost(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    response = client_as(people.seller).post(
        address("create"), form_data(people, product="", amount="a lot", notes="Spoke to Bill Lumbergh")
    )
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"product", "amount"}
    html = response.content.decode()
    assert "Spoke to Bill Lumbergh" in html
    assert "a lot" in html
    with tenant_scope(tenant.pk):
        assert not Deal.objects.exists()
        assert not Customer.objects.exists()


def test_a_draft_may_be_incomplete(tenant: Tenant, people: SimpleNamespace, client_as: SignIn) -> None:
    client = client_as(people.seller)
    response = client.post(
        address("create"), form_data(people, then="save", product="", amount="", expected_close="")
    )
    assert response.status_code == 302
    with tenant_scope(tenant.pk):
        deal = Deal.objects.get()
        assert deal.status == "draft"
    response = client.post(address("edit", deal.pk), form_data(people, version=deal.version))
    assert response.status_code == 302
    with tenant_scope(tenant.pk):
        deal.refresh_from_db()
        assert (deal.status, deal.amount) == ("submitted", 1_250_00)


def test_a_limit_s_refusal_stands_at_its_field_and_leaves_nothing_behind(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        actions.change_policy(by=people.admin, minimum_amount=5_000_00)
    response = client_as(people.seller).post(address("create"), form_data(people))
    assert response.status_code == 422
    assert "5,000" in str(response.context["form"].errors["amount"])
    with tenant_scope(tenant.pk):
        assert not Deal.objects.exists()


def test_a_partner_cannot_tell_that_the_vendor_knows_the_company(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    """The company that is known and the one that is not look alike to the partner: until the vendor says yes."""
    with tenant_scope(tenant.pk):
        known = CustomerFactory(
            name="INITECH International",
            normalised_name="initech international",
            domain="initech.com",
            industry="Software",
            country="US",
            served_by=people.other_partner,
        )
    client = client_as(people.seller)
    typed = {"customer_name": "Initech International", "customer_domain": "", "customer_country": "US"}
    response = client.post(address("create"), form_data(people, **typed))
    with tenant_scope(tenant.pk):
        deal = Deal.objects.select_related("customer").get()
        assert deal.customer_id != known.pk
        assert (deal.customer.name, deal.customer.domain) == ("Initech International", "")
        assert deal.customer.named_by_id == people.partner.pk
    pages = [
        client.get(response.url),
        client.get(reverse("directory:customers", args=("acme",))),
        client.get(reverse("directory:customer", args=("acme", deal.customer_id))),
        client.get(f"/acme/api/v1/customers/{deal.customer_id}/"),
    ]
    for page in pages:
        assert page.status_code == 200
        for secret in ("INITECH", "initech.com", "Software", "Southwind", known.number, str(known.pk)):
            assert secret not in page.content.decode()
    with tenant_scope(tenant.pk):
        actions.approve(deal, by=people.manager)
        deal.refresh_from_db()
        assert deal.customer_id == known.pk


def test_the_vendor_registers_on_behalf_of_a_portfolio_partner_only(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    response = client_as(people.manager).post(
        address("create"), form_data(people, partner=str(people.partner.pk))
    )
    assert response.status_code == 302
    assert client_as(people.seller).get(response.url).status_code == 200
    response = client_as(people.colleague).post(
        address("create"), form_data(people, partner=str(people.partner.pk))
    )
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"partner"}


def test_suggestions_are_the_partner_s_own_customers(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        CustomerFactory(name="Initech One", served_by=people.partner)
        CustomerFactory(name="Initech Two", served_by=people.other_partner)
    html = client_as(people.seller).get(address("customer_names"), {"customer_name": "init"}).content.decode()
    assert "Initech One" in html
    assert "Initech Two" not in html


# --- deciding ----------------------------------------------------------------------------------


def test_the_manager_approves_and_the_partner_reports_the_win(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        deal = deal_in(Status.SUBMITTED)
    manager, seller = client_as(people.manager), client_as(people.seller)
    assert manager.get(address("approve", deal.pk)).status_code == 200
    response = manager.post(address("approve", deal.pk), {"version": 1})
    assert response.status_code == 302
    assert "holds the customer until" in said(response)
    page = seller.get(address("detail", deal.pk)).content.decode()
    assert "days left" in page
    assert seller.get(address("win", deal.pk)).status_code == 200
    data = {"version": 2, "revenue": "950", "won_on": today(tenant).isoformat()}
    response = seller.post(address("win", deal.pk), data)
    assert "Congratulations" in said(response)
    response = seller.post(address("win", deal.pk), data)
    assert "done already" in said(response)
    with tenant_scope(tenant.pk):
        deal.refresh_from_db()
        assert (deal.status, deal.revenue) == ("won", 950_00)
        assert Event.objects.filter(type="deal.won").count() == 1


def test_an_old_page_says_that_the_deal_has_changed(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        deal = deal_in(Status.SUBMITTED)
        actions.start_review(deal, by=people.manager)
    response = client_as(people.manager).post(
        address("reject", deal.pk), {"version": 1, "reason": "Direct account"}
    )
    assert response.url == address("detail", deal.pk)
    assert "while you had it open" in said(response)
    with tenant_scope(tenant.pk):
        deal.refresh_from_db()
        assert deal.status == "in_review"


def test_a_refusal_names_the_holder_to_the_manager(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        customer = CustomerFactory()
        actions.approve(deal_in(Status.SUBMITTED, customer=customer), by=people.manager)
        rival = deal_in(Status.SUBMITTED, customer=customer, partner=people.other_partner)
    response = client_as(people.manager).post(address("approve", rival.pk), {"version": 1})
    assert response.status_code == 422
    assert "already holds protection" in response.content.decode()
    assert "Northwind" in response.content.decode()


@pytest.mark.parametrize("status", [*Status, ""])
@pytest.mark.parametrize("persona", ["seller", "manager", "colleague", "admin"])
def test_every_button_offered_leads_to_a_page(
    status: str, persona: str, tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        deal = deal_in(status)
    client = client_as(getattr(people, persona))
    page = client.get(address("detail", deal.pk))
    assert page.status_code == 200
    for button in page.context["buttons"]:
        assert client.get(button["url"]).status_code == 200, button["url"]
    offered = {button["url"] for button in page.context["buttons"]}
    for verb in STEPS:
        if address(verb, deal.pk) not in offered:
            assert client.get(address(verb, deal.pk)).status_code in (302, 403)


def test_a_suspended_partner_is_offered_nothing(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        deal = deal_in(Status.APPROVED)
        people.partner.status = "suspended"
        people.partner.save()
    assert client_as(people.seller).get(address("detail", deal.pk)).context["buttons"] == []


# --- walls -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["detail", "edit", *STEPS])
def test_another_partner_s_deal_does_not_exist(
    name: str, tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        deal = deal_in(Status.SUBMITTED)
    vendor_only = name in {
        "start_review",
        "approve",
        "return",
        "reject",
        "cancel",
        "confirm_win",
        "decline_win",
        "reverse",
        "grant_appeal",
        "uphold",
        "extend",
        "decline_extension",
    }
    expected = 403 if vendor_only else 404
    assert client_as(people.stranger).get(address(name, deal.pk)).status_code == expected
    if name != "detail":
        assert client_as(people.stranger).post(address(name, deal.pk), {"version": 1}).status_code == expected


def test_another_tenant_s_deal_does_not_exist(
    tenant: Tenant, other_tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        deal = deal_in(Status.SUBMITTED)
    with tenant_scope(other_tenant.pk):
        admin = make_member(Role.ADMIN)
    client = client_as(admin)
    assert client.get(address("detail", deal.pk, tenant="globex")).status_code == 404
    assert client.get(address("approve", deal.pk, tenant="globex")).status_code == 404
    assert client.get(address("detail", deal.pk)).status_code == 404


def test_a_partner_s_list_filter_and_export_hold_its_own_deals(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        deal_in(Status.SUBMITTED, title="Mine", customer=CustomerFactory(name="Umbrella"))
        deal_in(
            Status.SUBMITTED,
            title="Theirs",
            partner=people.other_partner,
            customer=CustomerFactory(name="Hooli", served_by=people.other_partner),
        )
    client = client_as(people.stranger)
    page = client.get(address("list"), {"filters": "1"})
    assert [row.title for row in page.context["table"].data] == ["Theirs"]
    assert "Umbrella" not in page.content.decode()
    assert "partner" not in page.context["filterset"].form.fields
    csv = b"".join(client.get(address("list"), {"export": "csv"}).streaming_content).decode()
    assert "Theirs" in csv
    assert "Mine" not in csv
    assert [row.title for row in client.get(address("list"), {"q": "Mine"}).context["table"].data] == []
    vendor = client_as(people.colleague).get(address("list"), {"partner": str(people.partner.pk)})
    assert [row.title for row in vendor.context["table"].data] == ["Mine"]


def test_filters_narrow_the_list(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        deal_in(Status.SUBMITTED, title="small", amount=10_00, amount_base=10_00)
        deal_in(Status.APPROVED, title="large", amount=9_000_00, amount_base=9_000_00)
        deal_in("", title="imported", customer=None)
    client = client_as(people.manager)

    def titles(**parameters: str) -> list[str]:
        rows = client.get(address("list"), {**parameters, "sort": "title"}).context["table"].data
        return [row.title for row in rows]

    assert titles() == ["imported", "large", "small"]
    assert titles(status="none") == ["imported"]
    assert titles(status="approved") == ["large"]
    assert titles(amount_min="11", amount_max="9000") == ["large", "imported"][::-1]
    assert titles(amount_min="-1e999", amount_max="1e999") == ["imported", "large", "small"]
    assert titles(without_customer="true") == ["imported"]
    assert titles(family=str(people.product.family_id)) == ["imported", "large", "small"]
    assert titles(manager=str(people.manager.pk)) == ["imported", "large", "small"]
    assert titles(manager=str(people.colleague.pk)) == []


def test_the_inbox_holds_what_the_member_decides_oldest_first(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        unmanaged = PartnerFactory(manager=None)
        old, new = deal_in(Status.SUBMITTED), deal_in(Status.IN_REVIEW)
        free = deal_in(Status.SUBMITTED, partner=unmanaged)
        deal_in(Status.DRAFT)
        Deal.objects.filter(pk=old.pk).update(answer_due_at=old.answer_due_at - timedelta(days=30))

    def waiting(member: Membership) -> list[object]:
        return [row.pk for row in client_as(member).get(address("inbox")).context["table"].data]

    assert waiting(people.manager) == [old.pk, new.pk, free.pk]
    assert waiting(people.colleague) == [free.pk]
    assert waiting(people.admin) == [old.pk, new.pk, free.pk]
    assert "Late since" in client_as(people.manager).get(address("inbox")).content.decode()
    assert client_as(people.seller).get(address("inbox")).status_code == 403


@pytest.mark.parametrize(
    ("name", "persona"),
    [("list", "seller"), ("list", "manager"), ("list", "admin"), ("inbox", "manager"), ("inbox", "admin")],
)
def test_a_list_costs_the_same_queries_for_one_row_and_for_three(
    name: str, persona: str, tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: SignIn
) -> None:
    client = client_as(getattr(people, persona))

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address(name)).status_code == 200
        return len(queries)

    with tenant_scope(tenant.pk):
        deal_in(Status.SUBMITTED)
    client.get(address(name))
    one = count()
    with tenant_scope(tenant.pk):
        deal_in(Status.SUBMITTED)
        deal_in(Status.IN_REVIEW)
    assert count() == one


def test_only_an_admin_sets_the_rules(tenant: Tenant, people: SimpleNamespace, client_as: SignIn) -> None:
    data = {"protection_days": "60", "decision_days": "3", "max_resubmissions": "1", "minimum_amount": "0"}
    data |= {"max_extensions": "1", "extension_days": "30", "escalation_days": "1"}
    for persona in ("seller", "manager"):
        assert client_as(getattr(people, persona)).post(address("policy"), data).status_code == 403
    client = client_as(people.admin)
    assert client.get(address("policy")).status_code == 200
    assert client.post(address("policy"), data).status_code == 302
    with tenant_scope(tenant.pk):
        assert policy().protection_days == 60

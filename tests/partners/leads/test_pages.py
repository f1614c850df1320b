"""Leads as people use them: the pages, from the first click to the deal."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.deals.models import Deal
from partners.leads import actions, panels
from partners.leads.actions import settings
from partners.leads.enums import LeadStatus
from partners.leads.models import Lead, LeadCriteria, LeadPolicy, LeadRule
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import LeadFactory, VendorLeadFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[Membership], Client]
ENTERED = {
    "company": "Acme BV",
    "person": "Jane Doe",
    "email": "jane@acme.example",
    "country": "NL",
    "budget": "9,500",
}


def test_a_partner_enters_a_lead_and_registers_the_deal_without_typing_it_again(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client = client_as(people.seller)
    answer = client.post("/acme/leads/new/", {**ENTERED, "product": str(people.product.pk)}, follow=True)
    assert "Saved. Qualified." in answer.content.decode()
    with tenant_scope(tenant.pk):
        lead = Lead.objects.get()
    page = client.get(f"/acme/leads/{lead.pk}/convert/")
    form = page.context["form"]
    assert form["customer_name"].value() == "Acme BV"
    filled = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    filled |= {"amount": "9500", "expected_close": "2037-01-31", "then": "submit"}
    answer = client.post(f"/acme/leads/{lead.pk}/convert/", filled, follow=True)
    assert "waits for the vendor’s decision" in answer.content.decode()
    with tenant_scope(tenant.pk):
        deal = Deal.objects.get()
        assert (deal.status, deal.amount, deal.customer.name) == ("submitted", 9_500_00, "Acme BV")
        assert Lead.objects.get().status == LeadStatus.CONVERTED


def test_a_lead_without_anybody_to_reach_is_not_saved_and_nothing_typed_is_lost(
    people: SimpleNamespace, client_as: SignIn
) -> None:
    answer = client_as(people.seller).post("/acme/leads/new/", {"company": "Acme BV", "need": "A network"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Give an e-mail address, a telephone number or a website." in page
    assert "A network" in page


def test_the_vendors_lead_is_offered_accepted_and_declined_on_pages(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn, to_anybody: LeadRule
) -> None:
    answer = client_as(people.manager).post("/acme/leads/new/", ENTERED, follow=True)
    assert "who answers by" in answer.content.decode()
    with tenant_scope(tenant.pk):
        lead = Lead.objects.get()
        first, second = people.seller, people.rival
        if lead.partner_id == people.beta.pk:
            first, second = second, first
        version = lead.version
    address = f"/acme/leads/{lead.pk}/"
    assert client_as(second).get(address).status_code == 404
    answer = client_as(first).post(
        f"{address}decline/", {"version": version, "reason": "Too far"}, follow=True
    )
    assert answer.redirect_chain == [("/acme/leads/", 302)]
    assert client_as(first).get(address).status_code == 404
    with tenant_scope(tenant.pk):
        version = Lead.objects.get().version
    page = client_as(second).get(address).content.decode()
    assert "Accept or decline by" in page
    assert "Too far" not in page
    answer = client_as(second).post(f"{address}accept/", {"version": version}, follow=True)
    assert "The lead is yours" in answer.content.decode()
    vendor = client_as(people.manager).get(address).content.decode()
    assert "Too far" in vendor


def test_a_partner_picks_from_the_pool(tenant: Tenant, people: SimpleNamespace, client_as: SignIn) -> None:
    with tenant_scope(tenant.pk):
        lead = actions.put_in_pool(VendorLeadFactory(company="Secret Co", industry="Retail"), by=people.admin)
    page = client_as(people.seller).get("/acme/leads/pool/").content.decode()
    assert "Retail" in page
    assert "Secret Co" not in page
    answer = client_as(people.seller).post(f"/acme/leads/pool/{lead.pk}/", follow=True)
    assert "Secret Co" in answer.content.decode()
    answer = client_as(people.rival).post(f"/acme/leads/pool/{lead.pk}/", follow=True)
    assert "someone was quicker" in answer.content.decode()


def test_criteria_are_said_in_words_and_judge_open_leads_anew(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        small = LeadFactory(partner=people.alpha, budget=5_000_00, industry="Retail")
        closed = LeadFactory(partner=people.alpha, status="disqualified")
    answer = client_as(people.admin).post(
        "/acme/leads/criteria/",
        {
            "sales-min_budget": "10,000",
            "sales-industries": "retail, Healthcare",
            "marketing-min_employees": "50",
        },
        follow=True,
    )
    assert "judged anew" in answer.content.decode()
    with tenant_scope(tenant.pk):
        assert LeadCriteria.objects.get(kind="sales").industries == ["retail", "healthcare"]
        small.refresh_from_db()
        closed.refresh_from_db()
        assert (small.qualified, closed.qualified) == (False, True)
    page = client_as(people.seller).get(f"/acme/leads/{small.pk}/").content.decode()
    assert "Not qualified: budget below €10,000" in page


def test_many_leads_are_judged_by_a_job(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "AT_ONCE", 2)
    monkeypatch.setattr(settings, "CHUNK", 2)
    with tenant_scope(tenant.pk):
        LeadFactory.create_batch(5, partner=people.alpha, budget=1_00)
        job = actions.change_criteria(by=people.admin, sales={"min_budget": 2_00}, marketing={})
        assert Lead.objects.filter(qualified=True).count() == 5
        for _chunk in range(3):
            settings.requalify(job)
        assert Lead.objects.filter(qualified=True).count() == 0


def test_an_admin_writes_a_rule_sees_what_it_would_do_and_orders_them(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client = client_as(people.admin)
    with tenant_scope(tenant.pk):
        VendorLeadFactory.create_batch(2, country="NL")
    rule = {
        "name": "Dutch",
        "is_active": "on",
        "countries": ["NL"],
        "outcome": "offer",
        "same_country": "on",
        "preference": "load",
    }
    page = client.post("/acme/leads/rules/new/", {**rule, "then": "preview"}).content.decode()
    assert "Where the leads of the last 90 days would have gone" in page
    assert "Alpha" in page
    with tenant_scope(tenant.pk):
        assert not LeadRule.objects.exists()
    client.post("/acme/leads/rules/new/", {**rule, "then": "save"})
    client.post(
        "/acme/leads/rules/new/", {"name": "Rest", "outcome": "pool", "preference": "load", "is_active": "on"}
    )
    page = client.get("/acme/leads/rules/").content.decode()
    assert "from Netherlands" in page
    with tenant_scope(tenant.pk):
        rest = LeadRule.objects.get(name="Rest")
    client.post(f"/acme/leads/rules/{rest.pk}/move/", {"to": "up"})
    with tenant_scope(tenant.pk):
        assert list(LeadRule.objects.order_by("position").values_list("name", flat=True)) == ["Rest", "Dutch"]
    answer = client.post("/acme/leads/rules/new/", {**rule, "then": "save"})
    assert "There is a rule of this name already" in answer.content.decode()
    client.post(f"/acme/leads/rules/{rest.pk}/remove/")
    answer = client.post(
        "/acme/leads/terms/",
        {"answer_within": "8", "answer_unit": "hours", "max_offers": "2", "after_offers": "manager"},
        follow=True,
    )
    assert "Partners answer within 8 hours; at most 2 are asked" in " ".join(answer.content.decode().split())
    with tenant_scope(tenant.pk):
        assert LeadPolicy.objects.get().automatic is False


@pytest.mark.parametrize("who", ["seller", "admin"])
def test_the_list_searches_exports_and_takes_constant_queries(
    who: str, tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client = client_as(getattr(people, who))
    with tenant_scope(tenant.pk):
        LeadFactory(partner=people.alpha, company="Needle", product=people.product)
    client.get("/acme/leads/")
    with CaptureQueriesContext(connection) as one:
        client.get("/acme/leads/")
    with tenant_scope(tenant.pk):
        LeadFactory.create_batch(2, partner=people.alpha, product=people.product)
        LeadFactory(partner=people.beta, company="Hidden needle")
    with CaptureQueriesContext(connection) as three:
        client.get("/acme/leads/")
    assert len(three) == len(one)
    found = client.get("/acme/leads/?q=needle").content.decode()
    assert ("Hidden needle" in found) == (who == "admin")
    content = b"".join(client.get("/acme/leads/?export=csv")).decode()
    assert ("Hidden needle" in content) == (who == "admin")
    assert "Needle" in content


def test_the_home_pages_say_what_waits(tenant: Tenant, people: SimpleNamespace, to_anybody: LeadRule) -> None:
    with tenant_scope(tenant.pk):
        lead = actions.enter_lead(by=people.admin, company="Acme", phone="1")
        waiting = VendorLeadFactory()
        with CaptureQueriesContext(connection) as queries:
            data = panels.to_distribute(people.manager)
        assert ([row.pk for row in data["leads"]], data["count"], len(queries)) == ([waiting.pk], 1, 2)
    holder = people.seller if lead.partner_id == people.alpha.pk else people.rival
    with tenant_scope(tenant.pk, holder.partner_id):
        with CaptureQueriesContext(connection) as queries:
            data = panels.my_leads(holder)
        assert len(queries) == 2
        assert [row["lead"].pk for row in data["rows"]] == [lead.pk]
        assert data["totals"]["waiting"] == 1

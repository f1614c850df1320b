"""Leads over the API."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from partners.leads.models import Lead, LeadRule
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import LeadFactory, VendorLeadFactory

pytestmark = pytest.mark.django_db
SignIn = Callable[[Membership], Client]
LEADS = "/acme/api/v1/leads/"


def post(client: Client, path: str, **data: object) -> object:
    return client.post(f"{LEADS}{path}", data, content_type="application/json")


def test_a_repeated_post_makes_one_lead(tenant: Tenant, people: SimpleNamespace, client_as: SignIn) -> None:
    client = client_as(people.seller)
    body = {"company": "Acme", "email": "a@acme.example", "external_id": "X1", "channel": "earned"}
    answers = [
        client.post(LEADS, body, content_type="application/json", headers={"Idempotency-Key": "k1"})
        for _time in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert (answers[0].json()["origin"], answers[0].json()["qualification"]) == ("own", "Qualified")
    with tenant_scope(tenant.pk):
        assert Lead.objects.count() == 1


def test_a_lead_goes_its_way_over_the_api(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn, to_anybody: LeadRule
) -> None:
    manager = client_as(people.manager)
    made = post(manager, "", company="Acme", phone="1").json()
    assert made["status"] == "offered"
    first, second = people.seller, people.rival
    if made["partner"] == str(people.beta.pk):
        first, second = second, first
    path = f"{made['id']}/"
    assert client_as(second).get(LEADS + path).status_code == 404
    assert post(client_as(first), f"{path}decline/", reason="Too far").status_code == 204
    assert client_as(first).get(LEADS + path).status_code == 404
    seen = client_as(second).get(LEADS + path).json()
    assert "created_at" not in seen
    assert "Too far" not in str(seen)
    assert post(client_as(second), f"{path}accept/").json()["status"] == "open"
    changed = client_as(second).patch(LEADS + path, {"notes": "Called them"}, content_type="application/json")
    assert changed.json()["notes"] == "Called them"
    refused = client_as(second).patch(LEADS + path, {"company": "Other"}, content_type="application/json")
    assert refused.status_code == 409 or refused.status_code == 400
    done = post(client_as(second), f"{path}convert/", product=str(people.product.pk), amount=500_00).json()
    assert (done["status"], done["deal"] is not None) == ("converted", True)


def test_the_pool_tells_what_leads_are_about_and_the_first_gets_one(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        lead = VendorLeadFactory(company="Secret Co", status="pool", pooled_at=timezone.now())
    listed = client_as(people.seller).get(f"{LEADS}pool/").json()
    assert [item["id"] for item in listed] == [str(lead.pk)]
    assert "Secret" not in str(listed)
    assert post(client_as(people.seller), f"{lead.pk}/pick/").json()["company"] == "Secret Co"
    again = post(client_as(people.rival), f"{lead.pk}/pick/")
    unknown = post(client_as(people.rival), f"{people.alpha.pk}/pick/")
    assert again.status_code == unknown.status_code != 200
    assert again.json() == unknown.json()


def test_a_partner_cannot_ask_by_an_external_id_whether_a_lead_is_there(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        LeadFactory(partner=people.beta, company="Secret Co", external_id="X1", number="L-0")
    client = client_as(people.seller)
    answers = [
        post(client, "", company="Acme", phone="1", external_id=external_id) for external_id in ("X1", "X2")
    ]
    assert [(answer.status_code, answer.json()["external_id"]) for answer in answers] == [
        (201, ""),
        (201, ""),
    ]

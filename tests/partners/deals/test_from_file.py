"""Registering many deals from one file."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal
from partners.directory.models import Customer
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, ProductFactory

SignIn = Callable[[Membership], Client]
pytestmark = pytest.mark.django_db

HEADER = "Customer,Website,Country,Product,Quantity,Price each,Expected amount,Expected close,Stage,Notes\n"
GOOD = HEADER + (
    "Initech,initech.example,NL,Router 9000,3,250.00,,2037-03-31,Proposal,Spoke to Bill\n"
    'Globex,,,Router 9000,,,"12,500",31 May 2037,,\n'
)


def address(name: str) -> str:
    return reverse(f"deals:{name}", args=("acme",))


def send(client: Client, text: str | bytes, **more: object) -> HttpResponse:
    content = text.encode() if isinstance(text, str) else text
    return client.post(address("from_file"), {"file": SimpleUploadedFile("deals.csv", content)} | more)


def picked(answer: Any) -> list[str]:
    return [f"{row['kept'].deal.pk}:{row['kept'].deal.version}" for row in answer.context["rows"]]


def test_each_row_becomes_a_draft_and_then_a_registration(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client = client_as(people.seller)
    answer = send(client, GOOD)
    assert answer.status_code == 200
    with tenant_scope(tenant.pk):
        first, second = Deal.objects.order_by("number")
        assert [first.status, second.status] == [Status.DRAFT, Status.DRAFT]
        assert (first.partner_id, first.owner_id) == (people.partner.pk, people.seller.pk)
        assert (first.customer.name, first.customer.domain, first.customer.country) == (
            "Initech",
            "initech.example",
            "NL",
        )
        assert (first.amount, str(first.expected_close), first.stage, first.notes) == (
            75_000,
            "2037-03-31",
            "proposal",
            "Spoke to Bill",
        )
        assert [(line.quantity, line.unit_price) for line in first.lines.all()] == [(3, 25_000)]
        assert (second.amount, str(second.expected_close), second.stage) == (
            1_250_000,
            "2037-05-31",
            "prospecting",
        )
    outlook = answer.context["rows"][0]["outlook"]
    assert (outlook.conflict, outlook.own, outlook.expected.is_automatic) == (False, (), False)
    answer = client.post(address("submit_many"), {"deal": picked(answer)})
    assert (len(answer.context["done"]), answer.context["refused"]) == (2, [])
    with tenant_scope(tenant.pk):
        assert set(Deal.objects.values_list("status", flat=True)) == {Status.SUBMITTED}


def test_the_same_file_again_makes_no_second_deal_and_shows_what_became_of_the_first(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client = client_as(people.seller)
    client.post(address("submit_many"), {"deal": picked(send(client, GOOD))})
    answer = send(client, GOOD + "Umbrella,,,Router 9000,,,900,2037-06-30,,\n")
    rows = answer.context["rows"]
    assert [row["kept"].was_there for row in rows] == [True, True, False]
    assert answer.context["open_count"] == 1
    # What was submitted meanwhile is not submitted twice, whoever sends it again.
    answer = client.post(address("submit_many"), {"deal": picked(answer)})
    assert (len(answer.context["done"]), len(answer.context["refused"])) == (1, 2)
    with tenant_scope(tenant.pk):
        assert Deal.objects.count() == 3
        assert Customer.objects.count() == 3


def test_a_refused_row_says_why_and_stops_no_other(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        ProductFactory(name="Old Modem", is_active=False)
    rows = [
        ",,,Router 9000,,,900,2037-06-30,,",
        "Initech,,,Toaster,,,900,2037-06-30,,",
        "Initech,,,Old Modem,,,900,2037-06-30,,",
        "Initech,,,Router 9000,2,,,2037-06-30,,",
        "Initech,,,Router 9000,0,5,,2037-06-30,,",
        "Initech,,,Router 9000,,,GBP 900,2037-06-30,,",
        "Initech,,,Router 9000,,,900,soon,,",
        "Initech,,,Router 9000,,,900,2037-06-30,Won,",
        "Globex,,,router9000,,,900,2037-06-30,,",
        "Globex,,,router9000,,,900,2037-06-30,,",
        "Umbrella,,,Router 9000,,,900,2026-01-31,,",
    ]
    answer = send(client_as(people.seller), HEADER + "\n".join(rows) + "\n")
    assert answer.status_code == 200, answer.context["form"].errors
    taken = answer.context["taken"]
    assert [row for row, _why in taken.refused] == [2, 3, 4, 5, 6, 7, 8, 9, 12]
    why = {row: " ".join(sentences) for row, sentences in taken.refused}
    assert "Customer" in why[2] and "“Toaster”" in why[3] and "Expected amount" in why[5]
    assert "more than 0" in why[6] and "an amount in EUR" in why[7] and "“soon”" in why[8]
    assert "a date that has not passed" in why[12]
    assert [kept.deal.customer.name for kept in taken.kept] == ["Globex"]
    assert taken.repeated == [11] and taken.read_as == [("router9000", "Router 9000")]
    with tenant_scope(tenant.pk):
        assert Deal.objects.count() == 1


def test_dollars_are_not_taken_for_euros(tenant: Tenant, people: SimpleNamespace, client_as: SignIn) -> None:
    text = HEADER + "Initech,,,Router 9000,,,$900,2037-06-30,,\nGlobex,,,Router 9000,,,€ 900,2037-06-30,,\n"
    ((row, reasons),) = send(client_as(people.seller), text).context["taken"].refused
    assert (row, "expected an amount in EUR" in reasons[0]) == (2, True)
    with tenant_scope(tenant.pk):
        assert [deal.amount for deal in Deal.objects.all()] == [900_00]


def test_what_a_limit_refuses_stays_a_draft(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    admin = client_as(people.admin)
    client = client_as(people.seller)
    policy = {
        "protection_days": 90,
        "decision_days": 2,
        "max_resubmissions": 3,
        "minimum_amount": "0",
        "max_open": 1,
        "max_extensions": 1,
        "extension_days": 30,
        "escalation_days": 1,
    }
    assert admin.post(address("policy"), policy).status_code == 302
    answer = client.post(address("submit_many"), {"deal": picked(send(client, GOOD))})
    (refused,) = answer.context["refused"]
    assert "1 registration may be open" in refused.refusal
    with tenant_scope(tenant.pk):
        assert sorted(Deal.objects.values_list("status", flat=True)) == [Status.DRAFT, Status.SUBMITTED]


def test_a_partner_s_file_tells_nothing_of_others(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    """The vendor's record of the same company is not found, and another partner's row is another deal."""
    with tenant_scope(tenant.pk):
        known = CustomerFactory(name="Initech", domain="initech.example", country="NL")
    send(client_as(people.seller), GOOD)
    answer = send(client_as(people.stranger), GOOD)
    assert [row["kept"].was_there for row in answer.context["rows"]] == [False, False]
    theirs = [f"{row['kept'].deal.pk}:{row['kept'].deal.version}" for row in answer.context["rows"]]
    with tenant_scope(tenant.pk):
        assert not Deal.objects.filter(customer=known).exists()
        assert Deal.objects.count() == 4
    # The ids of another partner's drafts pick nothing.
    answer = client_as(people.seller).post(address("submit_many"), {"deal": theirs})
    assert answer.status_code == 302
    with tenant_scope(tenant.pk):
        assert not Deal.objects.exclude(status=Status.DRAFT).exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"Name\nInitech\n", "no column for: "),
        (b"\x00\x01", ""),
        ((HEADER + "A,,,Router 9000,,,9,2037-06-30,,\n" * 101).encode(), "rows"),
        (b"%PDF-1.7", "PDF"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_beside_its_field(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn, content: bytes, says: str
) -> None:
    answer = send(client_as(people.seller), content)
    assert answer.status_code == 422
    (message,) = answer.context["form"].errors["file"]
    assert says in message


def test_dates_that_can_be_read_in_two_ways_are_asked_for(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client = client_as(people.seller)
    text = HEADER + "Initech,,,Router 9000,,,900,03-04-2037,,\n"
    answer = send(client, text)
    assert answer.status_code == 422 and "03-04-2037" in answer.context["form"].errors["order"][0]
    answer = send(client, text, order="dmy")
    with tenant_scope(tenant.pk):
        assert str(Deal.objects.get().expected_close) == "2037-04-03"


def test_the_vendor_s_people_register_for_a_partner_of_their_portfolio(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client = client_as(people.manager)
    assert send(client, GOOD).status_code == 422  # for whom?
    send(client, GOOD, partner=str(people.partner.pk))
    with tenant_scope(tenant.pk):
        assert set(Deal.objects.values_list("partner_id", flat=True)) == {people.partner.pk}
    assert send(client_as(people.colleague), GOOD, partner=str(people.partner.pk)).status_code == 422


def test_the_template_names_what_is_understood(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    content = b"".join(client_as(people.seller).get(address("file_template")).streaming_content)
    assert content.decode("utf-8-sig").strip() == HEADER.strip()

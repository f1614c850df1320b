"""The form by which a deal is registered: what it keeps, what it says before, and what it makes."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import get_scope
from uuid_utils.compat import uuid7

from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal, DealLine
from partners.deals.workdays import today
from partners.directory.models import Customer, CustomerPartner
from partners.matching import queries as matching
from partners.matching.actions import index_customers
from portal.accounts.models import Membership
from portal.files.models import Attachment
from portal.tenancy import pace
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, DealFactory, ProductFactory
from tests.portal.files.builders import upload

MakeDeal = Callable[..., Deal]
SignIn = Callable[[Membership], Client]
pytestmark = pytest.mark.django_db


def address(name: str, *args: object) -> str:
    return reverse(f"deals:{name}", args=("acme", *args))


def typed(people: SimpleNamespace, **changes: object) -> dict[str, object]:
    return {
        "token": str(uuid7()),
        "customer_name": "Initech",
        "customer_domain": "",
        "customer_country": "NL",
        "product": str(people.product.pk),
        "quantity": "3",
        "unit_price": "250",
        "amount": "",
        "expected_close": (today(people.seller.tenant) + timedelta(days=30)).isoformat(),
        "stage": "engaging",
        "notes": "",
        "then": "submit",
    } | changes


def lines(deal: Deal) -> list[tuple[object, int, int | None]]:
    return [(line.product_id, line.quantity, line.unit_price) for line in deal.lines.order_by("position")]


# --- keeping what is typed ---------------------------------------------------------------------


def test_what_is_typed_is_kept_letter_by_letter_in_one_draft_and_one_customer(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client, token = client_as(people.seller), str(uuid7())
    for name in ("Ini", "Initech", "Initech Holding"):
        with tenant_scope(tenant.pk):
            version = Deal.objects.filter(pk=token).values_list("version", flat=True).first() or ""
        data = typed(people, token=token, customer_name=name, amount="a lot", version=version)
        answer = client.post(address("save_draft"), data)
        assert answer.status_code == 200
        assert "Not readable yet" in answer.content.decode()
    with tenant_scope(tenant.pk):
        deal, customer = Deal.objects.get(), Customer.objects.get()
        assert (deal.status, deal.customer, deal.title) == (
            "draft",
            customer,
            "Initech Holding – Router 9000",
        )
        assert (customer.name, customer.named_by_id) == ("Initech Holding", people.partner.pk)
    response = client.post(address("create"), typed(people, token=token, version=deal.version))
    assert response.url == address("detail", deal.pk)
    with tenant_scope(tenant.pk):
        deal.refresh_from_db()
        assert (deal.status, deal.amount, lines(deal)) == (
            "submitted",
            750_00,
            [(people.product.pk, 3, 250_00)],
        )
        assert Customer.objects.get().name == "Initech"


def test_an_empty_form_makes_no_draft(tenant: Tenant, people: SimpleNamespace, client_as: SignIn) -> None:
    empty = {"token": str(uuid7()), "quantity": "1", "stage": "prospecting"}
    assert client_as(people.seller).post(address("save_draft"), empty).status_code == 200
    with tenant_scope(tenant.pk):
        assert not Deal.objects.exists()


def test_another_partner_s_draft_cannot_be_kept_in(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn, deal_in: MakeDeal
) -> None:
    with tenant_scope(tenant.pk):
        theirs = deal_in(Status.DRAFT, partner=people.other_partner, title="Theirs")
    answer = client_as(people.seller).post(address("save_draft"), typed(people, token=str(theirs.pk)))
    assert "Open a new one" in answer.content.decode()
    with tenant_scope(tenant.pk):
        theirs.refresh_from_db()
        assert theirs.title == "Theirs"


def test_corrections_of_an_own_customer_are_kept_and_those_of_a_shared_one_refused(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn, deal_in: MakeDeal
) -> None:
    client = client_as(people.seller)
    response = client.post(address("create"), typed(people, then="save"))
    with tenant_scope(tenant.pk):
        deal = Deal.objects.get()
    corrected = typed(
        people,
        token=str(deal.pk),
        version=deal.version,
        then="save",
        customer_domain="www.initech.be",
        customer_country="BE",
    )
    assert client.post(address("edit", deal.pk), corrected).status_code == 302
    with tenant_scope(tenant.pk):
        customer = Customer.objects.get()
        assert (customer.domain, customer.country) == ("initech.be", "BE")
        shared = CustomerFactory(
            name="Globex", normalised_name="globex", served_by=people.partner, number="C-X"
        )
        other = deal_in(Status.DRAFT, customer=shared, number="DR-1")
        deal_in(Status.DRAFT, customer=shared, number="DR-2")
    changed = typed(
        people, token=str(other.pk), version=other.version, customer_name="Globex", customer_country="BE"
    )
    response = client.post(address("edit", other.pk), changed)
    assert response.status_code == 422
    assert "customer_country" in response.context["form"].errors


def test_a_known_customer_is_found_by_its_name_or_its_website(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        known = CustomerFactory(
            name="Initech", normalised_name="initech", domain="initech.nl", served_by=people.partner
        )
        CustomerFactory(name="Initech Secret", served_by=people.other_partner)
    client = client_as(people.seller)
    offered = client.get(address("customer_names"), {"customer_name": "init"}).content.decode()
    assert "Initech" in offered
    assert "Secret" not in offered
    for name in ("initech", "www.initech.nl"):
        client.post(address("create"), typed(people, customer_name=name, customer_country=""))
    with tenant_scope(tenant.pk):
        assert {deal.customer_id for deal in Deal.objects.all()} == {known.pk}
        assert CustomerPartner.objects.filter(partner=people.partner).count() == 1


# --- what it says before -----------------------------------------------------------------------


def test_the_partner_sees_before_submitting_what_would_come_of_it(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn, deal_in: MakeDeal
) -> None:
    client = client_as(people.seller)
    free = client.post(address("save_draft"), typed(people, customer_name="Umbrella")).content.decode()
    assert "No conflict." in free
    assert people.manager.name in free
    assert "90 days" in free
    with tenant_scope(tenant.pk):
        rival = CustomerFactory(name="Initech GmbH", normalised_name="initech", number="C-X")
        index_customers([rival.pk])
        held = deal_in(Status.APPROVED, customer=rival, partner=people.other_partner, number="DR-HELD")
    taken = client.post(address("save_draft"), typed(people, customer_name="Inittech")).content.decode()
    assert "There is a conflict." in taken
    for secret in ("Southwind", held.number, "GmbH", str(held.pk), str(rival.pk)):
        assert secret not in taken


@pytest.mark.parametrize("taken", [False, True])
def test_every_answer_that_looks_for_conflicts_keeps_the_same_pace(
    taken: bool,
    tenant: Tenant,
    people: SimpleNamespace,
    client_as: SignIn,
    deal_in: MakeDeal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On the page, in the form, from a file and by the API: after `PACE` or a multiple of it, and when the request's
    transaction has ended, so that nobody waits for what it has locked."""
    left: list[tuple[int, dict[str, object]]] = []
    clock = SimpleNamespace(now=0.0)
    clock.monotonic = lambda: clock.now
    clock.sleep = lambda seconds: left.append((round((clock.now + seconds) * 1000), get_scope()))
    monkeypatch.setattr(matching, "PACE", 0.2)
    monkeypatch.setattr(pace, "time", clock)
    with tenant_scope(tenant.pk):
        rivals = CustomerFactory(name="Initech", number="C-90000")
        index_customers([rivals.pk])
        if taken:
            deal_in(Status.APPROVED, partner=people.other_partner, customer=rivals, number="DR-1999-9")
        mine = [
            deal_in(
                Status.DRAFT,
                number=f"DR-1999-{number}",
                customer=CustomerFactory(name="Initech", number=f"C-9{number}", served_by=people.partner),
            )
            for number in range(3)
        ]
    client, api = client_as(people.seller), f"/acme/api/v1/deals/{mine[1].pk}/submit/"
    client.get(address("edit", mine[0].pk))
    client.post(address("save_draft"), typed(people, customer_name="Umbrella", token=str(uuid7())))
    client.post(address("create"), typed(people, customer_name="Umbrella"))
    assert client.post(address("submit", mine[0].pk), {"version": 1}).status_code == 302
    assert client.post(api, {"version": 1}, content_type="application/json").status_code == 200
    client.post(address("submit_many"), {"deal": f"{mine[2].pk}:1"})
    assert left == [(200, {})] * 6
    left.clear()
    client.get(address("list"))
    assert left == []
    with tenant_scope(tenant.pk):
        assert Deal.objects.get(pk=mine[0].pk).conflict_seen is taken


def test_the_partner_s_own_deal_in_the_way_is_named(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client = client_as(people.seller)
    client.post(address("create"), typed(people))
    with tenant_scope(tenant.pk):
        first = Deal.objects.get()
    answer = client.post(address("save_draft"), typed(people)).content.decode()
    assert first.number in answer
    assert "No conflict." in answer
    assert "Nobody else’s claim" in answer


def test_a_page_that_is_no_longer_new_overwrites_nothing_by_itself_and_loses_nothing(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client, token = client_as(people.seller), str(uuid7())
    client.post(address("save_draft"), typed(people, token=token))
    with tenant_scope(tenant.pk):
        seen = Deal.objects.get().version
    client.post(address("edit", token), typed(people, version=seen, notes="From the first tab", then="save"))

    stale = typed(people, token=token, version=seen, notes="From the second tab")
    kept = client.post(address("save_draft"), stale).content.decode()
    assert "Someone changed this deal" in kept
    assert 'name="version"' not in kept  # else the next keeping would overwrite the first tab's
    answer = client.post(address("edit", token), stale)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "From the second tab" in html
    with tenant_scope(tenant.pk):
        deal = Deal.objects.get()
        assert (deal.status, deal.notes) == ("draft", "From the first tab")
    assert f'name="version" value="{deal.version}"' in html
    assert client.post(address("edit", token), stale | {"version": deal.version}).status_code == 302
    with tenant_scope(tenant.pk):
        deal.refresh_from_db()
        assert (deal.status, deal.notes) == ("submitted", "From the second tab")


def test_a_day_that_has_passed_and_an_unreadable_website_are_slips(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client, day = client_as(people.seller), today(tenant)
    slips = {"expected_close": (day - timedelta(days=1)).isoformat(), "customer_domain": "htp:/initech"}
    answer = client.post(address("create"), typed(people, **slips))
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"expected_close", "customer_domain"}
    good = {"expected_close": day.isoformat(), "customer_domain": "https://www.initech.example/about"}
    assert client.post(address("create"), typed(people, **good)).status_code == 302


def test_a_draft_whose_close_has_passed_is_not_submitted_from_its_page_or_by_api(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        late = DealFactory(partner=people.partner, expected_close=today(tenant) - timedelta(days=1))
    client = client_as(people.seller)
    page = client.post(address("submit", late.pk), {"version": late.version}, follow=True)
    assert "has passed. When do you expect the order now?" in page.content.decode()
    by_api = client.post(f"/acme/api/v1/deals/{late.pk}/submit/", {}, content_type="application/json")
    assert (by_api.status_code, by_api.json()["code"]) == (409, "passed")
    answer = client.post(address("submit_many"), {"deal": [f"{late.pk}:{late.version}"]})
    assert "has passed" in answer.context["refused"][0].refusal
    with tenant_scope(tenant.pk):
        assert Deal.objects.get().status == "draft"


# --- products ----------------------------------------------------------------------------------


def test_products_of_two_families_become_two_registrations(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    """Three routers at 250 and two years of support at 100 are 750 and 200, each protected by itself."""
    with tenant_scope(tenant.pk):
        support = ProductFactory(name="Support")
    further = {"line-4-product": str(support.pk), "line-4-quantity": "2", "line-4-unit_price": "100"}
    client = client_as(people.seller)
    response = client.post(address("create"), typed(people, **further))
    assert response.status_code == 302
    with tenant_scope(tenant.pk):
        first, second = Deal.objects.order_by("number")
        assert [(deal.status, deal.amount, deal.family_id) for deal in (first, second)] == [
            ("submitted", 750_00, people.product.family_id),
            ("submitted", 200_00, support.family_id),
        ]
        assert (lines(first), lines(second)) == (
            [(people.product.pk, 3, 250_00)],
            [(support.pk, 2, 100_00)],
        )
        assert first.customer_id == second.customer_id
    unpriced = typed(people, amount="900", **further | {"line-4-unit_price": ""})
    response = client.post(address("create"), unpriced)
    assert response.status_code == 422
    assert "different families" in str(response.context["form"].errors)
    with tenant_scope(tenant.pk):
        assert Deal.objects.count() == 2


def test_lines_are_added_and_taken_away_without_saving(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client = client_as(people.seller)
    more = client.post(address("create"), typed(people, lines="add"))
    assert [form.number for form in more.context["form"].lines] == [1]
    data = typed(people, **{"line-1-product": "", "line-2-product": "", "lines": "drop:1"})
    less = client.post(address("create"), data)
    assert [form.number for form in less.context["form"].lines] == [2]
    with tenant_scope(tenant.pk):
        assert not Deal.objects.exists()


def test_an_earlier_deal_is_the_start_of_a_new_one(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn, deal_in: MakeDeal
) -> None:
    client = client_as(people.seller)
    client.post(address("create"), typed(people, notes="Spoke to Bill"))
    with tenant_scope(tenant.pk):
        first = Deal.objects.get()
        customer = CustomerFactory(number="C-THEIRS", served_by=people.other_partner)
        theirs = deal_in(Status.WON, partner=people.other_partner, customer=customer, number="DR-THEIRS")
    form = client.get(address("create"), {"like": str(first.pk)}).context["form"]
    kept = {name: form.initial[name] for name in ("customer_name", "quantity", "unit_price", "notes")}
    assert kept == {
        "customer_name": "Initech",
        "quantity": 3,
        "unit_price": 250_00,
        "notes": "Spoke to Bill",
    }
    assert form.initial["token"] != first.pk
    assert client.get(address("create"), {"like": str(theirs.pk)}).status_code == 404


def test_a_partner_s_session_sees_its_own_lines_only(
    tenant: Tenant, people: SimpleNamespace, client_as: SignIn
) -> None:
    client_as(people.seller).post(address("create"), typed(people))
    with tenant_scope(tenant.pk, people.other_partner.pk):
        assert not DealLine.objects.exists()
    with tenant_scope(tenant.pk, people.partner.pk):
        assert DealLine.objects.count() == 1


def test_files_come_with_the_form(tenant: Tenant, people: SimpleNamespace, client_as: SignIn) -> None:
    client = client_as(people.seller)
    data = typed(people) | {"attachments": upload("quote.pdf", b"<html>")}
    refused = client.post(address("create"), data)
    assert refused.status_code == 422 and "genuine PDF" in refused.context["form"].errors["attachments"][0]
    answer = client.post(address("create"), data | {"attachments": [upload("quote.pdf"), upload("plan.pdf")]})
    assert answer.status_code == 302
    with tenant_scope(tenant.pk):
        deal = Deal.objects.get()
        assert deal.status == Status.SUBMITTED
        found = Attachment.objects.filter(subject_id=deal.pk, partner_id=people.partner.pk)
        assert sorted(found.values_list("name", flat=True)) == ["plan.pdf", "quote.pdf"]

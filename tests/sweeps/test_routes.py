"""Every address under a tenant, tried as everybody. A new address that is not classified here fails."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone
from openpyxl import load_workbook

from partners.deals.actions import reject, submit
from partners.deals.enums import RegistrationStatus
from partners.deals.models import Deal
from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from partners.matching import queries as matching
from portal.accounts.enums import Role
from portal.accounts.models import Membership, User
from portal.events.models import Event
from portal.shell.lists import ListPage
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import make_member
from tests.sweeps.access import FLOORS, NEEDS_MORE, OWN, PARTNER, PUBLIC, ROUTES
from tests.sweeps.house import House, furnish
from tests.sweeps.routes import Route, tenant_routes

# What stands for arguments that do not name a thing.
FIXED = {
    "status": "suspended",
    "form": "csv",
    "code": "revenue",
    "kind": "programme",
    "subject": "deals.deal",
    "state": "published",
    "verb": "up",
    "listed": "reason",
    "key": "q1",
}
# News concerns the person alone: who may only read may still mark it as read.
OWN_MATTERS = frozenset({"notifications:read", "notifications:read_all", "notifications:choices"})


@pytest.fixture
def house(tenant: Tenant) -> House:
    return furnish(tenant)


def address(route: Route, things: dict[str, UUID | str], slug: str = "acme") -> str:
    thing = ROUTES[route.name][1]
    arguments = {name: things[thing] if name in {"pk", "secret"} else FIXED[name] for name in route.arguments}
    return reverse(route.name, kwargs={"tenant": slug, **arguments})


def answers(client: Client, url: str) -> list[HttpResponse]:
    """What the address says to a GET and to an empty POST."""
    return [client.get(url), client.post(url)]


def statuses(client: Client, url: str) -> set[int]:
    """The statuses without 405, which says nothing about who may."""
    return {response.status_code for response in answers(client, url)} - {405}


def routes() -> list[Route]:
    return [route for route in tenant_routes() if route.name in ROUTES]


def test_every_address_is_classified_once():
    classified = sorted(name for floor in FLOORS for name in floor.ROUTES)
    assert classified == [route.name for route in tenant_routes()]


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_what_it_may_and_403_for_the_rest(
    role: Role, house: House, client_as: Callable[[Membership], Client]
):
    client = client_as(house.members[role])
    wrong = {}
    for route in routes():
        allowed, _thing = ROUTES[route.name]
        if allowed == PUBLIC:
            continue
        url = address(route, house.things | house.personal[role])
        if role in allowed:
            seen = {client.get(url).status_code} - {405}
            if not seen <= {200, 204, 302} and route.name not in NEEDS_MORE:
                wrong[route.name] = seen
        else:
            seen = statuses(client, url)
            if seen != {403}:
                wrong[route.name] = seen
    assert wrong == {}


# Answers are exported with what was answered, from the results; views are a person's own settings.
NOT_EXPORTED = {"surveys:responses", "reports:list"}


def test_every_list_is_exported_and_opens_in_a_spreadsheet(
    house: House, client_as: Callable[[Membership], Client]
):
    wrong, without = {}, set()
    for route in routes():
        allowed, _thing = ROUTES[route.name]
        role = next((one for one in (Role.ADMIN, Role.PARTNER_OWNER) if one in allowed), None)
        if role is None:
            continue
        url = address(route, house.things | house.personal[role])
        kind = getattr(resolve(url).func, "view_class", None)
        if kind is None or not issubclass(kind, ListPage):
            continue
        if not kind.export_name:
            without.add(route.name)
            continue
        answer = client_as(house.members[role]).get(f"{url}?export=xlsx")
        if answer.status_code != 200 or not answer.streaming:
            wrong[route.name] = answer.status_code
            continue
        header, *rows = load_workbook(BytesIO(b"".join(answer))).active.iter_rows(values_only=True)
        if not all(header) or any("<" in str(cell) for row in rows for cell in row):
            wrong[route.name] = [header, *rows]
    assert wrong == {}
    assert without == NOT_EXPORTED


@pytest.mark.parametrize("role", sorted(PARTNER))
def test_another_partners_things_do_not_exist(
    role: Role, house: House, client_as: Callable[[Membership], Client]
):
    client = client_as(house.members[role])
    wrong = {}
    for route in routes():
        allowed, thing = ROUTES[route.name]
        if thing not in OWN:
            continue
        seen = statuses(client, address(route, house.theirs))
        if seen - {403, 404} or (role in allowed and seen != {404}):
            wrong[route.name] = seen
    assert wrong == {}


def test_nothing_that_a_partner_can_open_speaks_of_a_rival(
    house: House, tenant: Tenant, client_as: Callable[[Membership], Client], monkeypatch: pytest.MonkeyPatch
):
    """A rival holds the customer that the partner asks for. Every page, list, export, file and API answer is read."""
    monkeypatch.setattr(matching, "PACE", 0)
    role = Role.PARTNER_OWNER
    with tenant_scope(tenant.pk):
        rival = Partner.objects.get(name="Theirs")
        Partner.objects.filter(pk=rival.pk).update(name="Zwartvoet")
        people = Membership.objects.filter(partner_id=rival.pk)
        User.objects.filter(memberships__in=people).update(name="Zwartvoet Person")
        deal = Deal.objects.get(pk=house.theirs["deal"])
        mine = Deal.objects.get(pk=house.things["deal"])
        now = timezone.now()
        Deal.objects.filter(pk=deal.pk).update(
            title="Zwartvoet asks",
            number="DR-2026-98765",
            customer=mine.customer,
            product=mine.product,
            family=mine.family,
            amount=87_654_321_00,
            amount_base=87_654_321_00,
            status=RegistrationStatus.APPROVED,
            protection=(now, now + timedelta(days=90)),
        )
        conflicting = submit(mine, by=house.members[role])
        reject(conflicting, by=house.members[Role.ADMIN], reason="Direct account")
        things = {str(key) for key in (rival.pk, deal.pk, house.theirs["lead"], house.theirs["file"])}
    told = things | {"Zwartvoet", "DR-2026-98765", "87,654,321", "8765432100"}
    client = client_as(house.members[role])
    leaks, read = {}, 0
    extra = (
        "?q=Zwartvoet",
        "?q=98765",
        "?export=csv",
        f"?customer={mine.customer_id}",
        f"?partner={rival.pk}",
    )
    for route in routes():
        allowed, _thing = ROUTES[route.name]
        if role not in allowed:
            continue
        url = address(route, house.things | house.personal[role])
        for asked in ("", *(() if route.arguments else extra)):
            answer = client.get(url + asked)
            content = b"".join(answer) if answer.streaming else answer.content
            # What was asked for stands in the search field and in the links of the page.
            text = content.decode(errors="replace").replace(asked.partition("=")[2] or "\0", "")
            read += answer.status_code == 200
            if found := {needle for needle in told if needle in text}:
                leaks[url + asked] = found
    assert leaks == {}
    assert read > 200
    # The vendor's people find all of it.
    for url in ("/acme/deals/?q=Zwartvoet", "/acme/api/v1/deals/?partner=" + str(rival.pk)):
        assert str(deal.pk) in client_as(house.members[Role.ADMIN]).get(url).content.decode()


@pytest.mark.parametrize("role", sorted(PARTNER))
def test_a_suspended_partners_people_read_and_write_nothing(
    role: Role, house: House, tenant: Tenant, client_as: Callable[[Membership], Client]
):
    """Every address is tried, by page and API, with every way of writing."""
    with tenant_scope(tenant.pk):
        Partner.objects.filter(name="Ours").update(status=PartnerStatus.SUSPENDED)
        before = Event.objects.exclude(type="asset.downloaded").count()
    client = client_as(house.members[role])
    wrong = {}
    for route in routes():
        allowed, _thing = ROUTES[route.name]
        if allowed == PUBLIC or route.name in OWN_MATTERS:
            continue
        url = address(route, house.things | house.personal[role])
        writes = {client.generic(method, url).status_code for method in ("POST", "PUT", "PATCH", "DELETE")}
        reads = {client.get(url).status_code}
        if writes != {403} or (not reads <= {200, 204, 302, 403, 405} and route.name not in NEEDS_MORE):
            wrong[route.name] = (writes, reads)
    assert wrong == {}
    with tenant_scope(tenant.pk):
        assert (
            Event.objects.exclude(type="asset.downloaded").count() == before
        )  # taking what one sees is no write


def test_another_tenants_addresses_do_not_exist(
    house: House, other_tenant: Tenant, client_as: Callable[[Membership], Client]
):
    """The administrator of one vendor tries the other's addresses, and the other's keys at home."""
    with tenant_scope(other_tenant.pk):
        stranger = make_member(Role.ADMIN)
    client = client_as(stranger)
    wrong = {}
    for route in routes():
        allowed, thing = ROUTES[route.name]
        if allowed == PUBLIC:
            continue
        abroad = statuses(client, address(route, house.things))
        if abroad != {404}:
            wrong[route.name] = abroad
        if isinstance(house.things.get(thing), UUID) and Role.ADMIN in allowed:
            at_home = statuses(client, address(route, house.things, slug="globex"))
            if at_home != {404}:
                wrong[f"{route.name} at home"] = at_home
    assert wrong == {}


def test_who_has_not_signed_in_is_asked_to(house: House, client: Client):
    wrong = {}
    for route in routes():
        allowed, _thing = ROUTES[route.name]
        url = address(route, house.things)
        expected = {404, 410, 200} if allowed == PUBLIC else {401} if "/api/" in url else {302}
        response = client.get(url)
        if response.status_code not in expected or (
            expected == {302} and not response["Location"].startswith("/accounts/login/")
        ):
            wrong[route.name] = response.status_code
    assert wrong == {}

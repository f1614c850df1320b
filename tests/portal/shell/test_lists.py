"""List pages: search, sorting, pages, filters, export; and tables, cell by cell."""

import csv
import io
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import connection
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.models import Event
from portal.events.record import EventDraft, record_many
from portal.shell import lists
from portal.shell.tables import (
    BadgeColumn,
    Column,
    LinkColumn,
    MoneyColumn,
    NumberColumn,
    PercentColumn,
    Table,
)
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, UserFactory, make_member

SignIn = Callable[[Membership], Client]


@pytest.fixture
def request_of(rf: RequestFactory) -> HttpRequest:
    request = rf.get("/acme/")
    request.tenant = Tenant(slug="acme", currency="EUR")
    return request


class DealTable(Table):
    title = LinkColumn("Deal", to="people:member", second="number")
    status = BadgeColumn("Status", tones={"won": ("success", "check")})
    amount = MoneyColumn("Amount")
    rate = PercentColumn("Rate")
    count = NumberColumn("Count")
    partner = Column("Partner", accessor="partner__name")


def deal(**fields: object) -> SimpleNamespace:
    values = {
        "pk": "01920000-0000-7000-8000-000000000001",
        "title": "Deal",
        "number": "D-1",
        "status": "won",
        "amount": 123456,
        "currency": "EUR",
        "rate": 0.125,
        "count": 1234,
        "partner": SimpleNamespace(name="Kestrel"),
    }
    return SimpleNamespace(**{**values, **fields})


def test_cells_are_escaped_and_formatted(request_of: HttpRequest) -> None:
    html = DealTable([deal(title="<b>x</b>", partner=SimpleNamespace(name='"&'))], request=request_of).body()
    assert "&lt;b&gt;x&lt;/b&gt;" in html
    assert "&quot;&amp;" in html
    assert "<b>" not in html
    assert 'href="/acme/people/01920000-0000-7000-8000-000000000001/"' in html
    assert "€1,234.56" in html
    assert "12.5%" in html
    assert "1,234</td>" in html
    assert "status-success" in html


def test_what_is_missing_is_a_dash_and_no_link(request_of: HttpRequest) -> None:
    html = DealTable([deal(pk=None, partner=None, amount=None)], request=request_of).body()
    assert "<a " not in html
    assert html.count("–") == 2


def test_export_gives_numbers_and_currencies(request_of: HttpRequest) -> None:
    table = DealTable([], request=request_of)
    assert table.export_header() == [
        "Deal",
        "Status",
        "Amount",
        "Amount (currency)",
        "Rate (%)",
        "Count",
        "Partner",
    ]
    [row] = table.export_rows([[deal()]])
    assert [str(value) for value in row] == ["Deal", "won", "1234.56", "EUR", "12.500", "1234", "Kestrel"]


def test_a_render_method_is_given_what_it_asks_for(request_of: HttpRequest) -> None:
    class Own(Table):
        title = Column("T")

        def render_title(self, value: str, record: SimpleNamespace) -> str:
            return f"{value}<{record.number}"

    assert "Deal&lt;D-1" in Own([deal()], request=request_of).body()


@pytest.fixture
def people(admin: Membership) -> Membership:
    """An admin among 60 people."""
    with tenant_scope(admin.tenant_id):
        partner = PartnerFactory(name="=Evil & Sons")
        for number in range(59):
            user = UserFactory(name=f"Colleague {number:02d}", email=f"p{number:02d}@example.com")
            make_member(Role.PARTNER_MEMBER, partner=partner, user=user)
    return admin


def test_pages_follow_each_other_without_gap_or_overlap(people: Membership, client_as: SignIn) -> None:
    client = client_as(people)
    seen: list[str] = []
    for page, count in [("1", 25), ("2", 25), ("3", 10)]:
        table = client.get("/acme/people/", {"page": page, "sort": "role"}).context["table"]
        rows = [str(row.pk) for row in table.data]
        assert len(rows) == count
        seen += rows
    assert len(set(seen)) == 60
    assert "1–25 of 60" in client.get("/acme/people/").content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30, "²", ""])
def test_a_strange_page_number_is_the_first_page(page: str, people: Membership, client_as: SignIn) -> None:
    assert client_as(people).get("/acme/people/", {"page": page}).status_code == 200


def test_a_page_behind_the_last_one_leads_back(people: Membership, client_as: SignIn) -> None:
    answer = client_as(people).get("/acme/people/", {"page": "4", "q": "Colleague"})
    assert (answer.status_code, answer["Location"]) == (302, "/acme/people/?q=Colleague")


def test_sorting_goes_both_ways_and_ignores_what_it_does_not_know(
    people: Membership, client_as: SignIn
) -> None:
    client = client_as(people)

    def first(sort: str) -> str:
        return client.get("/acme/people/", {"sort": sort, "q": "Colleague"}).context["table"].data[0].name

    assert first("name") == "Colleague 00"
    assert first("-name") == "Colleague 58"
    assert first("password") == first("user__password") == first("")
    assert 'aria-sort="descending"' in client.get("/acme/people/", {"sort": "-name"}).content.decode()


def test_search_needs_every_word(people: Membership, client_as: SignIn) -> None:
    client = client_as(people)
    assert len(client.get("/acme/people/", {"q": "colleague 07"}).context["page"].rows) == 1
    assert "Nothing matches" in client.get("/acme/people/", {"q": "colleague nobody"}).content.decode()
    assert client.get("/acme/people/", {"q": "\x00"}).status_code == 200


def test_counting_stops_where_it_gets_dear(
    people: Membership, client_as: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "COUNT_LIMIT", 30)
    client = client_as(people)
    assert "1–25 of 30+" in client.get("/acme/people/").content.decode()
    assert "51–60 of 60" in client.get("/acme/people/", {"page": "3"}).content.decode()


def test_a_fragment_is_only_the_list(people: Membership, client_as: SignIn) -> None:
    page = client_as(people).get("/acme/people/", headers={"HX-Request": "true"}).content.decode()
    assert page.lstrip().startswith('<div id="list"')
    assert "<html" not in page


def test_csv_export_holds_every_row_and_no_formula(people: Membership, client_as: SignIn) -> None:
    answer = client_as(people).get("/acme/people/", {"export": "csv", "sort": "name"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert answer["Content-Disposition"].startswith('attachment; filename="people-')
    assert len(rows) == 61
    assert rows[0][:2] == ["Name", "Role"]
    assert "'=Evil & Sons" in {row[2] for row in rows}


def test_export_stays_in_the_partners_own_walls(
    people: Membership, partner_owner: Membership, client_as: SignIn
) -> None:
    answer = client_as(partner_owner).get("/acme/people/", {"export": "csv"})
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"), newline="")))
    assert [row[0] for row in rows[1:]] == [partner_owner.name]


def test_export_costs_the_same_at_any_length(admin: Membership, client_as: SignIn) -> None:
    client = client_as(admin)

    def cost(more: int) -> int:
        with tenant_scope(admin.tenant_id):
            for _ in range(more):
                make_member(Role.PARTNER_MEMBER, partner=PartnerFactory())
        with CaptureQueriesContext(connection) as queries:
            b"".join(client.get("/acme/people/", {"export": "csv"}).streaming_content)
        return len(queries)

    cost(1)
    assert cost(0) == cost(2)


@pytest.fixture
def events(admin: Membership) -> Membership:
    with tenant_scope(admin.tenant_id):
        partner = PartnerFactory()
        record_many(
            EventDraft("member.invited", partner, admin, None, {"email": f"{n}@example.com", "role": "admin"})
            for n in range(3)
        )
        record_many([EventDraft("api_key.created", partner, admin, None, {"name": "Sync"})])
    return admin


def test_filters_narrow_show_as_chips_and_go_away(events: Membership, client_as: SignIn) -> None:
    client = client_as(events)
    assert len(client.get("/acme/settings/audit/").context["page"].rows) == 4
    answer = client.get("/acme/settings/audit/", {"type": "api_key.created"})
    assert len(answer.context["page"].rows) == 1
    [chip] = answer.context["chips"]
    assert chip.remove == "?"
    assert "Created the API key" in answer.content.decode()


def test_a_wrong_filter_is_explained_and_filters_nothing(events: Membership, client_as: SignIn) -> None:
    answer = client_as(events).get("/acme/settings/audit/", {"since": "yesterday"})
    assert "invalid-feedback" in answer.content.decode()
    assert len(answer.context["page"].rows) == 4


def test_the_audit_trail_is_for_admins_of_this_vendor(
    events: Membership, manager: Membership, other_tenant: Tenant, client_as: SignIn
) -> None:
    assert client_as(manager).get("/acme/settings/audit/").status_code == 403
    with tenant_scope(other_tenant.pk):
        stranger = make_member(Role.ADMIN)
        assert not Event.objects.exists()
    assert client_as(stranger).get("/acme/settings/audit/").status_code == 404
    assert "Nothing here yet" in client_as(stranger).get("/globex/settings/audit/").content.decode()

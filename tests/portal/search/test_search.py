"""What can be found from any page, by whom, and by an index however much there is."""

from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection
from django.db.utils import ProgrammingError
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.directory.models import Customer, Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.dispatch import dispatch_pending
from portal.events.record import record
from portal.search.finding import find_all
from portal.search.index import add_everything_missing, find
from portal.search.models import SearchWord
from portal.search.tasks import index as index_task
from portal.search.words import words_of
from portal.shell.search import sources_for
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, DealFactory, PartnerFactory, make_member, won_deal


@pytest.fixture
def ours(tenant: Tenant) -> Partner:
    with tenant_scope(tenant.pk):
        return PartnerFactory(name="Ours Networks", number="P-00007")


@pytest.fixture
def market(tenant: Tenant, ours: Partner) -> None:
    """A customer of ours and one of a rival's with like names, each with a deal."""
    with tenant_scope(tenant.pk):
        rival = PartnerFactory(name="Rival Systems", number="P-00008")
        bakery = CustomerFactory(
            name="Zonneveld Bäckerei",
            normalised_name="zonneveld backerei",
            number="C-00042",
            domain="zonneveld.example",
            served_by=ours,
        )
        other = CustomerFactory(
            name="Zonneveld Bouw", normalised_name="zonneveld bouw", number="C-00043", served_by=rival
        )
        DealFactory(partner=ours, customer=bakery, title="New ovens", number="DR-2026-00042")
        won_deal(ours, 5_000_00, date(2026, 2, 2), customer=bakery, title="", number="DR-2025-00042")
        DealFactory(partner=rival, customer=other, title="Cranes", number="DR-2026-00043")
        add_everything_missing()


@pytest.fixture
def seller(tenant: Tenant, ours: Partner) -> Membership:
    with tenant_scope(tenant.pk):
        return make_member(Role.PARTNER_MEMBER, partner=ours)


def found(member: Membership, text: str) -> dict[str, list[str]]:
    with tenant_scope(member.tenant_id, member.partner_id):
        return {group.source.key: [str(hit.title) for hit in group.hits] for group in find_all(member, text)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Bäckerei O'Neill & Søn", ["backerei", "o", "neill", "son"]),
        ("  ", []),
        ("acme ACME Acme", ["acme"]),
        ("x" * 60, ["x" * 40]),
    ],
)
def test_words(text: str, words: list[str]):
    assert words_of(text) == words


@pytest.mark.usefixtures("market")
def test_a_manager_finds_everything_of_the_tenant(manager: Membership):
    everything = found(manager, "zonn")
    assert everything["customers"] == ["Zonneveld Bouw", "Zonneveld Bäckerei"]
    assert set(everything["deals"]) == {"DR-2025-00042", "Cranes", "New ovens"}
    assert found(manager, "bäck") == found(manager, "BACK zonn")
    assert found(manager, "bäck")["customers"] == ["Zonneveld Bäckerei"]
    assert set(found(manager, "bäck")["deals"]) == {"DR-2025-00042", "New ovens"}
    assert found(manager, "ovens") == {"deals": ["New ovens"]}
    assert found(manager, "rival") == {"partners": ["Rival Systems"]}


@pytest.mark.usefixtures("market")
def test_a_partner_finds_its_own_only(seller: Membership):
    mine = found(seller, "zonn")
    assert mine["customers"] == ["Zonneveld Bäckerei"]
    assert set(mine["deals"]) == {"New ovens", "DR-2025-00042"}
    for hidden in ("bouw", "cranes", "rival", "DR-2026-00043", "C-00043", "P-00008", "ours net"):
        assert found(seller, hidden) == {}


@pytest.mark.usefixtures("market")
def test_another_vendor_finds_nothing(other_tenant: Tenant):
    with tenant_scope(other_tenant.pk):
        stranger = make_member(Role.ADMIN)
    assert found(stranger, "zonn") == {}


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("text", ["DR-2026-00042", "dr-2026-42", "2026-42"])
def test_a_number_leads_straight_to_its_deal(manager: Membership, seller: Membership, text: str):
    assert found(manager, text) == found(seller, text) == {"deals": ["New ovens"]}


@pytest.mark.usefixtures("market")
def test_numbers_of_customers_and_partners_and_web_domains(manager: Membership):
    assert found(manager, "c-42") == {"customers": ["Zonneveld Bäckerei"]}
    assert found(manager, "P-00007") == {"partners": ["Ours Networks"]}
    assert found(manager, "https://www.zonneveld.example/contact")["customers"] == ["Zonneveld Bäckerei"]
    assert found(manager, "42")["deals"] == ["New ovens", "DR-2025-00042"]


def test_pages_are_those_of_the_role(manager: Membership, seller: Membership, admin: Membership):
    assert found(manager, "waiting")["pages"] == ["Waiting for you"]
    assert found(seller, "waiting") == {}
    assert "Registration rules" in found(admin, "regis rules")["pages"]


@pytest.mark.parametrize("text", ["", "a", "%", "''", "\x00", "_", "&|!"])
def test_nothing_is_found_for_next_to_nothing(manager: Membership, text: str):
    assert found(manager, text) == {}


def test_a_name_is_found_by_its_words_of_now(tenant: Tenant, admin: Membership):
    with tenant_scope(tenant.pk):
        customer = CustomerFactory(name="Oldname")
        record("customer.created", subject=customer)
    dispatch_pending(tenant.pk)
    assert found(admin, "oldn")["customers"] == ["Oldname"]
    with tenant_scope(tenant.pk):
        Customer.objects.update(name="Newname")
        record("customer.updated", subject=customer)
    dispatch_pending(tenant.pk)
    assert found(admin, "oldn") == {}
    assert found(admin, "newn")["customers"] == ["Newname"]


def test_what_an_import_brought_is_found(tenant: Tenant, admin: Membership):
    with tenant_scope(tenant.pk):
        CustomerFactory.create_batch(3, name="Brought in")
        record("customer.imported", subject=tenant, data={"count": 3})
    dispatch_pending(tenant.pk)
    assert len(found(admin, "brought")["customers"]) == 3


@pytest.mark.usefixtures("market")
@pytest.mark.parametrize("role", ["manager", "seller"])
def test_searching_costs_what_the_apps_said(role: str, request: pytest.FixtureRequest):
    member = request.getfixturevalue(role)
    budget = sum(source.queries for source in sources_for(member.role))
    with tenant_scope(member.tenant_id, member.partner_id):
        for text in ("zonneveld", "42", "zonneveld.example", "DR-2026-00042"):
            with CaptureQueriesContext(connection) as queries:
                find_all(member, text)
            assert len(queries) <= budget


def test_the_queries_do_not_grow_with_what_is_found(tenant: Tenant, manager: Membership):
    counts = []
    manager.tenant = tenant
    with tenant_scope(tenant.pk):
        for _turn in range(2):
            partner = PartnerFactory(name="Brook")
            for _number in range(6):
                DealFactory(partner=partner, customer=CustomerFactory(name="Brook"), title="Brook")
            add_everything_missing()
            with CaptureQueriesContext(connection) as queries:
                find_all(manager, "brook")
            counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.usefixtures("market")
def test_words_are_found_by_the_index_under_row_level_security(scoped: Tenant):
    SearchWord.objects.bulk_create(
        SearchWord(
            kind="customer", word=f"word{number:05d}", thing_id=f"00000000-0000-0000-0000-{number:012d}"
        )
        for number in range(5000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE search_searchword")
        cursor.execute(
            "EXPLAIN SELECT thing_id FROM search_searchword WHERE tenant_id = %s AND kind = 'customer' AND word ^@ 'word00'",
            [scoped.pk],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "search_searchword_word" in plan
    assert "~>=~" in plan
    assert "Seq Scan" not in plan


def test_a_partner_session_has_no_way_to_the_words(tenant: Tenant, ours: Partner):
    with pytest.raises(ProgrammingError, match="permission denied"), tenant_scope(tenant.pk, ours.pk):
        find("customer", "zonn")


@pytest.mark.usefixtures("market")
def test_the_dialogs_part_the_page_and_the_api(
    manager: Membership, seller: Membership, client_as: Callable[[Membership], Client]
):
    part = client_as(manager).get("/acme/search/?q=zonn", headers={"HX-Request": "true"}).content.decode()
    assert part.count('role="option"') == 5
    assert "<html" not in part
    page = client_as(manager).get("/acme/search/?q=zonn").content.decode()
    assert "<html" in page and "Zonneveld Bouw" in page
    rows = client_as(seller).get("/acme/api/v1/search/?q=zonn").json()
    assert {row["group"] for row in rows} == {"customers", "deals"}
    assert "Bouw" not in str(rows)
    evil = client_as(manager).get("/acme/search/?q=<script>alert(1)</script>").content.decode()
    assert "<script>alert" not in evil


def test_a_large_import_is_indexed_by_and_by(
    tenant: Tenant,
    admin: Membership,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Callable[..., object],
):
    monkeypatch.setattr("portal.search.index.BATCH", 4)
    sent: list[str] = []
    monkeypatch.setattr("portal.search.index.current_app.send_task", lambda name, **_more: sent.append(name))
    with tenant_scope(tenant.pk):
        CustomerFactory.create_batch(9, name="Brought in")
        CustomerFactory(name="!!!", normalised_name="!!!")
        record("customer.imported", subject=tenant, data={"count": 9})
    with django_capture_on_commit_callbacks(execute=True):
        dispatch_pending(tenant.pk)
    assert sent == ["search.index"]
    assert len(found(admin, "brought")["customers"]) == 4
    index_task(tenant_id=str(tenant.pk))
    with tenant_scope(tenant.pk):
        assert len(find("customer", "brought")) == 9
        assert add_everything_missing() == 0

"""A page does not wait for ever: it says that the portal is busy, and keeps nothing."""

from collections.abc import Callable, Iterator
from threading import Event, Thread

import pytest
from django.db import connection
from django.test import Client

from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member

pytestmark = pytest.mark.django_db(transaction=True)
ClientAs = Callable[[Membership], Client]


@pytest.fixture
def held(tenant: Tenant) -> Iterator[Partner]:
    """A partner company whose row another connection holds."""
    with tenant_scope(tenant.pk):
        partner = PartnerFactory(name="Held")
    taken, done = Event(), Event()

    def hold() -> None:
        try:
            with tenant_scope(tenant.pk):
                Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
                taken.set()
                done.wait(30)
        finally:
            connection.close()

    thread = Thread(target=hold)
    thread.start()
    assert taken.wait(10)
    yield partner
    done.set()
    thread.join(10)


@pytest.fixture
def impatient(settings: object) -> None:
    settings.WEB_PATIENCE = {"statement": 2, "lock": 1, "program": 60}


def test_a_page_that_waits_for_a_lock_says_busy_and_changes_nothing(
    held: Partner, admin: Membership, client_as: ClientAs, impatient: None
) -> None:
    response = client_as(admin).post(f"/acme/partners/{held.pk}/edit/", {"name": "New", "type": "reseller"})
    assert response.status_code == 503
    assert response["Retry-After"] == "10"
    assert "The portal is busy" in response.content.decode()
    with tenant_scope(held.tenant_id):
        assert Partner.objects.get(pk=held.pk).name == "Held"


@pytest.mark.parametrize(
    ("path", "kind"), [("/acme/", "text/html"), ("/acme/api/v1/partners/", "problem+json")]
)
def test_a_query_that_takes_too_long_is_stopped(
    path: str,
    kind: str,
    admin: Membership,
    client_as: ClientAs,
    impatient: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slow(*_arguments: object, **_options: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")

    monkeypatch.setattr("portal.shell.panels.home_panels_for", slow)
    monkeypatch.setattr("partners.directory.queries.visible_partners", slow)
    response = client_as(admin).get(path)
    assert response.status_code == 503
    assert kind in response["Content-Type"]
    assert client_as(admin).get("/acme/people/").status_code == 200


def test_work_outside_the_web_has_no_such_limit(tenant: Tenant, impatient: None) -> None:
    with tenant_scope(tenant.pk), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
        assert cursor.fetchone() == ("0", "0")


def test_the_limits_end_with_the_request(tenant: Tenant, client_as: ClientAs) -> None:
    with tenant_scope(tenant.pk):
        admin = make_member(Role.ADMIN)
    assert client_as(admin).get("/acme/people/").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        assert cursor.fetchone() == ("0",)

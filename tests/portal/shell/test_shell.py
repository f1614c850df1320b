"""The frame of every page: headers, brand, home, pulse, error pages."""

from collections.abc import Callable, Iterator

import pytest
from django import forms
from django.core.files.base import ContentFile
from django.db import connection
from django.db.models import Exists, Q
from django.db.models.fields import BLANK_CHOICE_DASH
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.record import record
from portal.jobs.actions import advance, create_job, finish
from portal.shell import registry
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, TenantFactory, make_member

SignIn = Callable[[Membership], Client]


@pytest.fixture
def empty_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A portal in which no app has registered anything for the home page."""
    monkeypatch.setattr(registry, "_home_panels", [])
    monkeypatch.setattr(registry, "_setup_steps", [])
    yield


def test_pages_allow_no_inline_code(admin: Membership, client_as: SignIn) -> None:
    answer = client_as(admin).get("/acme/people/")
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    page = answer.content.decode()
    assert "<script>" not in page
    assert " style=" not in page
    assert " onclick=" not in page


def test_the_navigation_offers_what_the_role_may_see(
    admin: Membership, manager: Membership, client_as: SignIn
) -> None:
    assert "/acme/settings/keys/" in client_as(admin).get("/acme/people/").content.decode()
    assert "/acme/settings/keys/" not in client_as(manager).get("/acme/").content.decode()


def test_one_line_of_the_navigation_is_current(admin: Membership, client_as: SignIn) -> None:
    page = client_as(admin).get("/acme/settings/keys/").content.decode()
    assert page.count('aria-current="page"') == 1
    assert 'href="/acme/settings/keys/" aria-current="page"' in page


def test_the_brand_style_sheet_needs_no_sign_in_and_is_kept(client: Client, db: None) -> None:
    answer = client.get("/assets/brand/206bc4.css")
    assert answer["Content-Type"] == "text/css"
    assert "immutable" in answer["Cache-Control"]
    assert client.get("/assets/brand/red.css").status_code == 404


def test_a_logo_is_served_with_its_own_type_only(client: Client, db: None, tmp_path: object) -> None:
    with override_settings(MEDIA_ROOT=tmp_path):
        vendor = TenantFactory(slug="logo")
        assert client.get("/assets/logos/logo").status_code == 404
        vendor.logo.save("x.png", ContentFile(b"\x89PNG"))
        answer = client.get("/assets/logos/logo")
        assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/png", "nosniff")
        b"".join(answer.streaming_content)
        vendor.logo.save("x.svg", ContentFile(b"<svg/>"))
        assert client.get("/assets/logos/logo").status_code == 404


def test_home_shows_the_panels_of_the_role_in_order(
    empty_registry: None, admin: Membership, manager: Membership, client_as: SignIn
) -> None:
    for name, order in [("second", 2), ("first", 1)]:
        registry.home_panel(
            Role.ADMIN,
            name,
            data=lambda member, name=name: {"title": name, "icon": "home"},
            template="components/empty.html",
            queries=0,
            order=order,
        )
    page = client_as(admin).get("/acme/").content.decode()
    assert page.index("panel-first") < page.index("panel-second")
    assert "panel-first" not in client_as(manager).get("/acme/").content.decode()


def test_a_broken_panel_is_loud_in_development_and_alone_in_production(
    empty_registry: None, admin: Membership, client_as: SignIn
) -> None:
    def broken(member: Membership) -> dict:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        return {}

    registry.home_panel(Role.ADMIN, "broken", data=broken, template="components/empty.html", queries=1)
    registry.home_panel(
        Role.ADMIN,
        "sound",
        data=lambda member: {"title": "Sound"},
        template="components/empty.html",
        queries=0,
    )
    client = client_as(admin)
    with pytest.raises(Exception, match="division by zero"):
        client.get("/acme/")
    with override_settings(PRODUCTION=True):
        page = client.get("/acme/").content.decode()
    assert "could not be loaded" in page
    assert "Sound" in page


def test_the_checklist_goes_when_all_is_done(
    empty_registry: None, admin: Membership, client_as: SignIn
) -> None:
    registry.setup_step("Add a partner", done=lambda: Exists(Partner.objects.all()), url_name="people:list")
    registry.setup_step("Name the tenant", done=lambda: ~Q(name=""), url_name="people:list")
    client = client_as(admin)
    page = client.get("/acme/").content.decode()
    assert "Add a partner" in page
    assert "1 of 2" in page
    with tenant_scope(admin.tenant_id):
        PartnerFactory()
    assert "Add a partner" not in client.get("/acme/").content.decode()


def test_home_keeps_within_the_panels_query_budgets(
    admin: Membership, manager: Membership, partner_owner: Membership, client_as: SignIn
) -> None:
    for member in (admin, manager, partner_owner):
        client = client_as(member)
        client.get("/acme/people/")
        with CaptureQueriesContext(connection) as frame:
            client.get("/acme/pulse/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/acme/").status_code == 200
        budget = sum(panel.queries for panel in registry.home_panels_for(member.role))
        # All steps of the checklist are one query.
        budget += member.is_admin
        # The pulse is the frame's queries and one of its own.
        assert len(queries) <= len(frame) - 1 + budget, member.role


def test_the_pulse_changes_with_what_the_member_may_see(
    admin: Membership, partner_owner: Membership, client_as: SignIn
) -> None:
    mine, theirs = client_as(partner_owner), client_as(admin)
    with tenant_scope(admin.tenant_id):
        other = PartnerFactory()

    def tokens() -> tuple[str, str]:
        return mine.get("/acme/pulse/").json()["token"], theirs.get("/acme/pulse/").json()["token"]

    before = tokens()
    assert tokens() == before
    with tenant_scope(admin.tenant_id):
        record("partner.updated", subject=other, by=admin, partner_id=other.pk)
    after = tokens()
    assert after[0] == before[0]
    assert after[1] != before[1]
    with tenant_scope(admin.tenant_id):
        record("deal.won", subject=other, by=admin, partner_id=partner_owner.partner_id)
    assert tokens()[0] != after[0]


def test_the_pulse_is_one_query_beside_the_frame(admin: Membership, client_as: SignIn) -> None:
    client = client_as(admin)
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/acme/pulse/").json()["age"] is None
    assert sum("events_event" in query["sql"] for query in queries) == 1


def test_strangers_get_no_pulse(admin: Membership, other_tenant: Tenant, client_as: SignIn) -> None:
    assert client_as(admin).get("/globex/pulse/").status_code == 404
    assert Client().get("/acme/pulse/").status_code == 302


@pytest.mark.parametrize("address", ["/nowhere-at-all/", "/acme/nothing/"])
def test_an_unknown_address_is_a_calm_404(address: str, client: Client, tenant: Tenant) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert "There is no such page" in answer.content.decode()


@pytest.mark.parametrize(("required", "words"), [(True, "Choose…"), (False, "None")])
def test_no_choice_has_a_word(required: bool, words: str) -> None:
    class Form(forms.Form):
        size = forms.ChoiceField(choices=[*BLANK_CHOICE_DASH, ("s", "Small")], required=required)

    html = str(Form(data={"size": ""})["size"])
    assert f'<option value="" selected>{words}</option>' in html
    assert '<option value="s">Small</option>' in html


def test_an_unknown_address_speaks_the_language_of_who_asks(
    admin: Membership, tenant: Tenant, client_as: SignIn
) -> None:
    dutch = 'lang="nl"'
    assert dutch not in client_as(admin).get("/acme/nothing/").content.decode()
    tenant.language = "nl"
    tenant.save()
    assert dutch in Client().get("/acme/nothing/").content.decode()
    assert dutch not in Client().get("/acme%00/nothing/").content.decode()
    admin.user.language = "en"
    admin.user.save()
    assert dutch not in client_as(admin).get("/acme/nothing/").content.decode()


def test_a_form_without_its_token_explains_itself(admin: Membership) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin.user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/acme/people/invite/", {})
    assert answer.status_code == 403
    assert "open for too long" in answer.content.decode()


def test_jobs_show_their_progress_and_tell_the_page_when_they_have_ended(
    admin: Membership, manager: Membership, partner_owner: Membership, client_as: SignIn
) -> None:
    with tenant_scope(admin.tenant_id):
        job = create_job("x", title="Import of deals", by=admin, total=10)
        advance(job, done=4, cursor={})
    client = client_as(manager)
    assert "Import of deals" in client.get("/acme/jobs/").content.decode()
    assert "4 of 10" in client.get(f"/acme/jobs/{job.pk}/").content.decode()
    running = client.get(f"/acme/jobs/{job.pk}/progress/", headers={"HX-Request": "true"})
    assert "HX-Refresh" not in running.headers
    with tenant_scope(admin.tenant_id):
        finish(job)
    assert client.get(f"/acme/jobs/{job.pk}/progress/").headers["HX-Refresh"] == "true"
    assert client_as(partner_owner).get("/acme/jobs/").status_code == 403


def test_only_an_admin_stops_a_job(admin: Membership, manager: Membership, client_as: SignIn) -> None:
    with tenant_scope(admin.tenant_id):
        job = create_job("x", title="Long", by=admin)
    assert client_as(manager).post(f"/acme/jobs/{job.pk}/cancel/").status_code == 403
    assert client_as(admin).post(f"/acme/jobs/{job.pk}/cancel/").status_code == 302
    with tenant_scope(admin.tenant_id):
        job.refresh_from_db()
    assert job.state == "cancelled"


def test_names_of_partners_come_from_the_floor_above(admin: Membership) -> None:
    with tenant_scope(admin.tenant_id):
        partner = PartnerFactory(name="Blue Harbour")
        make_member(Role.PARTNER_OWNER, partner=partner)
        names = registry.partner_names([partner.pk])
    assert names == {partner.pk: "Blue Harbour"}

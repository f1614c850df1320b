"""Settings, logo, API keys."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from portal.accounts.models import ApiKey, Membership
from portal.events.models import Event
from portal.events.record import record
from portal.programme import actions
from portal.programme.pictures import checked_logo
from portal.shell import registry
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope

SignIn = Callable[[Membership], Client]
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (64).to_bytes(4) + (64).to_bytes(4) + b"\x08\x06\0\0\0"


def values(**changes: object) -> dict[str, object]:
    return {
        "name": "Acme",
        "sender_name": "",
        "colour": "#aa2200",
        "currency": "EUR",
        "time_zone": "Europe/Amsterdam",
        "language": "nl",
        "country": "NL",
        "fiscal_year_start": 4,
        **changes,
    }


def test_settings_are_saved_and_noted(
    admin: Membership, tenant: Tenant, client_as: SignIn, settings: object, tmp_path: object
) -> None:
    settings.MEDIA_ROOT = tmp_path
    logo = SimpleUploadedFile("evil.svg", PNG, content_type="image/svg+xml")
    answer = client_as(admin).post("/acme/settings/", values(logo_file=logo))
    assert answer.status_code == 302
    tenant.refresh_from_db()
    assert (tenant.colour, tenant.language, tenant.fiscal_year_start) == ("#aa2200", "nl", 4)
    assert tenant.logo.name.endswith(".png")
    with tenant_scope(tenant.pk):
        event = Event.objects.get(type="programme.settings_changed")
    assert event.data["colour"] == {"old": "#206bc4", "new": "#aa2200"}


def test_an_invalid_setting_changes_nothing_and_keeps_what_was_typed(
    admin: Membership, tenant: Tenant, client_as: SignIn
) -> None:
    answer = client_as(admin).post("/acme/settings/", values(name="New name", colour="#ffffff"))
    page = answer.content.decode()
    assert "cannot be told from the page" in page
    assert 'value="New name"' in page
    tenant.refresh_from_db()
    assert tenant.name == "Acme"


def test_the_currency_stays_once_there_is_money(
    admin: Membership, tenant: Tenant, client_as: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_money_holders", [lambda: True])
    client_as(admin).post("/acme/settings/", values(currency="USD"))
    tenant.refresh_from_db()
    assert tenant.currency == "EUR"
    monkeypatch.setattr(registry, "_money_holders", [])
    client_as(admin).post("/acme/settings/", values(currency="USD"))
    tenant.refresh_from_db()
    assert tenant.currency == "USD"


@pytest.mark.parametrize("address", ["/acme/settings/", "/acme/settings/keys/", "/acme/settings/audit/"])
def test_settings_are_for_admins(
    address: str, manager: Membership, partner_owner: Membership, client_as: SignIn
) -> None:
    assert client_as(manager).get(address).status_code == 403
    assert client_as(partner_owner).get(address).status_code == 403


def test_actions_check_who_calls_them(manager: Membership, tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        with pytest.raises(PermissionDenied):
            actions.create_key(by=manager, name="x")
        with pytest.raises(PermissionDenied):
            actions.change_settings(tenant, by=manager, values={"name": "x"})


@pytest.mark.parametrize(
    "content",
    [b"<svg onload=alert(1)>", b"GIF89a", b"\x89PNG\r\n\x1a\n<script>", b"", b"\xff\xd8\xff<html>"],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(ValidationError):
        checked_logo(SimpleUploadedFile("logo.png", content, content_type="image/png"))


def test_a_picture_too_large_is_refused() -> None:
    with pytest.raises(ValidationError, match="512 kB"):
        checked_logo(SimpleUploadedFile("logo.png", PNG + b"\0" * 600_000))


def test_a_key_is_shown_once_works_and_ends(admin: Membership, client_as: SignIn) -> None:
    client = client_as(admin)
    answer = client.post("/acme/settings/keys/", {"name": "Sync"})
    secret = answer.context["secret"]
    assert secret in answer.content.decode()
    assert secret not in client.get("/acme/settings/keys/").content.decode()
    with tenant_scope(admin.tenant_id):
        key = ApiKey.objects.get()
    assert secret not in (key.digest, key.prefix)
    bearer = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/acme/api/v1/schema/", headers=bearer).status_code == 200
    assert client.post(f"/acme/settings/keys/{key.pk}/revoke/").status_code == 302
    assert Client().get("/acme/api/v1/schema/", headers=bearer).status_code == 401


def test_a_key_of_one_vendor_opens_no_other(
    admin: Membership, other_tenant: Tenant, client_as: SignIn
) -> None:
    secret = client_as(admin).post("/acme/settings/keys/", {"name": "Sync"}).context["secret"]
    bearer = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/globex/api/v1/schema/", headers=bearer).status_code == 401


def test_the_audit_trail_hides_what_is_routine_until_asked(admin: Membership, client_as: SignIn) -> None:
    with tenant_scope(admin.tenant_id):
        for type_ in ("scorecards.updated", "member.removed"):
            record(type_, subject=admin, by=None, data={"email": "gone@acme.example", "periods": []})
    client = client_as(admin)

    def shown(query: str) -> tuple[bool, bool]:
        page = client.get(f"/acme/settings/audit/{query}").content.decode()
        return "Scorecard recomputed" in page.replace(
            "recomputed scorecards", ""
        ), "gone@acme.example" in page

    assert shown("") == (False, True)
    assert shown("?routine=yes") == (True, True)
    assert shown("?type=scorecards.updated") == (True, False)


def test_the_audit_trail_shows_what_has_yet_to_take_effect(admin: Membership, client_as: SignIn) -> None:
    with tenant_scope(admin.tenant_id):
        for number, attempts in (("1", 0), ("2", 8)):
            data = {"email": f"gone-{number}@acme.example"}
            event = record("member.removed", subject=admin, by=admin, data=data)
            Event.objects.filter(pk=event.pk).update(attempts=attempts, last_error="ValueError: secret")
    page = client_as(admin).get("/acme/settings/audit/?failed=yes").content.decode()
    assert "gone-1@acme.example" not in page
    assert "gone-2@acme.example" in page
    assert "(yet to take effect: tried 8 times)" in page
    assert "ValueError" not in page

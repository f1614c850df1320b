from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client

from partners.deals import queries
from portal.accounts.enums import Role
from portal.accounts.models import ApiKey, Membership, digest, new_secret
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import make_member

ClientAs = Callable[[Membership], Client]


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def key(admin: Membership) -> str:
    """The secret of an administrator's API key."""
    secret = new_secret()
    with tenant_scope(admin.tenant_id):
        ApiKey.objects.create(membership=admin, name="ERP", prefix=secret[:8], digest=digest(secret))
    return secret


def test_a_member_gets_in(admin: Membership, client_as: ClientAs):
    response = client_as(admin).get("/acme/")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]


def test_a_stranger_is_asked_to_sign_in_and_comes_back(client: Client, tenant: Tenant):
    response = client.get("/acme/deals/?q=x")
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/acme/deals/%3Fq%3Dx"


def test_another_tenants_portal_does_not_exist(admin: Membership, other_tenant: Tenant, client_as: ClientAs):
    assert client_as(admin).get("/globex/").status_code == 404
    assert client_as(admin).get("/no-such-vendor/").status_code == 404


def test_access_ends_with_the_next_request(admin: Membership, client_as: ClientAs):
    client = client_as(admin)
    assert client.get("/acme/").status_code == 200
    Membership.objects.filter(pk=admin.pk).update(is_active=False)
    assert client.get("/acme/").status_code == 404


def test_a_changed_role_counts_from_the_next_request(admin: Membership, client_as: ClientAs):
    client = client_as(admin)
    assert client.get("/acme/settings/").status_code == 200
    Membership.objects.filter(pk=admin.pk).update(role=Role.CHANNEL_MANAGER)
    assert client.get("/acme/settings/").status_code == 403


def test_one_person_in_two_tenants_is_who_they_are_in_each(
    admin: Membership, other_tenant: Tenant, client_as: ClientAs
):
    with tenant_scope(other_tenant.pk):
        make_member(Role.CHANNEL_MANAGER, user=admin.user)
    client = client_as(admin)
    assert client.get("/acme/settings/").status_code == 200
    assert client.get("/globex/settings/").status_code == 403


def test_an_api_key_may_what_its_member_may(client: Client, key: str):
    assert client.get("/acme/api/v1/deals/", headers=bearer(key)).status_code == 200


def test_an_api_key_opens_no_pages(client: Client, key: str):
    assert client.get("/acme/", headers=bearer(key)).status_code == 302


def test_an_api_key_is_worthless_in_another_tenant(client: Client, key: str, other_tenant: Tenant):
    assert client.get("/globex/api/v1/deals/", headers=bearer(key)).status_code == 401


@pytest.mark.parametrize("secret", ["", "wrong", "x" * 500])
def test_a_wrong_key_is_refused(client: Client, tenant: Tenant, secret: str):
    response = client.get("/acme/api/v1/deals/", headers=bearer(secret))
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_key_ends_with_its_members_access(client: Client, key: str, admin: Membership):
    Membership.objects.filter(pk=admin.pk).update(is_active=False)
    assert client.get("/acme/api/v1/deals/", headers=bearer(key)).status_code == 401


def test_a_revoked_key_is_refused(client: Client, key: str, admin: Membership):
    with tenant_scope(admin.tenant_id):
        ApiKey.objects.update(revoked_at=admin.created_at)
    assert client.get("/acme/api/v1/deals/", headers=bearer(key)).status_code == 401


def test_a_request_of_another_tenants_member_to_the_api_is_404(
    admin: Membership, other_tenant: Tenant, client_as: ClientAs
):
    answer = client_as(admin).get("/globex/api/v1/deals/")
    assert said(answer) == (404, "not_found")


def said(answer: HttpResponse) -> tuple[int, str]:
    """Status and code of an API error, which no program has to read as a page."""
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json()["code"]


def test_what_goes_wrong_below_the_api_is_told_to_a_program(
    admin: Membership, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
):
    client = client_as(admin)
    assert said(client.get("/acme/api/v1/nothing/")) == (404, "not_found")
    assert said(client.get(f"/acme/api/v1/deals/{admin.pk}/")) == (404, "not_found")
    assert said(client.delete("/acme/api/v1/deals/")) == (405, "method_not_allowed")
    assert said(Client().get("/acme/api/v1/deals/")) == (401, "not_authenticated")
    assert client.get("/acme/api/v1/deals")["Location"] == "/acme/api/v1/deals/"
    client.raise_request_exception = False
    monkeypatch.setattr(queries, "visible_deals", None)
    assert said(client.get("/acme/api/v1/deals/")) == (500, "error")
    assert client.get("/acme/deals/")["Content-Type"].startswith("text/html")

"""Django's admin is for the platform's staff alone."""

from collections.abc import Callable

import pytest
from django.test import Client

from portal.accounts.models import Membership
from tests.factories import UserFactory

SignIn = Callable[[Membership], Client]


def test_a_programmes_admin_has_no_way_in(admin: Membership, client_as: SignIn) -> None:
    assert client_as(admin).get("/platform/").status_code == 302
    assert client_as(admin).get("/platform/tenancy/tenant/").status_code == 302


@pytest.mark.parametrize("page", ["tenancy/tenant", "accounts/user", "accounts/membership"])
def test_staff_see_vendors_users_and_memberships(page: str, admin: Membership, client: Client) -> None:
    staff = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/platform/{page}/").status_code == 200
    assert client.get(f"/platform/{page}/add/").status_code == 200


def test_staff_sign_in_where_everyone_does(client: Client, db: None) -> None:
    assert client.get("/platform/login/")["Location"].startswith("/accounts/login/")


def test_nothing_is_deleted(admin: Membership, client: Client) -> None:
    staff = UserFactory(is_staff=True, is_superuser=True)
    client.force_login(staff, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(f"/platform/tenancy/tenant/{admin.tenant_id}/delete/").status_code == 403

"""A partner's session reads people, and never what signs them in."""

import re
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone

from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership, User
from portal.tenancy.scope import tenant_scope
from tests.factories import make_member

ClientAs = Callable[[Membership], Client]
OLD, NEW = "an old and long phrase", "another long phrase 42"


@pytest.fixture
def person(partner_member: Membership) -> User:
    """A partner's member with a password, who has signed in before."""
    user = partner_member.user
    user.set_password(OLD)
    user.last_login = timezone.now()
    user.save()
    return user


@pytest.mark.parametrize("column", ["password", "is_staff", "is_superuser", "*"])
def test_sql_in_a_partners_session_cannot_read_it(
    person: User, partner_member: Membership, column: str
) -> None:
    assert partner_member.partner_id is not None
    with tenant_scope(partner_member.tenant_id, partner_member.partner_id), connection.cursor() as cursor:
        cursor.execute("SELECT name, email FROM accounts_user WHERE id = %s", [person.pk])
        assert cursor.fetchall() == [(person.name, person.email)]
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            cursor.execute(f"SELECT {column} FROM accounts_user WHERE id = %s", [person.pk])


def test_people_read_in_a_partners_session_carry_no_secrets_and_lose_none(
    person: User, partner_member: Membership
) -> None:
    with tenant_scope(partner_member.tenant_id, partner_member.partner_id):
        direct = User.objects.get(pk=person.pk)
        joined = Membership.objects.select_related("user").get(pk=partner_member.pk).user
        for found in (direct, joined):
            assert found.name == person.name
            assert found.get_deferred_fields() == {"password", "is_staff", "is_superuser"}
            with pytest.raises(KeyError):
                _ = found.password
        assert list(User.objects.filter(pk=person.pk).values_list("password", "name")) == [
            (None, person.name)
        ]
    joined.name = "Renamed"
    joined.save()
    again = User.objects.get(pk=person.pk)
    assert (again.name, again.last_login) == ("Renamed", person.last_login)
    assert again.check_password(OLD)
    assert joined.check_password(OLD)


def code_now(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def test_a_partners_member_signs_in_and_manages_the_account(person: User, partner_member: Membership) -> None:
    """Sign-in, home, people, profile, password, then the new password, and the pages of the second factor."""
    client = Client()
    signed_in = client.post("/accounts/login/", {"login": person.email, "password": OLD})
    assert signed_in.status_code == 302
    for page in ("/acme/", "/accounts/profile/", "/accounts/2fa/", "/accounts/password/change/"):
        assert client.get(page).status_code == 200, page
    changed = client.post(
        "/accounts/password/change/", {"oldpassword": OLD, "password1": NEW, "password2": NEW}
    )
    assert changed.status_code == 302
    person.refresh_from_db()
    assert person.check_password(NEW)

    setup = client.get("/accounts/2fa/totp/activate/")
    assert setup.status_code == 200
    secret = re.search(r"[A-Z2-7]{32}", setup.content.decode())
    assert secret is not None
    assert client.post("/accounts/2fa/totp/activate/", {"code": code_now(secret[0])}).status_code == 302
    assert Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).exists()
    assert client.get("/acme/").status_code == 200
    Authenticator.objects.filter(user=person).delete()
    client.post("/accounts/logout/")
    assert client.get("/acme/").status_code == 302
    assert client.post("/accounts/login/", {"login": person.email, "password": OLD}).status_code == 200
    assert client.post("/accounts/login/", {"login": person.email, "password": NEW}).status_code == 302


def test_a_partners_owner_sees_and_removes_a_colleague(
    partner_owner: Membership, client_as: ClientAs
) -> None:
    with tenant_scope(partner_owner.tenant_id):
        colleague = make_member(Role.PARTNER_MEMBER, partner=Partner.objects.get(pk=partner_owner.partner_id))
    listed = client_as(partner_owner).get("/acme/people/")
    assert listed.status_code == 200
    assert colleague.user.name in listed.content.decode()
    removed = client_as(partner_owner).post(f"/acme/people/{colleague.pk}/remove/")
    assert removed.status_code == 302
    colleague.refresh_from_db()
    assert not colleague.is_active

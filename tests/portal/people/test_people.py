"""People: invitations and what attackers try with them, roles, removal, the demo's sign-in."""

import re
import smtplib
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Invitation, Membership, User
from portal.errors import ActionRefused
from portal.people import actions
from portal.people.letters import post_due
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PASSWORD, PartnerFactory, TenantFactory, UserFactory, make_member

SignIn = Callable[[Membership], Client]


def secret_of(letter: mail.EmailMessage) -> str:
    found = re.search(r"/join/([\w-]+)", letter.body)
    assert found
    return found[1]


@pytest.fixture
def invited(admin: Membership, tenant: Tenant) -> tuple[Invitation, str]:
    """An open invitation of a channel manager, and the secret of its link."""
    with tenant_scope(tenant.pk):
        invitation = actions.invite(by=admin, email="New@Example.com", name="Nia", role=Role.CHANNEL_MANAGER)
    post_due(tenant.pk)
    return invitation, secret_of(mail.outbox[-1])


def test_an_invitation_is_sent_with_a_link_that_is_stored_only_as_a_digest(
    invited: tuple[Invitation, str], tenant: Tenant
) -> None:
    invitation, secret = invited
    assert mail.outbox[0].to == ["new@example.com"]
    assert mail.outbox[0].from_email.startswith("Acme <")
    assert secret not in invitation.digest
    assert f"/acme/join/{secret}" in mail.outbox[0].body


def test_a_new_person_joins_with_name_and_password(
    invited: tuple[Invitation, str], client: Client, tenant: Tenant
) -> None:
    address = f"/acme/join/{invited[1]}/"
    assert client.get(address).status_code == 200
    answer = client.post(address, {"name": "Nia", "password": "a long enough one"})
    assert (answer.status_code, answer["Location"]) == (302, "/acme/")
    member = Membership.objects.get(user__email="new@example.com")
    assert (member.role, member.partner_id, member.is_active) == (Role.CHANNEL_MANAGER, None, True)
    assert client.get("/acme/").status_code == 200


def test_a_weak_password_is_refused_and_nothing_is_made(
    invited: tuple[Invitation, str], client: Client
) -> None:
    answer = client.post(f"/acme/join/{invited[1]}/", {"name": "Nia", "password": "short"})
    assert answer.status_code == 200
    assert not User.objects.filter(email="new@example.com").exists()


def test_an_invitation_works_once(invited: tuple[Invitation, str], client: Client) -> None:
    address = f"/acme/join/{invited[1]}/"
    client.post(address, {"name": "Nia", "password": "a long enough one"})
    again = Client().get(address)
    assert again.status_code == 410
    assert "You have joined already" in again.content.decode()


def test_an_expired_invitation_says_so(
    invited: tuple[Invitation, str], client: Client, tenant: Tenant
) -> None:
    with tenant_scope(tenant.pk):
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = client.post(f"/acme/join/{invited[1]}/", {"name": "Nia", "password": "a long enough one"})
    assert answer.status_code == 410
    assert "run out" in answer.content.decode()
    assert not User.objects.filter(email="new@example.com").exists()


def test_a_revoked_invitation_is_closed_and_the_old_link_dies_when_it_is_sent_again(
    invited: tuple[Invitation, str], admin: Membership, client: Client
) -> None:
    invitation, old = invited
    with tenant_scope(admin.tenant_id):
        actions.resend(invitation, by=admin)
    post_due(admin.tenant_id)
    new = secret_of(mail.outbox[-1])
    assert client.get(f"/acme/join/{old}/").status_code == 410
    assert client.get(f"/acme/join/{new}/").status_code == 200
    with tenant_scope(admin.tenant_id):
        actions.revoke(invitation, by=admin)
    assert client.get(f"/acme/join/{new}/").status_code == 410


class Post:
    """A mail server that does what it is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.error: Exception | None = None
        self.taken: list[mail.EmailMessage] = []

        def send(letter: mail.EmailMessage) -> None:
            if self.error:
                raise self.error
            self.taken.append(letter)

        monkeypatch.setattr(mail.EmailMessage, "send", send)


def test_a_mail_server_that_is_away_keeps_nobody_waiting_and_gets_the_letter_later(
    admin: Membership, client: Client, client_as: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Post(monkeypatch)
    server.error = ConnectionRefusedError("away")
    desk, start = client_as(admin), timezone.now()

    def listed() -> str:
        return desk.get("/acme/people/").content.decode()

    with time_machine.travel(start, tick=False) as clock:
        answer = desk.post("/acme/people/invite/", {"email": "new@example.com", "role": "channel_manager"})
        assert answer.status_code == 302
        assert "On its way" in listed()
        assert post_due(admin.tenant_id) == 1
        assert "Not taken; tried again at" in listed()
        assert "ConnectionRefusedError: away" in listed()
        assert post_due(admin.tenant_id) == 0  # not before the pause is over
        server.error = None
        clock.shift(timedelta(seconds=61))
        assert post_due(admin.tenant_id) == 1
        (letter,) = server.taken
        assert client.get(f"/acme/join/{secret_of(letter)}/").status_code == 200
        assert "Sent on" in listed()
        assert post_due(admin.tenant_id) == 0


def test_a_letter_that_is_refused_for_good_is_listed_until_it_is_sent_again(
    admin: Membership, client_as: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Post(monkeypatch)
    server.error = smtplib.SMTPRecipientsRefused({"new@example.com": (550, b"unknown")})
    desk = client_as(admin)
    with tenant_scope(admin.tenant_id):
        invitation = actions.invite(by=admin, email="new@example.com", name="", role=Role.ADMIN)
        other = actions.invite(by=admin, email="other@example.com", name="", role=Role.ADMIN)
        actions.revoke(other, by=admin)
    assert (post_due(admin.tenant_id), post_due(admin.tenant_id)) == (1, 0)
    assert "Could not be sent" in desk.get("/acme/people/").content.decode()
    server.error = None
    desk.post(f"/acme/people/invitations/{invitation.pk}/resend/")
    assert post_due(admin.tenant_id) == 1
    assert [letter.to for letter in server.taken] == [["new@example.com"]]
    assert "Could not be sent" not in desk.get("/acme/people/").content.decode()
    # What nobody sent in time is not on its way any more.
    now = timezone.now()
    with tenant_scope(admin.tenant_id):
        Invitation.objects.filter(pk=invitation.pk).update(sent_at=None, due_at=now, expires_at=now)
    assert post_due(admin.tenant_id) == 0
    assert "Not sent" in desk.get("/acme/people/").content.decode()


def test_a_link_of_one_vendor_does_not_open_at_another(
    invited: tuple[Invitation, str], other_tenant: Tenant, client: Client
) -> None:
    assert client.get(f"/globex/join/{invited[1]}/").status_code == 410
    assert not Membership.objects.filter(tenant=other_tenant).exists()


def test_someone_else_signed_in_cannot_use_the_link(
    invited: tuple[Invitation, str], client: Client, other_tenant: Tenant
) -> None:
    stranger = UserFactory(email="stranger@example.com")
    client.force_login(stranger, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(f"/acme/join/{invited[1]}/").status_code == 409
    assert not Membership.objects.filter(user=stranger).exists()


def test_a_person_with_an_account_must_sign_in_and_then_joins(
    invited: tuple[Invitation, str], client: Client
) -> None:
    user = UserFactory(email="new@example.com")
    address = f"/acme/join/{invited[1]}/"
    answer = client.post(address, {"name": "Thief", "password": "a long enough one"})
    assert "Sign in" in answer.content.decode()
    assert not Membership.objects.filter(user=user).exists()
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(address)["Location"] == "/acme/"
    assert Membership.objects.get(user=user).role == Role.CHANNEL_MANAGER


def test_a_partner_owner_invites_colleagues_of_the_own_company_only(partner_owner: Membership) -> None:
    with tenant_scope(partner_owner.tenant_id):
        stranger = PartnerFactory()
    with tenant_scope(partner_owner.tenant_id, partner_owner.partner_id):
        ok = actions.invite(
            by=partner_owner,
            email="a@example.com",
            name="",
            role=Role.PARTNER_MEMBER,
            partner_id=partner_owner.partner_id,
        )
        assert ok.partner_id == partner_owner.partner_id
        for role, partner_id in [
            (Role.ADMIN, None),
            (Role.CHANNEL_MANAGER, None),
            (Role.ADMIN, partner_owner.partner_id),
            (Role.PARTNER_OWNER, stranger.pk),
        ]:
            with pytest.raises(ActionRefused):
                actions.invite(
                    by=partner_owner, email="b@example.com", name="", role=role, partner_id=partner_id
                )


def test_a_partner_owner_cannot_make_an_admin_through_the_form(
    partner_owner: Membership, client_as: SignIn
) -> None:
    answer = client_as(partner_owner).post(
        "/acme/people/invite/", {"email": "x@example.com", "role": "admin"}
    )
    assert answer.status_code == 200
    with tenant_scope(partner_owner.tenant_id):
        assert not Invitation.objects.exists()


def test_a_partner_owner_cannot_give_a_colleague_a_vendor_role(
    partner_owner: Membership, client_as: SignIn
) -> None:
    with tenant_scope(partner_owner.tenant_id):
        colleague = make_member(Role.PARTNER_MEMBER, partner=Partner.objects.get(pk=partner_owner.partner_id))
        vendor = make_member(Role.CHANNEL_MANAGER)
        stranger = make_member(Role.PARTNER_MEMBER, partner=PartnerFactory())
    client = client_as(partner_owner)
    assert client.post(f"/acme/people/{colleague.pk}/", {"role": "admin"}).status_code == 422
    assert client.post(f"/acme/people/{vendor.pk}/", {"role": "partner_member"}).status_code == 404
    assert client.post(f"/acme/people/{stranger.pk}/remove/").status_code == 404
    colleague.refresh_from_db()
    assert colleague.role == Role.PARTNER_MEMBER
    assert client.post(f"/acme/people/{colleague.pk}/", {"role": "partner_owner"}).status_code == 302
    colleague.refresh_from_db()
    assert colleague.role == Role.PARTNER_OWNER


@pytest.mark.parametrize("role", [Role.PARTNER_MEMBER, Role.CHANNEL_MANAGER])
def test_who_manages_nobody_gets_403(
    role: Role, partner_member: Membership, manager: Membership, client_as: SignIn
) -> None:
    client = client_as(partner_member if role == Role.PARTNER_MEMBER else manager)
    assert client.get("/acme/people/").status_code == 403
    assert client.post("/acme/people/invite/", {}).status_code == 403


def test_actions_check_who_calls_them(manager: Membership, admin: Membership) -> None:
    with tenant_scope(manager.tenant_id):
        with pytest.raises(PermissionDenied):
            actions.invite(by=manager, email="a@example.com", name="", role=Role.CHANNEL_MANAGER)
        with pytest.raises(PermissionDenied):
            actions.remove(admin, by=manager)


def test_a_removed_member_is_out_at_the_next_request(
    admin: Membership, manager: Membership, client_as: SignIn
) -> None:
    client = client_as(manager)
    assert client.get("/acme/").status_code == 200
    with tenant_scope(admin.tenant_id):
        actions.remove(manager, by=admin)
    assert client.get("/acme/").status_code in {302, 404}


def test_removal_ends_sessions_when_no_programme_is_left(
    admin: Membership, manager: Membership, other_tenant: Tenant
) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": manager.user.email, "password": PASSWORD})
    assert client.get("/acme/").status_code == 200
    with tenant_scope(admin.tenant_id):
        actions.remove(manager, by=admin)
    assert client.get("/accounts/programmes/").status_code == 302


def test_removal_keeps_the_session_of_who_has_another_programme(
    admin: Membership, manager: Membership, other_tenant: Tenant
) -> None:
    Membership.objects.create(tenant=other_tenant, user=manager.user, role=Role.CHANNEL_MANAGER)
    client = Client()
    client.post("/accounts/login/", {"login": manager.user.email, "password": PASSWORD})
    client.get("/acme/")
    with tenant_scope(admin.tenant_id):
        actions.remove(manager, by=admin)
    assert client.get("/acme/").status_code == 404
    assert client.get("/globex/").status_code == 200


@pytest.mark.parametrize("end", ["remove", "demote"])
def test_invitations_end_with_the_rights_of_who_sent_them(
    end: str, admin: Membership, invited: tuple[Invitation, str], client: Client
) -> None:
    with tenant_scope(admin.tenant_id):
        other = make_member(Role.ADMIN)
        if end == "remove":
            actions.remove(admin, by=other)
        else:
            actions.change_role(admin, role=Role.CHANNEL_MANAGER, by=other)
    assert client.get(f"/acme/join/{invited[1]}/").status_code == 410


def test_the_last_admin_stays(admin: Membership) -> None:
    with tenant_scope(admin.tenant_id):
        with pytest.raises(ActionRefused):
            actions.change_role(admin, role=Role.CHANNEL_MANAGER, by=admin)
        second = make_member(Role.ADMIN)
        assert actions.change_role(second, role=Role.CHANNEL_MANAGER, by=admin).role == Role.CHANNEL_MANAGER


def test_a_member_of_another_vendor_cannot_be_touched(
    admin: Membership, other_tenant: Tenant, client_as: SignIn
) -> None:
    with tenant_scope(other_tenant.pk):
        victim = make_member(Role.ADMIN)
        make_member(Role.ADMIN)
    client = client_as(admin)
    assert client.get(f"/acme/people/{victim.pk}/").status_code == 404
    assert client.post(f"/acme/people/{victim.pk}/remove/").status_code == 404
    victim.refresh_from_db()
    assert victim.is_active


def test_signing_up_is_closed(client: Client, db: None) -> None:
    answer = client.post("/accounts/signup/", {"email": "x@example.com", "password1": "a long enough one"})
    assert "By invitation" in answer.content.decode()
    assert not User.objects.exists()


def test_signing_in_leads_to_the_only_programme_and_to_a_choice_of_several(
    manager: Membership, other_tenant: Tenant, client: Client
) -> None:
    answer = client.post("/accounts/login/", {"login": manager.user.email, "password": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == "/acme/"
    Membership.objects.create(tenant=other_tenant, user=manager.user, role=Role.CHANNEL_MANAGER)
    page = client.get("/accounts/programmes/").content.decode()
    assert "Acme" in page
    assert "Globex" in page


def test_the_bare_address_leads_to_the_sign_in_and_on_to_the_programme(
    client: Client, manager: Membership, client_as: SignIn
) -> None:
    assert "Sign in" in client.get("/", follow=True).content.decode()
    assert client_as(manager).get("/", follow=True).redirect_chain[-1][0] == "/acme/"


def test_who_has_no_programme_is_told_what_to_do(client: Client, db: None) -> None:
    client.force_login(UserFactory(), backend="django.contrib.auth.backends.ModelBackend")
    assert "No programme yet" in client.get("/accounts/programmes/").content.decode()


def test_signing_in_is_limited(client: Client, manager: Membership) -> None:
    wrong = {"login": manager.user.email, "password": "wrong"}
    answers = [client.post("/accounts/login/", wrong).content.decode() for _ in range(7)]
    assert any("Too many" in answer for answer in answers)


@override_settings(DEMO=True)
def test_the_demo_signs_in_with_one_click_only_where_there_is_a_demo(client: Client, db: None) -> None:
    demo = TenantFactory(slug="demo", is_demo=True)
    real = TenantFactory(slug="real")
    with tenant_scope(demo.pk):
        shown = make_member(Role.ADMIN)
    with tenant_scope(real.pk):
        hidden = make_member(Role.ADMIN)
    page = client.get("/accounts/login/").content.decode()
    assert f"/accounts/demo/{shown.pk}/" in page
    assert str(hidden.pk) not in page
    assert client.post(f"/accounts/demo/{hidden.pk}/").status_code == 404
    assert client.get(f"/accounts/demo/{shown.pk}/").status_code == 405
    assert client.post(f"/accounts/demo/{shown.pk}/")["Location"] == "/demo/"
    # The button was the proof: no password, which nobody was told, is asked for at once.
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200
    session = client.session
    session["signed_in_at"] -= 3600
    session.save()
    assert client.get("/accounts/2fa/totp/activate/").status_code == 302


@override_settings(DEMO=True)
def test_the_demo_never_signs_in_as_someone_of_a_real_programme(client: Client, db: None) -> None:
    demo, real = TenantFactory(slug="demo", is_demo=True), TenantFactory(slug="real")
    with tenant_scope(demo.pk):
        guest = make_member(Role.ADMIN)
    with tenant_scope(real.pk):
        make_member(Role.CHANNEL_MANAGER, user=guest.user)
    assert client.post(f"/accounts/demo/{guest.pk}/").status_code == 404


@override_settings(DEMO=False)
def test_without_demo_mode_there_is_no_such_button(client: Client, db: None) -> None:
    demo = TenantFactory(slug="demo", is_demo=True)
    with tenant_scope(demo.pk):
        shown = make_member(Role.ADMIN)
    assert "/accounts/demo/" not in client.get("/accounts/login/").content.decode()
    assert client.post(f"/accounts/demo/{shown.pk}/").status_code == 404


@override_settings(DEMO=True, PRODUCTION=True)
def test_never_in_production(client: Client, db: None) -> None:
    demo = TenantFactory(slug="demo", is_demo=True)
    with tenant_scope(demo.pk):
        shown = make_member(Role.ADMIN)
    assert client.post(f"/accounts/demo/{shown.pk}/").status_code == 404


def test_the_demo_needs_the_csrf_token(db: None, settings: object) -> None:
    settings.DEMO = True
    demo = TenantFactory(slug="demo", is_demo=True)
    with tenant_scope(demo.pk):
        shown = make_member(Role.ADMIN)
    assert Client(enforce_csrf_checks=True).post(f"/accounts/demo/{shown.pk}/").status_code == 403


def test_the_list_of_people_costs_the_same_at_any_length(admin: Membership, client_as: SignIn) -> None:
    client = client_as(admin)

    def cost(more: int) -> int:
        with tenant_scope(admin.tenant_id):
            for _ in range(more):
                make_member(Role.PARTNER_OWNER, partner=PartnerFactory())
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/acme/people/").status_code == 200
        return len(queries)

    cost(1)
    assert cost(0) == cost(2)


def test_a_profile_changes_name_and_language(manager: Membership, client_as: SignIn) -> None:
    client = client_as(manager)
    assert client.post("/accounts/profile/", {"name": "Mia", "language": "nl"}).status_code == 302
    manager.user.refresh_from_db()
    assert (manager.user.name, manager.user.language) == ("Mia", "nl")
    assert 'lang="nl"' in client.get("/acme/").content.decode()


def test_a_weak_password_is_a_validation_error(invited: tuple[Invitation, str], tenant: Tenant) -> None:
    with tenant_scope(tenant.pk), pytest.raises(ValidationError):
        actions.accept_as_new_user(invited[0], name="Nia", password="short")


@pytest.fixture
def imported(tenant: Tenant) -> Membership:
    """A channel manager as an import makes them: under an address that no mail reaches, and without a password."""
    with tenant_scope(tenant.pk):
        user = UserFactory(email="moses.frase@acme.invalid", name="Moses Frase")
        user.set_unusable_password()
        user.save()
        return make_member(Role.CHANNEL_MANAGER, user=user)


def test_an_imported_manager_is_given_an_address_and_signs_in_with_the_same_portfolio(
    imported: Membership,
    admin: Membership,
    client: Client,
    client_as: SignIn,
) -> None:
    with tenant_scope(imported.tenant_id):
        partner = PartnerFactory(manager=imported)
    page = f"/acme/people/{imported.pk}/"
    assert "has no e-mail address yet" in client_as(admin).get(page).content.decode()
    answer = client_as(admin).post(f"{page}invite/", {"address-email": "Moses@Real.example"})
    assert answer.status_code == 302
    post_due(admin.tenant_id)
    assert mail.outbox[-1].to == ["moses@real.example"]
    address = f"/acme/join/{secret_of(mail.outbox[-1])}/"
    answer = client.post(address, {"name": "Moses Frase", "password": "a long enough one"})
    assert (answer.status_code, answer["Location"]) == (302, "/acme/")
    assert Membership.objects.get(user__email="moses@real.example").pk == imported.pk
    with tenant_scope(imported.tenant_id):
        partner.refresh_from_db()
    assert partner.manager_id == imported.pk
    assert "has not signed in" not in client_as(admin).get(page).content.decode()


@pytest.mark.parametrize("email", ["", "nonsense", "other@acme.invalid", "admin@acme.example"])
def test_an_address_that_cannot_be_is_refused_beside_the_field(
    email: str, imported: Membership, admin: Membership, client_as: SignIn
) -> None:
    User.objects.filter(pk=admin.user_id).update(email="admin@acme.example")
    answer = client_as(admin).post(f"/acme/people/{imported.pk}/invite/", {"address-email": email})
    assert answer.status_code == 422
    assert answer.context["address"].errors["email"]
    assert User.objects.get(pk=imported.user_id).email == "moses.frase@acme.invalid"


def test_nobody_changes_the_address_of_who_signs_in_or_is_known_elsewhere(
    imported: Membership, admin: Membership, manager: Membership
) -> None:
    with tenant_scope(admin.tenant_id):
        with pytest.raises(ActionRefused):
            actions.invite_member(manager, email="a@b.example", by=admin)
        with pytest.raises(PermissionDenied):
            actions.invite_member(imported, email="a@b.example", by=manager)
    other = TenantFactory(slug="globex")
    Membership.objects.create(tenant=other, user=imported.user, role=Role.CHANNEL_MANAGER)
    with tenant_scope(admin.tenant_id), pytest.raises(ActionRefused):
        actions.invite_member(imported, email="a@b.example", by=admin)
    assert User.objects.get(pk=imported.user_id).email == "moses.frase@acme.invalid"


def test_an_invitation_from_a_partners_page_begins_with_that_partner(
    admin: Membership, tenant: Tenant, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        partner = PartnerFactory()
    client = client_as(admin)
    link = f"/acme/people/invite/?partner={partner.pk}&amp;role=partner_owner"
    assert link in client.get(f"/acme/partners/{partner.pk}/").content.decode()
    page = client.get(link.replace("&amp;", "&")).content.decode()
    assert f'<option value="{partner.pk}" selected' in page
    assert '<option value="partner_owner" selected' in page

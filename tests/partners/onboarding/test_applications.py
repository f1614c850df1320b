"""Applying: the public form and what it holds off, the decision, what the applicant and the referring partner learn."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from partners.directory.enums import PartnerStatus, PartnerType
from partners.directory.models import Partner
from partners.onboarding.applications import actions, guard
from partners.onboarding.applications.duplicates import alike
from partners.onboarding.applications.letters import post_due
from partners.onboarding.applications.scoring import Line, total
from partners.onboarding.enums import ApplicationStatus, QuestionKind
from partners.onboarding.models import (
    ApplicantLetter,
    Application,
    ApplicationPolicy,
    ApplicationQuestion,
    Referral,
    ScoringCriterion,
)
from portal.accounts.enums import Role
from portal.accounts.models import Invitation, Membership
from portal.errors import ActionRefused
from portal.events.dispatch import dispatch_pending
from portal.files.actions import clean_up
from portal.files.models import Attachment
from portal.notifications.queries import lines, shown_to
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, PartnerFactory, make_member
from tests.portal.files.builders import PNG

S = ApplicationStatus
FORM = {
    "company": "Zonneveld IT B.V.",
    "website": "https://zonneveld-it.example",
    "country": "NL",
    "type": PartnerType.MSP,
    "person": "Iris de Wit",
    "email": "iris@zonneveld-it.example",
}


@pytest.fixture
def is_open(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        ApplicationPolicy.objects.create(is_open=True)


@pytest.fixture
def sending(tenant: Tenant, client: Client) -> Iterator[Callable[..., Any]]:
    """Fill in the form as a person does: `sending(company=...)`."""

    def send(path: str = "/acme/apply/", **changes: Any) -> Any:
        page = client.get(path)
        stamp = re.search(r'name="stamp" value="([^"]+)"', page.content.decode())
        with time_machine.travel(timezone.now() + timedelta(seconds=30)):
            return client.post(path, {**FORM, "stamp": stamp and stamp[1], **changes})

    return send


def an_application(**fields: Any) -> Application:
    count = Application.objects.count()
    return Application.objects.create(
        **{
            "number": f"AP-2026-{count + 1:05d}",
            "status": S.APPLIED,
            "company": "Zonneveld IT B.V.",
            "normalised_name": "zonneveld it",
            "domain": "zonneveld-it.example",
            "website": "https://zonneveld-it.example",
            "country": "NL",
            "type": PartnerType.MSP,
            "person": "Iris de Wit",
            "email": f"iris{count}@zonneveld-it.example",
            "submitted_at": timezone.now(),
            **fields,
        }
    )


def told(member: Membership) -> list[str]:
    with tenant_scope(member.tenant_id, member.partner_id):
        return [line["text"] for line in lines(shown_to(member), "acme")]


def post(tenant: Tenant) -> None:
    """Post what is due, also what was written a moment ahead."""
    with time_machine.travel(timezone.now() + timedelta(seconds=40)):
        post_due(tenant.pk)


def letters(application: Application) -> list[str]:
    return list(application.letters.order_by("created_at", "pk").values_list("kind", flat=True))


# --- applying ----------------------------------------------------------------------------------


def path_in(letter: Any) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", letter.body)
    assert found
    return found[1]


def test_an_application_counts_once_its_address_is_confirmed(
    tenant: Tenant, is_open: None, sending: Callable[..., Any], client: Client, admin: Membership
):
    with tenant_scope(tenant.pk):
        why = ApplicationQuestion.objects.create(position=0, text="Why us?", is_required=True)
        size = ApplicationQuestion.objects.create(position=1, text="People?", kind=QuestionKind.NUMBER)
        paper = ApplicationQuestion.objects.create(position=2, text="Profile", kind=QuestionKind.FILE)
        fine = ApplicationQuestion.objects.create(
            position=3, text="I agree", kind=QuestionKind.CONSENT, is_required=True
        )

    def answers() -> dict[str, Any]:
        return {
            f"q_{size.pk.hex}": "12",
            f"q_{paper.pk.hex}": SimpleUploadedFile("profile.png", PNG),
            f"q_{fine.pk.hex}": "on",
        }

    refused = sending(**answers())
    assert refused.status_code == 422
    assert "Iris de Wit" in refused.content.decode()  # nothing typed is lost
    assert sending(**answers(), **{f"q_{why.pk.hex}": "We sell."}).status_code == 302
    post(tenant)
    [letter] = mail.outbox
    assert letter.to == ["iris@zonneveld-it.example"]
    assert letter.subject == "Confirm your application to Acme"
    with tenant_scope(tenant.pk):
        application = Application.objects.get()
        assert (application.status, application.domain) == (S.UNCONFIRMED, "zonneveld-it.example")
        kept = Attachment.objects.get()
        assert [(answer["text"], answer["value"]) for answer in application.answers] == [
            ("Why us?", "We sell."),
            ("People?", "12"),
            ("Profile", [{"file": str(kept.pk), "name": "profile.png"}]),
            ("I agree", True),
        ]
    dispatch_pending(tenant.pk)
    assert told(admin) == []

    assert client.get(path_in(letter)).status_code == 200
    with tenant_scope(tenant.pk):
        assert Application.objects.get().status == S.UNCONFIRMED  # a mail program that looks does not confirm
    followed = client.post(path_in(letter), follow=True)
    assert "Your application is with us" in followed.content.decode()
    client.post(path_in(letter))
    dispatch_pending(tenant.pk)
    assert told(admin) == ["Zonneveld IT B.V. wants to become a partner"]
    with tenant_scope(tenant.pk):
        application = Application.objects.get()
        assert (application.status, sorted(letters(application))) == (S.APPLIED, ["confirm", "received"])


def test_machines_and_second_clicks_add_nothing(
    tenant: Tenant, is_open: None, sending: Callable[..., Any], client: Client
):
    trapped = sending(fax_number="123")
    assert trapped.headers["Location"] == "/acme/apply/sent/"
    no_stamp = sending(stamp="")
    assert no_stamp.status_code == 422
    with time_machine.travel(timezone.now(), tick=False):
        page = client.get("/acme/apply/").content.decode()
        stamp = re.search(r'name="stamp" value="([^"]+)"', page)[1]  # type: ignore[index]
        quick = client.post("/acme/apply/", {**FORM, "stamp": stamp})
    assert quick.status_code == 422
    with tenant_scope(tenant.pk):
        assert not Application.objects.exists()
    with time_machine.travel(timezone.now() + timedelta(seconds=9)):
        for _click in range(2):
            sent = client.post("/acme/apply/", {**FORM, "stamp": stamp})
            assert sent.headers["Location"] == "/acme/apply/sent/"
    with tenant_scope(tenant.pk):
        assert Application.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert client.post("/acme/apply/", {**FORM, "stamp": stamp}).status_code == 422


def test_one_e_mail_address_and_one_sender_have_limits(
    tenant: Tenant, is_open: None, sending: Callable[..., Any]
):
    codes = [sending(company=f"Company {n}").status_code for n in range(4)]
    assert codes == [302, 302, 302, 429]
    codes = [sending(email=f"a{n}@other.example").status_code for n in range(7)]
    assert codes == [302] * 6 + [429]
    refused = sending(email="last@other.example")
    assert "Too many applications" in refused.content.decode()
    assert "Iris de Wit" in refused.content.decode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("logo.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("logo.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("run.exe", b"MZ\x90\x00"),
        ("page.txt", b"<html><script>alert(1)</script>"),
        ("empty.pdf", b""),
        ("large.png", PNG + b"\0" * (10 * 1024 * 1024)),
    ],
)
def test_uploads_of_applicants_are_told_by_their_content(
    name: str, content: bytes, tenant: Tenant, is_open: None, sending: Callable[..., Any]
):
    with tenant_scope(tenant.pk):
        paper = ApplicationQuestion.objects.create(position=0, text="Profile", kind=QuestionKind.FILE)
    answer = sending(**{f"q_{paper.pk.hex}": SimpleUploadedFile(name, content)})
    assert answer.status_code == 422
    with tenant_scope(tenant.pk):
        assert (Application.objects.count(), Attachment.objects.count()) == (0, 0)


def test_a_files_name_leads_nowhere_and_only_the_vendor_reads_it(
    tenant: Tenant,
    is_open: None,
    sending: Callable[..., Any],
    client: Client,
    client_as: Callable[[Membership], Client],
    manager: Membership,
    partner_owner: Membership,
):
    with tenant_scope(tenant.pk):
        paper = ApplicationQuestion.objects.create(position=0, text="Profile", kind=QuestionKind.FILE)
    upload = SimpleUploadedFile("x.png", PNG)
    upload.name = "../../etc/x.png"
    assert sending(**{f"q_{paper.pk.hex}": upload}).status_code == 302
    with tenant_scope(tenant.pk):
        file = Attachment.objects.get()
        Application.objects.update(status=S.APPLIED, submitted_at=timezone.now())
    assert (file.name, file.uploaded_by_id, file.partner_id) == ("x.png", None, None)
    seen = client_as(manager).get(f"/acme/files/{file.pk}/")
    assert seen.status_code == 200
    assert seen.headers["Content-Disposition"].startswith("attachment")
    assert client_as(partner_owner).get(f"/acme/files/{file.pk}/").status_code == 404
    assert client.get(f"/acme/files/{file.pk}/").status_code == 302


def test_who_has_applied_already_is_written_to_and_nothing_is_added(
    tenant: Tenant, is_open: None, sending: Callable[..., Any]
):
    with tenant_scope(tenant.pk):
        first = an_application(email=FORM["email"])
    assert sending().headers["Location"] == "/acme/apply/sent/"
    with tenant_scope(tenant.pk):
        assert Application.objects.get() == first
        assert letters(first) == ["already"]


def test_a_link_of_another_programme_or_purpose_opens_nothing(
    tenant: Tenant, other_tenant: Tenant, is_open: None, sending: Callable[..., Any], client: Client
):
    sending()
    post(tenant)
    confirm = path_in(mail.outbox[0])
    assert client.get(confirm.replace("/acme/", "/globex/")).status_code == 404
    assert client.get(confirm.replace("/confirm/", "/status/")).status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert client.get(confirm).status_code == 404
    assert client.get("/globex/apply/").status_code == 200
    assert client.post("/globex/apply/", FORM).status_code == 200  # closed: it says so and takes nothing


def test_what_nobody_confirms_is_forgotten_with_its_files(scoped: Tenant):
    old, waiting = an_application(status=S.UNCONFIRMED), an_application()
    Application.objects.update(created_at=timezone.now() - timedelta(days=9))
    new = an_application(status=S.UNCONFIRMED)
    file = Attachment.objects.create(
        subject_type="onboarding.application", subject_id=old.pk, name="x", size=1, stored_as="x"
    )
    assert actions.forget_unconfirmed(timezone.now()) == 1
    assert set(Application.objects.all()) == {waiting, new}
    assert clean_up(scoped.pk, timezone.now()) == 1
    file.refresh_from_db()
    assert file.purged_at is not None


def test_strangers_do_not_fill_the_programmes_place(
    tenant: Tenant, is_open: None, sending: Callable[..., Any], settings: Any
):
    settings.FILES_QUOTA_BYTES = 20 * 2 * len(PNG)
    with tenant_scope(tenant.pk):
        paper = ApplicationQuestion.objects.create(position=0, text="Profile", kind=QuestionKind.FILE)

    def with_file(email: str) -> Any:
        return sending(email=email, **{f"q_{paper.pk.hex}": SimpleUploadedFile("x.png", PNG)})

    assert [with_file(f"a{n}@made-up.example").status_code for n in range(2)] == [302, 302]
    refused = with_file("a3@made-up.example")
    assert refused.status_code == 422
    assert "No more files can be taken" in refused.content.decode()
    with tenant_scope(tenant.pk):
        assert Attachment.objects.count() == 2
        Application.objects.update(status=S.APPLIED, submitted_at=timezone.now())
    assert with_file("a4@made-up.example").status_code == 302


def test_a_network_of_ipv6_addresses_is_one_sender(rf: Any):
    def sender(address: str) -> str:
        return guard.sender_of(rf.get("/", REMOTE_ADDR=address))

    assert sender("2001:db8:1:2::1") == sender("2001:db8:1:2:ffff::9") == "2001:db8:1:2::"
    assert sender("2001:db8:1:3::1") != sender("2001:db8:1:2::1")
    assert sender("192.0.2.7") == sender("::ffff:192.0.2.7") == "192.0.2.7"


def test_the_applicant_answers_and_withdraws_on_the_status_page(
    tenant: Tenant, is_open: None, client: Client, admin: Membership
):
    with tenant_scope(tenant.pk):
        application = an_application()
        actions.ask_for_more(application, by=admin, question="How many engineers?")
    post(tenant)
    page = path_in(mail.outbox[0])
    assert "How many engineers?" in mail.outbox[0].body
    assert "How many engineers?" in client.get(page).content.decode()
    assert client.post(page, {"text": " "}).status_code == 422
    client.post(page, {"text": "Seven"})
    with tenant_scope(tenant.pk):
        application.refresh_from_db()
        assert (application.status, application.more_given) == (S.IN_REVIEW, "Seven")
    client.post(f"{page}withdraw/")
    with tenant_scope(tenant.pk):
        application.refresh_from_db()
        assert application.status == S.WITHDRAWN
        with pytest.raises(ActionRefused):
            actions.approve(application, by=admin)
    dispatch_pending(tenant.pk)
    assert sorted(told(admin)) == [
        "Zonneveld IT B.V. has answered what was missing",
        "Zonneveld IT B.V. has withdrawn its application",
    ]


def test_a_letter_that_mail_refuses_is_tried_again(scoped: Tenant, admin: Membership, monkeypatch: Any):
    application = an_application()
    actions.start_review(application, by=admin)

    def refuse(self: Any) -> None:
        raise ConnectionRefusedError("no mail server")

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        assert post_due(scoped.pk) == 1
    letter = ApplicantLetter.objects.get()
    assert (letter.sent_at, letter.attempts) == (None, 1)
    assert post_due(scoped.pk) == 0  # not at once
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        assert post_due(scoped.pk) == 1
    letter.refresh_from_db()
    assert letter.sent_at is not None
    assert letter.due_at is None


# --- deciding ----------------------------------------------------------------------------------


def test_approval_makes_the_company_and_invites_its_owner(scoped: Tenant, manager: Membership):
    application = actions.start_review(an_application(), by=manager)
    approved = actions.approve(application, by=manager, region="Benelux", message="Welcome aboard")
    partner = Partner.objects.get()
    assert (partner.name, partner.type, partner.region, partner.country) == (
        "Zonneveld IT B.V.",
        PartnerType.MSP,
        "Benelux",
        "NL",
    )
    assert (partner.manager_id, partner.joined_on) == (manager.pk, timezone.localdate())
    assert approved.partner == partner
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role, invitation.partner_id) == (
        application.email,
        Role.PARTNER_OWNER,
        partner.pk,
    )
    assert letters(approved) == ["in_review", "approved"]


def test_a_person_who_is_a_member_already_is_not_invited_again(scoped: Tenant, admin: Membership):
    member = make_member(Role.PARTNER_OWNER, partner=PartnerFactory(name="Elsewhere", number="P-90001"))
    application = an_application(email=member.user.email)
    with pytest.raises(ActionRefused) as refusal:
        actions.approve(application, by=admin)
    assert refusal.value.field == "email"
    actions.approve(application, by=admin, email="other@zonneveld-it.example")


def test_managers_decide_their_own_and_what_is_nobodys(scoped: Tenant, manager: Membership):
    colleague = make_member(Role.CHANNEL_MANAGER)
    application = an_application(manager=colleague)
    with pytest.raises(PermissionDenied):
        actions.reject(application, by=manager, reason="No")
    actions.assign(application, manager, by=colleague)
    with pytest.raises(ActionRefused):
        actions.reject(application, by=manager, reason=" ")
    rejected = actions.reject(application, by=manager, reason="Too small")
    assert (rejected.status, rejected.reason) == (S.REJECTED, "Too small")
    with pytest.raises(ActionRefused):
        actions.approve(application, by=manager)


def test_a_decision_on_an_old_page_is_noticed(scoped: Tenant, admin: Membership):
    application = an_application()
    seen = application.version
    actions.start_review(application, by=admin)
    with pytest.raises(ActionRefused) as refusal:
        actions.approve(application, by=admin, version=seen)
    assert refusal.value.code == "stale"


@pytest.mark.django_db(transaction=True)
def test_two_who_decide_at_once_make_one_partner(tenant: Tenant, manager: Membership, admin: Membership):
    with tenant_scope(tenant.pk):
        application = an_application()
    ready, outcomes = Barrier(2), []

    def decide(by: Membership) -> None:
        try:
            ready.wait()
            with tenant_scope(tenant.pk):
                actions.approve(application, by=by)
            outcomes.append("approved")
        except ActionRefused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [Thread(target=decide, args=(by,)) for by in (manager, admin)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with tenant_scope(tenant.pk):
        assert sorted(outcomes) == ["approved", "refused"]
        assert (Partner.objects.count(), Invitation.objects.count()) == (1, 1)


def test_the_total_weighs_what_is_scored():
    # 3 x 5 + 1 x 2 = 17 of 20: 85%. Only the first scored: 5 of 5.
    assert total([Line("Market", 3, 5), Line("Skills", 1, 2)]).percent == 85
    part = total([Line("Market", 3, 5), Line("Skills", 1, None)])
    assert (part.percent, part.scored, part.of, part.is_complete) == (100, 1, 2, False)
    assert total([Line("Market", 3, None)]).percent is None
    # 1 x 1 of 8 x 5 = 2.5%, half up.
    assert total([Line("A", 1, 1), Line("B", 7, 0)]).percent == 3


def test_a_decision_keeps_the_sheet_it_was_taken_with(
    scoped: Tenant, admin: Membership, client_as: Callable[[Membership], Client]
):
    actions.change_policy(by=admin, needs_scores=True)
    market = actions.save_criterion(ScoringCriterion(name="Market", weight=3), by=admin)
    skills = actions.save_criterion(ScoringCriterion(name="Skills", weight=1), by=admin)
    application = an_application()
    actions.score(application, market, points=5, by=admin, note="Strong in the region")
    with pytest.raises(ActionRefused) as refusal:
        actions.approve(application, by=admin)
    assert refusal.value.code == "scores"
    actions.score(application, skills, points=2, by=admin)
    approved = actions.approve(application, by=admin)
    actions.remove_criterion(market, by=admin)
    assert [(line["criterion"], line["points"]) for line in approved.sheet] == [("Market", 5), ("Skills", 2)]
    assert ScoringCriterion.objects.get().position == 0
    page = client_as(admin).get(f"/acme/applications/{approved.pk}/").content.decode()
    assert "85%" in page
    assert "Strong in the region" in page
    with pytest.raises(ActionRefused):
        actions.score(application, skills, points=1, by=admin)


def test_who_the_applicant_may_be_already_stands_beside_it(
    scoped: Tenant, admin: Membership, client_as: Callable[[Membership], Client]
):
    PartnerFactory(name="Zonneveld I.T.", website="https://www.zonneveld-it.example/nl", country="NL")
    PartnerFactory(name="Zondag Bakkerij")
    other = an_application(company="Zonneveld IT", status=S.REJECTED)
    application = an_application()
    assert [(one.kind, one.likeness) for one in alike(application)] == [
        ("application", 100),
        ("partner", 100),
    ]
    page = client_as(admin).get(f"/acme/applications/{application.pk}/").content.decode()
    assert "Same web domain" in page
    assert other.number in page
    assert "Zondag" not in page


def test_the_list_and_the_page_cost_the_same_however_many_there_are(
    scoped: Tenant,
    admin: Membership,
    client_as: Callable[[Membership], Client],
    django_assert_num_queries: Any,
):
    client = client_as(admin)
    CustomerFactory()

    def cost() -> int:
        with connection.execute_wrapper(counting):
            counted.clear()
            assert client.get("/acme/applications/").status_code == 200
            return len(counted)

    counted: list[str] = []

    def counting(execute: Any, sql: str, *args: Any) -> Any:
        counted.append(sql)
        return execute(sql, *args)

    an_application(referred_by=PartnerFactory())
    client.get("/acme/applications/")
    one = cost()
    for _ in range(2):
        an_application(referred_by=PartnerFactory(), manager=make_member(Role.CHANNEL_MANAGER))
    assert cost() == one


# --- referrals ---------------------------------------------------------------------------------


def test_a_partner_refers_a_company_and_sees_its_state_alone(
    tenant: Tenant,
    is_open: None,
    sending: Callable[..., Any],
    client: Client,
    client_as: Callable[[Membership], Client],
    admin: Membership,
    manager: Membership,
    partner_owner: Membership,
    partner_member: Membership,
):
    with tenant_scope(tenant.pk):
        Partner.objects.filter(pk=partner_owner.partner_id).update(manager=manager, name="Alpha")
    form = {
        "company": "Zonneveld",
        "person": "Iris",
        "email": "iris@zonneveld-it.example",
        "message": "Do it!",
    }
    owner = client_as(partner_owner)
    assert owner.post("/acme/referrals/new/", form).status_code == 302
    assert owner.post("/acme/referrals/new/", form).status_code == 422  # not twice within a month
    post(tenant)
    [invitation] = mail.outbox
    assert "Do it!" in invitation.body
    assert sending(path_in(invitation)).status_code == 302
    post(tenant)
    client.post(path_in(mail.outbox[1]))
    with tenant_scope(tenant.pk):
        application = Application.objects.get()
        assert application.referred_by_id == partner_owner.partner_id
        assert application.manager_id == manager.pk  # who looks after Alpha looks after whom it sends
        actions.reject(application, by=manager, reason="Our secret reason")
    dispatch_pending(tenant.pk)
    assert sorted(told(partner_owner)) == [
        "Zonneveld, which you referred, has applied",
        "Zonneveld, which you referred, was not accepted",
    ]
    page = owner.get("/acme/referrals/").content.decode()
    assert "Not accepted" in page
    assert "secret" not in page.replace('class="secret"', "")
    assert "Zonneveld" not in client_as(partner_member).get("/acme/referrals/").content.decode()
    with (
        pytest.raises(Exception, match="permission denied"),
        tenant_scope(tenant.pk, partner_owner.partner_id),
    ):
        Application.objects.count()


def test_a_partners_own_link_counts_once_the_address_is_confirmed(
    tenant: Tenant,
    is_open: None,
    sending: Callable[..., Any],
    client: Client,
    client_as: Callable[[Membership], Client],
    partner_owner: Membership,
):
    page = client_as(partner_owner).get("/acme/referrals/").content.decode()
    link = re.search(r"/acme/apply/by/[^<\s]+", page)[0]  # type: ignore[index]
    assert sending(link).status_code == 302
    with tenant_scope(tenant.pk):
        assert not Referral.objects.exists()
    post(tenant)
    client.post(path_in(mail.outbox[0]))
    with tenant_scope(tenant.pk):
        referral = Referral.objects.get()
        assert (referral.partner_id, referral.state) == (partner_owner.partner_id, "applied")
        Partner.objects.update(status=PartnerStatus.SUSPENDED)
    refused = client_as(partner_owner).post(
        "/acme/referrals/new/", {"company": "X", "person": "Y", "email": "y@x.example"}
    )
    assert refused.status_code == 403

"""Applying: the public form and what it holds off, the confirmation, what the applicant learns."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from partners.onboarding.applications import actions, guard
from partners.onboarding.applications.letters import post_due
from partners.onboarding.enums import ApplicationStatus, QuestionKind
from partners.onboarding.models import (
    ApplicantLetter,
    Application,
    ApplicationQuestion,
)
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.dispatch import dispatch_pending
from portal.files.actions import clean_up
from portal.files.models import Attachment
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.partners.onboarding.builders import FORM, an_application, letters, path_in, post, told
from tests.portal.files.builders import PNG

S = ApplicationStatus


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

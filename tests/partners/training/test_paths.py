"""Learning paths, duties by type, role and tier, warnings, imports and the heat map."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from partners.training import actions, heat, queries
from partners.training.actions.warnings import remind_of_duties, warn_of_expiry
from partners.training.enums import CourseKind, CourseStatus, QuestionKind
from partners.training.models import Completion, Course, Duty, Path
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.events.record import record
from portal.files.models import Attachment
from portal.shell import registry
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member
from tests.importing import Importer
from tests.partners.training.builders import a_course, a_quiz

PDF = b"%PDF-1.7 proof"


def a_path(admin: Membership, *courses: Course, **fields: Any) -> Path:
    fields.setdefault("title", "Start")
    path = actions.create_path(by=admin, courses=courses, **fields)
    return actions.change_path_status(path, CourseStatus.PUBLISHED, by=admin)


def held(admin: Membership, course: Course, member: Membership, day: date) -> Completion:
    return actions.record_completion(course, member, by=admin, completed_on=day, note="Seen")


@pytest.mark.usefixtures("scoped")
def test_a_path_is_completed_with_its_last_course_and_anew_with_all_of_them(
    admin: Membership, partner_member: Membership
) -> None:
    first, second = a_course(admin, "First"), a_course(admin, "Second")
    path = a_path(admin, first, second, gives_certificate=True, validity_months=12)
    held(admin, second, partner_member, date(2025, 3, 1))
    assert not path.completions.exists()
    held(admin, first, partner_member, date(2025, 2, 1))
    award = path.completions.get()
    # The day of the last course, whichever was recorded last.
    assert (award.completed_on, award.valid_until) == (date(2025, 3, 1), date(2026, 3, 1))
    assert award.certificate.startswith("CERT-2025-")
    held(admin, first, partner_member, date(2026, 2, 1))
    assert path.completions.count() == 1  # the second course is to be taken anew as well
    held(admin, second, partner_member, date(2026, 2, 2))
    assert path.completions.order_by("-completed_on")[0].valid_until == date(2027, 2, 2)


@pytest.mark.usefixtures("scoped")
def test_a_path_falls_with_the_completion_that_it_rests_on(
    admin: Membership, partner_member: Membership
) -> None:
    course = a_course(admin, "Only")
    path = a_path(admin, course, gives_certificate=True)
    completion = held(admin, course, partner_member, date(2026, 1, 1))
    actions.revoke_completion(completion, by=admin, reason="Wrong person")
    assert path.completions.get().revoked_at is not None


@pytest.mark.usefixtures("scoped")
def test_who_holds_all_courses_has_a_path_when_it_is_published(
    admin: Membership, partner_member: Membership
) -> None:
    course = a_course(admin, "Only", validity_months=6)
    held(admin, course, partner_member, timezone.localdate())
    path = a_path(admin, course)
    award = path.completions.get()
    assert award.valid_until == Completion.objects.get(course=course).valid_until


@pytest.mark.usefixtures("scoped")
def test_a_path_is_offered_with_courses_that_are(admin: Membership) -> None:
    draft = a_course(admin, "Draft", publish=False)
    for courses, message in (((), "at least one course"), ((draft,), "Publish “Draft” first")):
        path = actions.create_path(by=admin, title=f"P{len(courses)}", courses=courses)
        with pytest.raises(ActionRefused, match=message):
            actions.change_path_status(path, CourseStatus.PUBLISHED, by=admin)
    with pytest.raises(ActionRefused, match="of this title already"):
        actions.create_path(by=admin, title="P0", courses=())


def test_duties_begin_and_end_with_type_role_tier_and_access(
    scoped: Tenant, admin: Membership, partner_owner: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    gold = PartnerFactory(type=PartnerType.REFERRAL)
    golden = make_member(Role.PARTNER_MEMBER, partner=gold)
    monkeypatch.setattr(registry, "_partner_segments", [])
    registry.partner_segments(
        "Tier",
        choices=lambda: [("gold", "Gold")],
        codes=lambda standings: {key: "gold" for key in standings if key[0] == gold.pk},
    )
    a_course(admin, "Golden", is_required=True, required_segments=["gold"], due_days=10)
    path_course = a_course(admin, "Of the path")
    a_path(admin, path_course, is_required=True, required_roles=[Role.PARTNER_OWNER], due_days=5)
    today = timezone.localdate(timezone=scoped.zone)
    asked = Duty.objects.filter(ended_on=None)
    assert set(asked.values_list("member", "course__title", "due_on")) == {
        (golden.pk, "Golden", today + timedelta(days=10)),
        (partner_owner.pk, "Of the path", today + timedelta(days=5)),
    }
    Membership.objects.filter(pk=golden.pk).update(is_active=False)
    actions.refresh_duties(today, partner_ids=[gold.pk])
    assert list(asked.values_list("member", flat=True)) == [partner_owner.pk]
    assert Duty.objects.get(member=golden).ended_on == today
    assert actions.refresh_duties(today) == 0


def test_a_new_colleague_has_duties_at_once(
    scoped: Tenant, admin: Membership, partner_owner: Membership
) -> None:
    a_course(admin, is_required=True)
    colleague = make_member(Role.PARTNER_MEMBER, partner=Partner.objects.get(pk=partner_owner.partner_id))
    record("member.joined", subject=colleague, by=admin, partner_id=colleague.partner_id, data={"email": "x"})
    dispatch_pending(scoped.pk)
    assert Duty.objects.filter(member=colleague, ended_on=None).count() == 1


@pytest.mark.usefixtures("scoped")
def test_what_runs_out_and_what_falls_due_is_said_once(admin: Membership, partner_member: Membership) -> None:
    today = timezone.localdate()
    course = a_course(admin, is_required=True, due_days=7, validity_months=1)
    assert [remind_of_duties(today, limit=10) for _night in range(2)] == [1, 0]
    late = today + timedelta(days=8)
    assert [remind_of_duties(late, limit=10) for _night in range(2)] == [1, 0]
    completion = held(admin, course, partner_member, today)
    assert [warn_of_expiry(today, limit=10) for _night in range(2)] == [1, 0]
    assert remind_of_duties(late + timedelta(days=1), limit=10) == 0
    # A renewal in time goes on from the old end, and silences the warning.
    with time_machine.travel(timezone.now() + timedelta(days=5)):
        renewed = held(admin, course, partner_member, today + timedelta(days=5))
    assert renewed.valid_until > completion.valid_until + timedelta(days=27)
    types = list(
        Event.objects.filter(type__in=("course.duty_due", "course.completion_expiring")).values_list(
            "type", flat=True
        )
    )
    assert sorted(types) == ["course.completion_expiring", "course.duty_due", "course.duty_due"]


@pytest.mark.usefixtures("scoped")
@pytest.mark.parametrize(
    ("kind", "accepted", "typed", "right"),
    [
        (QuestionKind.TEXT, ["Row-level security", "RLS"], "  row-level   SECURITY", True),
        (QuestionKind.TEXT, ["RLS"], "R L S", False),
        (QuestionKind.NUMBER, ["1.5"], "1,50", True),
        (QuestionKind.NUMBER, ["1.5"], "1.6", False),
        (QuestionKind.NUMBER, ["1.5"], "NaN", False),
    ],
)
def test_typed_answers(
    admin: Membership,
    partner_member: Membership,
    kind: QuestionKind,
    accepted: list[str],
    typed: str,
    right: bool,
) -> None:
    course = a_course(admin, "Typed", publish=False, kind=CourseKind.QUIZ, retry_hours=2)
    choices = [{"text": text, "correct": True} for text in accepted]
    question = actions.save_question(course, by=admin, text="What?", choices=choices, kind=kind)
    course = actions.change_status(course, CourseStatus.PUBLISHED, by=admin)
    enrolment = actions.enrol(course, partner_member, by=partner_member)
    assert queries.quiz_of(enrolment)[0].choices == []  # what is accepted does not show
    attempt = actions.submit_quiz(enrolment, {question.pk: [typed]}, by=partner_member)
    assert attempt.passed is right
    if not right:
        with pytest.raises(ActionRefused, match="try again from"):
            actions.submit_quiz(enrolment, {question.pk: accepted[:1]}, by=partner_member)
        with time_machine.travel(timezone.now() + timedelta(hours=3)):
            assert actions.submit_quiz(enrolment, {question.pk: accepted[:1]}, by=partner_member).passed


@pytest.mark.usefixtures("scoped")
def test_a_shuffled_quiz_is_the_same_for_an_attempt_and_another_for_the_next(
    admin: Membership, partner_member: Membership
) -> None:
    course = a_quiz(admin, questions=12, is_shuffled=True, max_attempts=1)
    enrolment = actions.enrol(course, partner_member, by=partner_member)
    first = queries.quiz_of(enrolment)
    assert queries.quiz_of(enrolment) == first
    actions.submit_quiz(enrolment, {question.pk: [1] for question in first}, by=partner_member)
    second = queries.quiz_of(enrolment)
    assert [q.pk for q in second] != [q.pk for q in first]
    # All attempts are used: another one is the vendor's to give.
    assert [stuck.pk for stuck in queries.without_attempts(course)] == [enrolment.pk]
    actions.give_attempt(enrolment, by=admin)
    assert queries.without_attempts(course) == []
    attempt = actions.submit_quiz(enrolment, {question.pk: [0] for question in second}, by=partner_member)
    assert attempt.passed
    with pytest.raises(ActionRefused, match="an attempt left"):
        actions.give_attempt(enrolment, by=admin)


def test_completions_come_in_from_a_file_once(
    importer: Importer, admin: Membership, partner_member: Membership
) -> None:
    a_path(admin, a_course(admin, "Basics", validity_months=12), title="Way")
    email = partner_member.user.email
    content = f"id,email,course,completed on,score\nA1,{email},Basics,2026-03-02,90\nA2,nobody@x.example,Basics,2026-03-02,90\nA3,{email},Basics,2999-01-01,90\nA4,{email},Basics,2026-03-03,101\n"
    run = importer.check("completions", content)
    assert run.counts["create"] == 1
    assert run.counts["refuse"] == 3
    importer.commit(run)
    completion = Completion.objects.get(course__isnull=False)
    assert (completion.via, completion.score, completion.external_id) == ("import", 90, "A1")
    assert Completion.objects.filter(path__title="Way").count() == 1
    assert importer.check("completions", content).counts["skip"] == 1


def test_the_heat_map_of_people_and_of_partners(
    tenant: Tenant,
    admin: Membership,
    partner_member: Membership,
    client_as: Callable[[Membership], Client],
    django_assert_num_queries: Any,
) -> None:
    with tenant_scope(tenant.pk):
        course = a_course(admin, "Basics", is_required=True, due_days=3)
        partner = Partner.objects.get(pk=partner_member.partner_id)
        late = make_member(Role.PARTNER_MEMBER, partner=partner)
        actions.refresh_duties(timezone.localdate())
        held(admin, course, partner_member, timezone.localdate())
        later = timezone.localdate() + timedelta(days=4)
        for people in ([late], [late, partner_member]):
            with django_assert_num_queries(3):
                rows = heat.heat_map(people, [course], later)
        assert [row.cells[0].state for row in rows] == ["overdue", "met"]
        (shown,) = heat.partner_heat(Partner.objects.filter(pk=partner.pk), [course], later, 0, 10)
        assert (shown.cells[0].held, shown.cells[0].people, shown.cells[0].owing, shown.cells[0].level) == (
            1,
            2,
            1,
            2,
        )
    client = client_as(admin)
    people = client.get("/acme/training/team/?required=1").content.decode()
    assert "Basics" in people
    assert late.name in people
    text = b"".join(client.get("/acme/training/team/partners/?export=csv").streaming_content).decode()
    assert f"{partner.name},1/2" in text
    assert client.get("/acme/training/team/?type=distributor").content.decode().count("<tbody>") == 0
    assert client_as(partner_member).get("/acme/training/team/partners/").status_code == 403
    owed = client_as(partner_member).get("/acme/training/required/?state=missing").content.decode()
    assert late.name in owed


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("proof.svg", b"<svg onload='alert(1)'/>"),
        ("proof.pdf", b"<script>alert(1)</script>"),
        ("proof.exe", b"MZ"),
        ("../../etc/passwd", b"root"),
        ("proof.png", b"<svg/>"),
    ],
)
def test_a_proof_is_a_genuine_file_of_a_kind_that_is_accepted(
    tenant: Tenant,
    manager: Membership,
    admin: Membership,
    partner_member: Membership,
    client_as: Callable[[Membership], Client],
    name: str,
    content: bytes,
) -> None:
    with tenant_scope(tenant.pk):
        course = a_course(admin)
    data = {"member": partner_member.pk, "completed_on": "2026-03-02", "note": ""}
    upload = {"proof": SimpleUploadedFile(name, content)}
    answer = client_as(manager).post(f"/acme/training/{course.pk}/record/", data | upload)
    assert answer.status_code == 422
    with tenant_scope(tenant.pk):
        assert not Completion.objects.exists()
        assert not Attachment.objects.exists()


def test_a_proof_is_seen_by_its_partner_alone_and_a_courses_file_by_all(
    tenant: Tenant,
    admin: Membership,
    partner_member: Membership,
    partner_owner: Membership,
    client_as: Callable[[Membership], Client],
) -> None:
    with tenant_scope(tenant.pk):
        course = a_course(admin, "Handbook", publish=False, kind=CourseKind.FILE)
        with pytest.raises(ActionRefused, match="Add the file"):
            actions.change_status(course, CourseStatus.PUBLISHED, by=admin)
        for text in (b"First edition.", b"Second edition."):
            actions.put_file(course, SimpleUploadedFile("handbook.txt", text), by=admin)
        course = actions.change_status(course, CourseStatus.PUBLISHED, by=admin)
        completion = actions.record_completion(
            course,
            partner_member,
            by=admin,
            completed_on=date(2026, 3, 2),
            proof=[SimpleUploadedFile("proof.pdf", PDF)],
        )
        with pytest.raises(ActionRefused, match="what proves it"):
            actions.record_completion(course, partner_member, by=admin, completed_on=date(2026, 3, 3))
        proof = Attachment.objects.get(purpose="completion")
    for member, seen in ((partner_member, 200), (partner_owner, 404)):
        client = client_as(member)
        assert client.get(f"/acme/files/{proof.pk}/").status_code == seen
        assert client.get(f"/acme/training/completions/{completion.pk}/").status_code == seen
        answer = client.get(f"/acme/training/{course.pk}/file/")
        assert b"".join(answer.streaming_content) == b"Second edition."
        assert "attachment" in answer["Content-Disposition"]

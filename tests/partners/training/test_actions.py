"""Learning: quizzes, attempts, certificates, seats, and what must not be possible."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from partners.training import actions, queries
from partners.training.enums import CompletedVia, CourseKind, CourseStatus, SeatStatus
from partners.training.models import Completion, Course, Enrolment, Question, Seat
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member
from tests.partners.training.builders import a_course, a_quiz

pytestmark = pytest.mark.usefixtures("scoped")


def answers(course: Course, right: int) -> dict:
    """The first `right` questions answered rightly, the others wrongly."""
    return {
        question.pk: [0 if number < right else 1] for number, question in enumerate(course.questions.all())
    }


def passed(course: Course, member: Membership) -> Completion:
    enrolment = actions.enrol(course, member, by=member)
    actions.submit_quiz(enrolment, answers(course, course.questions.count()), by=member)
    return Completion.objects.get(course=course, member=member)


@pytest.mark.parametrize(("right", "score", "is_passed"), [(4, 100, True), (3, 75, True), (2, 50, False)])
def test_a_quiz_is_passed_from_its_mark_on(
    admin: Membership, partner_member: Membership, right: int, score: int, is_passed: bool
) -> None:
    course = a_quiz(admin, pass_mark=75)
    enrolment = actions.enrol(course, partner_member, by=partner_member)
    attempt = actions.submit_quiz(enrolment, answers(course, right), by=partner_member)
    assert (attempt.score, attempt.passed) == (score, is_passed)
    assert Completion.objects.filter(course=course, member=partner_member).exists() == is_passed


def test_the_mark_is_rounded_down_so_that_no_rounding_passes(
    admin: Membership, partner_member: Membership
) -> None:
    course = a_quiz(admin, questions=3, pass_mark=67)
    enrolment = actions.enrol(course, partner_member, by=partner_member)
    attempt = actions.submit_quiz(enrolment, answers(course, 2), by=partner_member)
    assert (attempt.score, attempt.passed) == (66, False)


def test_choosing_everything_is_wrong(admin: Membership, partner_member: Membership) -> None:
    course = a_quiz(admin)
    enrolment = actions.enrol(course, partner_member, by=partner_member)
    everything = {question.pk: [0, 1] for question in course.questions.all()}
    assert actions.submit_quiz(enrolment, everything, by=partner_member).score == 0


def test_attempts_are_counted_and_the_last_one_is_the_last(
    admin: Membership, partner_member: Membership
) -> None:
    course = a_quiz(admin, max_attempts=2)
    enrolment = actions.enrol(course, partner_member, by=partner_member)
    for _number in range(2):
        actions.submit_quiz(enrolment, answers(course, 0), by=partner_member)
    with pytest.raises(ActionRefused, match="all have been used"):
        actions.submit_quiz(enrolment, answers(course, 4), by=partner_member)
    with pytest.raises(ActionRefused, match="tried already"):
        actions.leave(enrolment, by=partner_member)


def test_a_certificate_is_numbered_and_runs_out(admin: Membership, partner_member: Membership) -> None:
    course = a_quiz(admin, gives_certificate=True, validity_months=12)
    with time_machine.travel("2026-01-31 12:00:00+00:00"):
        certificate = passed(course, partner_member)
    assert certificate.certificate == "CERT-2026-00001"
    assert certificate.valid_until == date(2027, 1, 31)
    assert certificate.is_valid_on(date(2027, 1, 31))
    assert not certificate.is_valid_on(date(2027, 2, 1))


def test_a_leap_day_is_valid_to_the_last_of_february(admin: Membership, partner_member: Membership) -> None:
    course = a_course(admin, gives_certificate=True, validity_months=12)
    completion = actions.record_completion(
        course, partner_member, by=admin, completed_on=date(2024, 2, 29), note="Seen"
    )
    assert completion.valid_until == date(2025, 2, 28)


def test_a_completion_is_recorded_once_a_day(admin: Membership, partner_member: Membership) -> None:
    course = a_course(admin)
    enrolment = actions.enrol(course, partner_member, by=partner_member)
    first = actions.finish(enrolment, by=partner_member)
    assert actions.finish(enrolment, by=partner_member) == first
    assert Event.objects.filter(type="course.completed").count() == 1


def test_a_quiz_or_a_session_is_not_finished_by_saying_so(
    admin: Membership, partner_member: Membership
) -> None:
    enrolment = actions.enrol(a_quiz(admin), partner_member, by=partner_member)
    with pytest.raises(ActionRefused):
        actions.finish(enrolment, by=partner_member)


def test_nobody_finishes_for_another(admin: Membership, partner_owner: Membership, tenant: Tenant) -> None:
    colleague = make_member(Role.PARTNER_MEMBER, partner=Partner.objects.get(pk=partner_owner.partner_id))
    enrolment = actions.enrol(a_course(admin), colleague, by=partner_owner)
    with pytest.raises(PermissionDenied):
        actions.finish(enrolment, by=partner_owner)


def test_an_owner_enrols_own_colleagues_and_nobody_elses(
    admin: Membership, partner_owner: Membership, partner_member: Membership
) -> None:
    with pytest.raises(PermissionDenied):
        actions.enrol(a_course(admin), partner_member, by=partner_owner)


def test_a_draft_is_not_offered(admin: Membership, partner_member: Membership) -> None:
    course = a_course(admin, publish=False)
    with pytest.raises(ActionRefused, match="not offered"):
        actions.enrol(course, partner_member, by=partner_member)
    assert queries.find_course(partner_member, course.pk) is None


def test_a_quiz_without_questions_and_a_page_without_address_are_not_published(admin: Membership) -> None:
    for kind in (CourseKind.QUIZ, CourseKind.LINK):
        course = actions.create_course(by=admin, title=kind, kind=kind)
        with pytest.raises(ActionRefused):
            actions.change_status(course, CourseStatus.PUBLISHED, by=admin)


@pytest.mark.parametrize(
    "choices",
    [
        [{"text": "A", "correct": True}],
        [{"text": "A", "correct": True}, {"text": "B", "correct": True}],
        [{"text": "A", "correct": False}, {"text": "B", "correct": False}],
    ],
)
def test_a_question_needs_a_right_and_a_wrong_answer(admin: Membership, choices: list) -> None:
    course = actions.create_course(by=admin, title="Quiz", kind=CourseKind.QUIZ)
    with pytest.raises(ActionRefused):
        actions.save_question(course, by=admin, text="?", choices=choices)


def test_questions_keep_an_order_without_holes(admin: Membership) -> None:
    course = a_quiz(admin, questions=3)
    first, _second, third = course.questions.all()
    actions.move_question(third, up=True, by=admin)
    actions.delete_question(first, by=admin)
    assert [(q.text, q.position) for q in course.questions.all()] == [("Question 3?", 0), ("Question 2?", 1)]


def test_a_revoked_completion_no_longer_counts(admin: Membership, partner_member: Membership) -> None:
    course = a_quiz(admin, gives_certificate=True)
    completion = passed(course, partner_member)
    revoked = actions.revoke_completion(completion, by=admin, reason="Somebody else sat the quiz")
    assert not revoked.is_valid_on(timezone.localdate())
    assert not queries.held_now(Completion.objects.all())


def test_a_manager_cannot_revoke(admin: Membership, manager: Membership, partner_member: Membership) -> None:
    completion = passed(a_quiz(admin), partner_member)
    with pytest.raises(PermissionDenied):
        actions.revoke_completion(completion, by=manager, reason="No")


def test_duties_follow_type_and_role(admin: Membership, partner_owner: Membership) -> None:
    for title, fields in {
        "Everybody": {},
        "Resellers": {"required_types": [PartnerType.RESELLER]},
        "Referrers": {"required_types": [PartnerType.REFERRAL]},
        "Members": {"required_roles": [Role.PARTNER_MEMBER]},
    }.items():
        a_course(admin, title, is_required=True, **fields)
    owed = queries.duties(partner_owner, timezone.localdate())
    assert [(duty.course.title, duty.state) for duty in owed] == [
        ("Everybody", "missing"),
        ("Resellers", "missing"),
    ]


def test_a_course_that_runs_out_within_sixty_days_is_expiring(
    admin: Membership, partner_owner: Membership
) -> None:
    course = a_course(admin, is_required=True, validity_months=12)
    done = date(2026, 1, 15)
    with time_machine.travel("2026-11-16 12:00:00+00:00"):  # 60 days before the 15th of January
        actions.record_completion(course, partner_owner, by=admin, completed_on=done, note="Seen")
        assert queries.duties(partner_owner, date(2026, 11, 15))[0].state == "met"
        assert queries.duties(partner_owner, date(2026, 11, 16))[0].state == "expiring"
        assert queries.duties(partner_owner, date(2027, 1, 16))[0].state == "overdue"


def a_session(admin: Membership, seats: int = 1) -> object:
    course = a_course(admin, "Workshop", kind=CourseKind.SESSION)
    begins = timezone.now() + timedelta(days=1)
    return actions.schedule_session(
        course, by=admin, starts_at=begins, ends_at=begins + timedelta(hours=1), seats=seats
    )


def test_the_last_seat_goes_to_the_first_and_on_to_who_waited_longest(admin: Membership) -> None:
    session = a_session(admin, seats=1)
    first, second, third = (make_member(Role.PARTNER_MEMBER, partner=PartnerFactory()) for _n in range(3))
    seats = [actions.book_seat(session, member, by=member) for member in (first, second, third)]
    assert [seat.status for seat in seats] == [SeatStatus.BOOKED, SeatStatus.WAITING, SeatStatus.WAITING]
    actions.give_up_seat(seats[0], by=first)
    assert Seat.objects.get(member=second).status == SeatStatus.BOOKED
    assert Seat.objects.get(member=third).status == SeatStatus.WAITING


def test_who_came_has_completed_the_course(admin: Membership, partner_member: Membership) -> None:
    session = a_session(admin, seats=5)
    absent = make_member(Role.PARTNER_MEMBER, partner=PartnerFactory())
    seats = [actions.book_seat(session, member, by=member) for member in (partner_member, absent)]
    with pytest.raises(ActionRefused, match="not begun"):
        actions.record_attendance(session, {seat.pk: True for seat in seats}, by=admin)
    with time_machine.travel(session.starts_at + timedelta(minutes=90)):
        came = actions.record_attendance(session, {seats[0].pk: True, seats[1].pk: False}, by=admin)
    assert came == 1
    assert [c.member_id for c in Completion.objects.all()] == [partner_member.pk]
    assert Completion.objects.get().via == CompletedVia.SESSION


def test_a_cancelled_session_takes_nobody(admin: Membership, partner_member: Membership) -> None:
    session = a_session(admin)
    actions.cancel_session(session, by=admin, reason="The trainer is ill")
    with pytest.raises(ActionRefused, match="cancelled"):
        actions.book_seat(session, partner_member, by=partner_member)


def test_a_partners_session_takes_a_quiz_and_a_seat(
    admin: Membership, partner_member: Membership, tenant: Tenant
) -> None:
    course, session = a_quiz(admin), a_session(admin)
    with tenant_scope(tenant.pk, partner_member.partner_id):
        enrolment = actions.enrol(course, partner_member, by=partner_member)
        shown = queries.quiz_of(enrolment)
        assert [question.choices for question in shown] == [[(0, "Right"), (1, "Wrong")]] * 4
        attempt = actions.submit_quiz(enrolment, {q.pk: [0] for q in shown}, by=partner_member)
        assert attempt.passed
        assert actions.book_seat(session, partner_member, by=partner_member).status == SeatStatus.BOOKED
        assert Completion.objects.filter(course=course).exists()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT choices FROM training_question",
        "UPDATE training_completion SET score = 100",
        "INSERT INTO training_attempt (id, score) VALUES (gen_random_uuid(), 100)",
        "UPDATE training_seat SET status = 'booked'",
        "UPDATE training_course SET pass_mark = 1",
    ],
)
def test_a_partners_session_can_neither_read_the_answers_nor_write_results(
    admin: Membership, partner_member: Membership, tenant: Tenant, sql: str
) -> None:
    a_quiz(admin)
    with (
        tenant_scope(tenant.pk, partner_member.partner_id),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_a_partner_sees_only_its_own_peoples_records(
    admin: Membership, partner_member: Membership, partner_owner: Membership, tenant: Tenant
) -> None:
    course = a_quiz(admin)
    passed(course, partner_member)
    passed(course, partner_owner)
    with tenant_scope(tenant.pk, partner_owner.partner_id):
        assert [c.member_id for c in Completion.objects.all()] == [partner_owner.pk]
        assert [e.member_id for e in Enrolment.objects.all()] == [partner_owner.pk]
        assert [p.pk for p in queries.people(partner_owner)] == [partner_owner.pk]
    assert Question.objects.count() == 4

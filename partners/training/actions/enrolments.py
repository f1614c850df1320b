"""Taking a course: enrolling, leaving, and the quiz."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.training.actions.completions import complete
from partners.training.enums import CompletedVia, CourseKind, QuestionKind
from partners.training.models import Attempt, Course, Enrolment, Question
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.shell.formats import short_time
from portal.tenancy.scope import current_tenant_id, tenant_scope


def enrol(course: Course, member: Membership, *, by: Membership, due_on: date | None = None) -> Enrolment:
    """Enrol oneself, or somebody for whom one may; enrolling twice changes nothing but the due day."""
    if member.pk != by.pk:
        check(by, "training.enrol_others", member)
    else:
        check(by, "training.take_course")
    if member.partner_id is None or not member.is_active:
        raise ActionRefused(_("Only people of partner companies take courses."), field="member")
    if not course.is_published:
        raise ActionRefused(_("This course is not offered now."))
    enrolment, new = Enrolment.objects.get_or_create(
        course=course,
        member=member,
        defaults={"partner_id": member.partner_id, "enrolled_by": by, "due_on": due_on},
    )
    if not new and due_on and enrolment.due_on != due_on:
        enrolment.due_on = due_on
        enrolment.save(update_fields=["due_on"])
    if new:
        record(
            "course.enrolled",
            subject=enrolment,
            by=by,
            partner_id=member.partner_id,
            data={
                "new": {
                    "course": course.title,
                    "course_id": str(course.pk),
                    "person": member.name,
                    "member": str(member.pk),
                    "due_on": due_on.isoformat() if due_on else None,
                }
            },
        )
    return enrolment


def leave(enrolment: Enrolment, *, by: Membership) -> None:
    """Give a course up. What was completed stays."""
    if enrolment.member_id != by.pk:
        check(by, "training.enrol_others", enrolment.member)
    with tenant_scope(current_tenant_id()):
        enrolment = Enrolment.objects.select_for_update(of=("self",)).get(pk=enrolment.pk)
        if enrolment.course.completions.filter(member=enrolment.member_id).exists():
            raise ActionRefused(_("The course has been completed, and that stays on record."))
        if enrolment.attempts.exists():
            # Or leaving and coming back would give new attempts.
            raise ActionRefused(_("The quiz has been tried already, and that stays on record."))
        record(
            "course.left",
            subject=enrolment.course,
            by=by,
            partner_id=enrolment.partner_id,
            data={"new": {"course": enrolment.course.title, "person": enrolment.member.name}},
        )
        enrolment.delete()


def give_attempt(enrolment: Enrolment, *, by: Membership) -> Enrolment:
    """Let somebody who has used all attempts try a quiz once more."""
    check(by, "training.record_completion")
    enrolment = (
        Enrolment.objects.select_for_update(of=("self",))
        .select_related("course", "member__user")
        .get(pk=enrolment.pk)
    )
    if attempts_left(enrolment) != 0:
        raise ActionRefused(_("There is an attempt left already."))
    enrolment.extra_attempts += 1
    enrolment.save(update_fields=["extra_attempts"])
    data = {
        "course": enrolment.course.title,
        "course_id": str(enrolment.course_id),
        "person": enrolment.member.name,
        "member": str(enrolment.member_id),
    }
    record(
        "course.attempt_given",
        subject=enrolment,
        by=by,
        partner_id=enrolment.partner_id,
        data={"new": data},
    )
    return enrolment


def submit_quiz(enrolment: Enrolment, answers: Mapping[UUID, Iterable[Any]], *, by: Membership) -> Attempt:
    """Mark a quiz: a question counts when exactly its right answers were chosen, or one of them was typed.

    `answers` has the chosen indexes, or the typed text, by question. The mark is the whole percentage of questions, rounded
    down, so that the pass mark is never reached by rounding. Raises ActionRefused when no attempt is left.
    """
    if enrolment.member_id != by.pk:
        raise PermissionDenied("training.submit_quiz")
    course = enrolment.course
    if course.kind != CourseKind.QUIZ or not course.is_published:
        raise ActionRefused(_("This quiz is not offered now."))
    with tenant_scope(current_tenant_id()):
        enrolment = (
            Enrolment.objects.select_for_update(of=("self",)).select_related("course").get(pk=enrolment.pk)
        )
        if attempts_left(enrolment) == 0:
            raise ActionRefused(
                ngettext(
                    "There was %(count)s attempt, and it has been used. Ask your channel manager for another.",
                    "There were %(count)s attempts, and all have been used. Ask your channel manager for another.",
                    course.max_attempts,
                )
                % {"count": course.max_attempts},
                code="attempts",
            )
        again = next_attempt_at(enrolment)
        if again is not None and again > timezone.now():
            raise ActionRefused(_("You can try again from %s.") % short_time(again), code="wait")
        questions = list(course.questions.all())
        given = {question.pk: sorted(set(answers.get(question.pk, ()))) for question in questions}
        score = marked(questions, given)
        attempt = Attempt.objects.create(
            enrolment=enrolment,
            partner_id=enrolment.partner_id,
            answers={str(key): chosen for key, chosen in given.items()},
            score=score,
            passed=score >= course.pass_mark,
        )
        data: dict[str, Any] = {
            "new": {"course": course.title, "person": by.name, "score": score, "passed": attempt.passed}
        }
        record("course.quiz_submitted", subject=enrolment, by=by, partner_id=enrolment.partner_id, data=data)
    if attempt.passed:
        today = timezone.localdate(timezone=by.tenant.zone)
        complete(course, by, on=today, via=CompletedVia.QUIZ, by=by, score=score)
    return attempt


def marked(questions: list[Question], given: Mapping[UUID, Iterable[Any]]) -> int:
    """Percent of the questions whose right answers, and no others, were chosen."""
    right = sum(is_right(question, list(given[question.pk])) for question in questions)
    return right * 100 // len(questions) if questions else 0


def is_right(question: Question, given: list[Any]) -> bool:
    """Whether exactly the right answers were chosen, or a right one was typed: case and spaces do not count, and a
    number may be written either way (1,5 or 1.50)."""
    if question.kind == QuestionKind.CHOICE:
        return question.correct == set(given)
    typed = str(given[0]) if given else ""
    accepted = [choice["text"] for choice in question.choices if choice["correct"]]
    if question.kind == QuestionKind.NUMBER:
        number = as_number(typed)
        return number is not None and number in [as_number(text) for text in accepted]
    return _plain(typed) in [_plain(text) for text in accepted]


def as_number(text: str) -> Decimal | None:
    """What a person wrote as a number; None when it is none."""
    try:
        number = Decimal(text.strip().replace(" ", "").replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def next_attempt_at(enrolment: Enrolment) -> datetime | None:
    """From when on the quiz may be tried again after a failure; None when that is at once."""
    if not enrolment.course.retry_hours:
        return None
    last = enrolment.attempts.order_by("-created_at").first()
    return (
        None
        if last is None or last.passed
        else last.created_at + timedelta(hours=enrolment.course.retry_hours)
    )


def attempts_left(enrolment: Enrolment) -> int | None:
    """How many more times the quiz may be tried since it was last passed; None when there is no limit."""
    limit = enrolment.course.max_attempts
    if not limit:
        return None
    tried = enrolment.attempts.all()
    passed = tried.filter(passed=True).order_by("-created_at").first()
    if passed is not None:
        tried = tried.filter(created_at__gt=passed.created_at)
    return max(0, limit + enrolment.extra_attempts - tried.count())

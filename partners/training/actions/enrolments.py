"""Taking a course: enrolling, leaving, and the quiz."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.training.actions.completions import complete
from partners.training.enums import CompletedVia, CourseKind
from partners.training.models import Attempt, Course, Enrolment, Question
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
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


def submit_quiz(enrolment: Enrolment, answers: Mapping[UUID, Iterable[int]], *, by: Membership) -> Attempt:
    """Mark a quiz: a question counts when exactly its right answers were chosen.

    `answers` has the chosen indexes by question. The mark is the whole percentage of questions, rounded
    down, so that the pass mark is never reached by rounding. Raises ActionRefused when no attempt is left.
    """
    if enrolment.member_id != by.pk:
        raise PermissionDenied("training.submit_quiz")
    course = enrolment.course
    if course.kind != CourseKind.QUIZ or not course.is_published:
        raise ActionRefused(_("This quiz is not offered now."))
    with tenant_scope(current_tenant_id()):
        Enrolment.objects.select_for_update(of=("self",)).get(pk=enrolment.pk)
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


def marked(questions: list[Question], given: Mapping[UUID, Iterable[int]]) -> int:
    """Percent of the questions whose right answers, and no others, were chosen."""
    right = sum(question.correct == set(given[question.pk]) for question in questions)
    return right * 100 // len(questions) if questions else 0


def attempts_left(enrolment: Enrolment) -> int | None:
    """How many more times the quiz may be tried since it was last passed; None when there is no limit."""
    limit = enrolment.course.max_attempts
    if not limit:
        return None
    tried = enrolment.attempts.all()
    passed = tried.filter(passed=True).order_by("-created_at").first()
    if passed is not None:
        tried = tried.filter(created_at__gt=passed.created_at)
    return max(0, limit - tried.count())

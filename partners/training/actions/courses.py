"""Making courses and their questions."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.training.actions.duties import refresh_duties
from partners.training.actions.enrolments import as_number
from partners.training.enums import COURSE_TRANSITIONS, CourseKind, CourseStatus, QuestionKind
from partners.training.models import Course, Question, snapshot
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.files.actions import attach, delete
from portal.files.models import Attachment
from portal.files.queries import files_of
from portal.tenancy.models import current_tenant
from portal.tenancy.scope import current_tenant_id, tenant_scope

COURSE_FIELDS = (
    "title",
    "summary",
    "kind",
    "url",
    "minutes",
    "pass_mark",
    "max_attempts",
    "retry_hours",
    "is_shuffled",
    "gives_certificate",
    "validity_months",
    "is_required",
    "required_types",
    "required_roles",
    "required_segments",
    "due_days",
    "external_id",
)
NEEDS_ADDRESS = {CourseKind.LINK, CourseKind.VIDEO}
MOST_CHOICES = 8
COURSE_FILE = "course"


def create_course(*, by: Membership, **fields: Any) -> Course:
    """A draft, which partners do not see yet."""
    check(by, "training.change_course")
    course = Course(**{name: fields[name] for name in COURSE_FIELDS if name in fields})
    _save_once(course)
    record("course.created", subject=course, by=by, data={"new": snapshot(course)})
    return course


def update_course(course: Course, *, by: Membership, **fields: Any) -> Course:
    """Change what a course says. Its kind stays once somebody has completed it."""
    check(by, "training.change_course")
    course = Course.objects.select_for_update(of=("self",)).get(pk=course.pk)
    changed = {
        name: fields[name]
        for name in COURSE_FIELDS
        if name in fields and getattr(course, name) != fields[name]
    }
    if "kind" in changed and course.completions.exists():
        raise ActionRefused(
            _("People have completed this course already, so it stays what it is. Make a new one instead."),
            field="kind",
        )
    old = {name: getattr(course, name) for name in changed}
    for name, value in changed.items():
        setattr(course, name, value)
    if course.is_published:
        _refuse_unless_ready(course)
    if changed:
        _save_once(course)
        record("course.updated", subject=course, by=by, data={"old": old, "new": changed})
        _refresh_duties()
    return course


def change_status(course: Course, status: CourseStatus, *, by: Membership) -> Course:
    """Publish a course, take it away from the list, or bring it back."""
    check(by, "training.change_course")
    course = Course.objects.select_for_update(of=("self",)).get(pk=course.pk)
    if course.status == status:
        return course
    if status not in COURSE_TRANSITIONS[CourseStatus(course.status)]:
        raise ActionRefused(_("A course that is %s cannot do that.") % course.get_status_display().lower())
    if status == CourseStatus.PUBLISHED:
        _refuse_unless_ready(course)
    old, course.status = course.status, status
    course.save(update_fields=["status", "updated_at"])
    data = {"old": {"status": old}, "new": {"status": status, "title": course.title}}
    record("course.status_changed", subject=course, by=by, data=data)
    _refresh_duties()
    return course


def put_file(course: Course, upload: UploadedFile, *, by: Membership) -> Attachment:
    """Give a course its file; the one before is deleted, and can be brought back for some weeks."""
    check(by, "training.change_course")
    course = Course.objects.select_for_update(of=("self",)).get(pk=course.pk)
    for former in files_of(by, course, purpose=COURSE_FILE):
        delete(former, course, by=by)
    return attach(course, upload, by=by, internal=True, purpose=COURSE_FILE)


def save_question(
    course: Course,
    *,
    by: Membership,
    text: str,
    choices: list[dict[str, Any]],
    kind: QuestionKind = QuestionKind.CHOICE,
    question: Question | None = None,
) -> Question:
    """Add or change a question: two to eight choices, at least one of them correct and one not. Where the answer is
    typed, all choices are right ones."""
    check(by, "training.change_course")
    course = Course.objects.select_for_update(of=("self",)).get(pk=course.pk)
    _refuse_wrong_answers(kind, choices)
    if question is None:
        last = course.questions.aggregate(last=Max("position"))["last"]
        question = Question(course=course, position=0 if last is None else last + 1)
    question.text, question.choices, question.kind = text.strip(), choices, kind
    question.save()
    record("course.questions_changed", subject=course, by=by, data={"new": {"title": course.title}})
    return question


def delete_question(question: Question, *, by: Membership) -> None:
    """Take a question out. A published quiz keeps at least one."""
    check(by, "training.change_course")
    course = Course.objects.select_for_update(of=("self",)).get(pk=question.course_id)
    if course.is_published and course.questions.count() == 1:
        raise ActionRefused(_("A published quiz needs at least one question."))
    position = question.position
    question.delete()
    course.questions.filter(position__gt=position).update(position=F("position") - 1)
    record("course.questions_changed", subject=course, by=by, data={"new": {"title": course.title}})


def move_question(question: Question, *, up: bool, by: Membership) -> None:
    """Swap a question with the one before it, or after it."""
    check(by, "training.change_course")
    course = Course.objects.select_for_update(of=("self",)).get(pk=question.course_id)
    question.refresh_from_db()
    other = course.questions.filter(position=question.position + (-1 if up else 1)).first()
    if other is None:
        return
    question.position, other.position = other.position, question.position
    Question.objects.bulk_update([question, other], ["position"])
    record("course.questions_changed", subject=course, by=by, data={"new": {"title": course.title}})


def _refuse_wrong_answers(kind: QuestionKind, choices: list[dict[str, Any]]) -> None:
    if kind == QuestionKind.CHOICE:
        if not 2 <= len(choices) <= MOST_CHOICES:
            raise ActionRefused(_("Give two to eight answers to choose from."), field="choices")
        right = sum(choice["correct"] for choice in choices)
        if not 0 < right < len(choices):
            raise ActionRefused(_("Mark at least one answer as right, and leave one wrong."), field="choices")
        return
    if not 1 <= len(choices) <= MOST_CHOICES or not all(choice["correct"] for choice in choices):
        raise ActionRefused(_("Give one to eight answers that are right."), field="choices")
    if kind == QuestionKind.NUMBER and any(as_number(choice["text"]) is None for choice in choices):
        raise ActionRefused(_("Each answer must be a number."), field="choices")


def _refresh_duties() -> None:
    with tenant_scope(current_tenant_id()):
        refresh_duties(timezone.localdate(timezone=current_tenant().zone))


def _refuse_unless_ready(course: Course) -> None:
    if course.kind == CourseKind.FILE and not _has_file(course):
        raise ActionRefused(_("Add the file before you publish the course."), field="upload")
    if course.kind in NEEDS_ADDRESS and not course.url:
        raise ActionRefused(_("Say at which address the course is found."), field="url")
    if course.kind == CourseKind.QUIZ and not course.questions.exists():
        raise ActionRefused(_("Add at least one question before you publish the quiz."))


def _has_file(course: Course) -> bool:
    return Attachment.objects.filter(
        subject_type=course._meta.label_lower, subject_id=course.pk, purpose=COURSE_FILE, deleted_at=None
    ).exists()


def _save_once(course: Course) -> None:
    try:
        with transaction.atomic():
            course.save()
    except IntegrityError as error:
        if "training_course_title" in str(error):
            raise ActionRefused(
                _("There is a course of this title already."), field="title", code="duplicate"
            ) from error
        if "training_course_external_id" in str(error):
            raise ActionRefused(
                _("Another course has this activity id."), field="external_id", code="duplicate"
            ) from error
        raise

"""Reads of training, scoped to what the member may see."""

import hashlib
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from partners.directory.enums import TRADING_STATUSES
from partners.directory.models import Partner
from partners.training.actions.courses import COURSE_FILE
from partners.training.actions.sessions import TAKEN
from partners.training.enums import EXPIRES_SOON_DAYS, CourseStatus, QuestionKind, SeatStatus
from partners.training.models import (
    Attempt,
    Completion,
    Course,
    Duty,
    Enrolment,
    Path,
    PathCourse,
    Question,
    Seat,
    Session,
    Statement,
)
from portal.accounts.enums import PARTNER_ROLES
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared
from portal.files.models import Attachment
from portal.tenancy.scope import current_tenant_id, tenant_scope


def visible_courses(member: Membership) -> QuerySet[Course]:
    """Partners see what is published and what they have taken; the vendor's people everything."""
    courses = Course.objects.all()
    if member.is_partner:
        return courses.filter(status=CourseStatus.PUBLISHED)
    return courses


def find_course(member: Membership, pk: UUID) -> Course | None:
    """A course's page stays open to who has taken the course, also when it is no longer offered."""
    courses = Course.objects.filter(pk=pk)
    if member.is_partner:
        taken = Enrolment.objects.filter(course=OuterRef("pk"), member=member)
        courses = courses.filter(
            Q(status=CourseStatus.PUBLISHED) | Q(Exists(taken), status=CourseStatus.ARCHIVED)
        )
    return courses.first()


def catalogue(member: Membership) -> QuerySet[Course]:
    """The courses that a partner's person may take, each with what it means to this person."""
    mine = Completion.objects.filter(course=OuterRef("pk"), member=member, revoked_at=None)
    newest = mine.order_by("-completed_on", "-pk")
    enrolment = Enrolment.objects.filter(course=OuterRef("pk"), member=member)
    return visible_courses(member).annotate(
        completed_on=Subquery(newest.values("completed_on")[:1]),
        valid_until=Subquery(newest.values("valid_until")[:1]),
        is_enrolled=Exists(enrolment),
        due_on=Subquery(enrolment.values("due_on")[:1]),
    )


def vendor_courses() -> QuerySet[Course]:
    """Courses with how many take and hold them now. Vendor's side."""
    today = timezone.localdate()
    enrolled = Enrolment.objects.filter(course=OuterRef("pk")).order_by().values("course")
    holding = valid(Completion.objects.filter(course=OuterRef("pk")), today).order_by().values("course")
    return Course.objects.annotate(
        enrolled_count=Subquery(enrolled.annotate(n=Count("pk")).values("n"), output_field=IntegerField()),
        holder_count=Subquery(
            holding.annotate(n=Count("member", distinct=True)).values("n"), output_field=IntegerField()
        ),
    )


def valid(completions: QuerySet[Completion], day: date) -> QuerySet[Completion]:
    """Those that count on a day."""
    return completions.filter(
        Q(valid_until=None) | Q(valid_until__gte=day), revoked_at=None, completed_on__lte=day
    )


def visible_completions(member: Membership) -> QuerySet[Completion]:
    completions = Completion.objects.select_related("course", "path", "member__user", "partner")
    return completions.filter(partner_id=member.partner_id) if member.is_partner else completions


def visible_enrolments(member: Membership) -> QuerySet[Enrolment]:
    enrolments = Enrolment.objects.select_related("course", "member__user", "partner")
    return enrolments.filter(partner_id=member.partner_id) if member.is_partner else enrolments


def upcoming_sessions(course: Course) -> QuerySet[Session]:
    return Session.objects.filter(course=course, cancelled_at=None, ends_at__gte=timezone.now())


def seats_taken(sessions: Iterable[Session]) -> dict[UUID, int]:
    """How many seats of each session are taken, by everybody; a partner learns the number alone."""
    with tenant_scope(current_tenant_id()):
        counts = (
            Seat.objects.filter(session__in=list(sessions), status__in=TAKEN)
            .order_by()
            .values_list("session")
            .annotate(n=Count("pk"))
        )
        return dict(counts)


def my_seats(member: Membership, sessions: Iterable[Session]) -> dict[UUID, Seat]:
    seats = Seat.objects.filter(member=member, session__in=list(sessions)).exclude(status=SeatStatus.GIVEN_UP)
    return {seat.session_id: seat for seat in seats}


def has_seat(member: Membership, session: Session) -> bool:
    """Whether the member has a seat; a place on the waiting list is none."""
    return Seat.objects.filter(member=member, session=session, status__in=TAKEN).exists()


@dataclass(frozen=True)
class QuizQuestion:
    """A question as the person who answers sees it: which answers are right stays behind."""

    pk: UUID
    text: str
    kind: str
    choices: list[tuple[int, str]]
    several: bool


def quiz_of(enrolment: Enrolment) -> list[QuizQuestion]:
    """The questions of the next attempt. Shuffled, they and their answers stand in another order each attempt, and
    in the same one however often the page of one attempt is read."""
    course = enrolment.course
    with tenant_scope(current_tenant_id()):
        questions = list(Question.objects.filter(course=course))
    order = random.Random(f"{enrolment.pk}:{enrolment.attempts.count()}")
    asked = [_asked(question, order if course.is_shuffled else None) for question in questions]
    if course.is_shuffled:
        order.shuffle(asked)
    return asked


def _asked(question: Question, order: random.Random | None) -> QuizQuestion:
    is_choice = question.kind == QuestionKind.CHOICE
    choices = [(at, choice["text"]) for at, choice in enumerate(question.choices)] if is_choice else []
    if order is not None:
        order.shuffle(choices)
    return QuizQuestion(
        question.pk, question.text, question.kind, choices, is_choice and len(question.correct) > 1
    )


@dataclass(frozen=True)
class Owed:
    """A required course and whether the person has it: `state` is met, expiring, missing or overdue."""

    course: Course
    state: str
    valid_until: date | None = None
    due_on: date | None = None


def duties(member: Membership, today: date) -> list[Owed]:
    """What the person must have completed, what is missing first. Two queries."""
    rows = _duties(member)
    if not rows:
        return []
    held = held_now(Completion.objects.filter(member=member, course__in=[row.course_id for row in rows]))
    found = [owed(row, held.get((member.pk, row.course_id)), today) for row in rows]
    return sorted(found, key=lambda item: URGENCY.index(item.state))


@prepared
def _duties(member: Membership) -> QuerySet[Duty]:
    rows = Duty.objects.filter(member=member, ended_on=None).select_related("course")
    return rows.order_by("due_on", "course__title")


URGENCY = ("overdue", "missing", "expiring", "met", "none")


def owed(row: Duty, held: Completion | None, today: date) -> Owed:
    """Where a person stands with a duty; what has run out is due again since the day it did."""
    if held is not None and held.is_valid_on(today):
        return standing(row.course, held, today)
    due = row.due_on if held is None or held.valid_until is None else max(row.due_on, held.valid_until)
    return Owed(row.course, "overdue" if due < today else "missing", due_on=due)


def standing(course: Course, held: Completion, today: date) -> Owed:
    ends = held.valid_until
    soon = ends is not None and (ends - today).days <= EXPIRES_SOON_DAYS
    return Owed(course, "expiring" if soon else "met", ends)


def held_now(completions: QuerySet[Completion]) -> dict[tuple[UUID, UUID | None], Completion]:
    """The completion that counts longest, or counted last, by person and course."""
    held: dict[tuple[UUID, UUID | None], Completion] = {}
    for completion in completions.filter(revoked_at=None).order_by(
        F("valid_until").asc(nulls_last=True), "pk"
    ):
        held[completion.member_id, completion.course_id] = completion
    return held


def open_duties(member: Membership, today: date) -> QuerySet[Duty]:
    """Who must have what by when, of the people the member may see, with what they hold. For lists."""
    newest = (
        Completion.objects.filter(member=OuterRef("member"), course=OuterRef("course"), revoked_at=None)
        .order_by(F("valid_until").desc(nulls_first=True), "-pk")
        .values("completed_on", "valid_until")
    )
    rows = (
        Duty.objects.filter(ended_on=None)
        .select_related("course", "member__user", "partner", "path")
        .annotate(
            completed_on=Subquery(newest.values("completed_on")[:1]),
            valid_until=Subquery(newest.values("valid_until")[:1]),
        )
        .annotate(
            state=Case(
                When(completed_on=None, due_on__lt=today, then=Value("overdue")),
                When(completed_on=None, then=Value("missing")),
                When(valid_until=None, then=Value("met")),
                When(valid_until__lt=today, due_on__lt=today, then=Value("overdue")),
                When(valid_until__lt=today, then=Value("missing")),
                When(valid_until__lte=today + timedelta(days=EXPIRES_SOON_DAYS), then=Value("expiring")),
                default=Value("met"),
                output_field=CharField(),
            )
        )
    )
    if member.is_partner:
        return rows.filter(partner_id=member.partner_id)
    if member.is_manager:
        return rows.filter(partner__in=Partner.objects.filter(manager_id=member.pk))
    return rows


def people(member: Membership, partner_id: UUID | None = None) -> QuerySet[Membership]:
    """Partners' people with access whom the member may see in the wall of certificates."""
    found = Membership.objects.filter(
        tenant_id=current_tenant_id(), is_active=True, role__in=sorted(PARTNER_ROLES)
    ).select_related("user")
    wanted = member.partner_id if member.is_partner else partner_id
    if wanted is not None:
        found = found.filter(partner_id=wanted)
    elif member.is_manager:
        found = found.filter(partner_id__in=Partner.objects.filter(manager_id=member.pk).values("pk"))
    else:
        trading = Partner.objects.filter(status__in=sorted(TRADING_STATUSES))
        found = found.filter(partner_id__in=trading.values("pk"))
    return found.order_by("user__name", "user__email", "pk")


def certificate(code: str) -> Completion | None:
    """The certificate behind a verification code. Open to everybody who has the code."""
    return (
        Completion.objects.select_related("course", "path", "member__user", "partner")
        .filter(code=code)
        .exclude(certificate="")
        .first()
    )


def question_form_data(question: Question | None) -> dict[str, Any]:
    """What the question's form starts with: one answer a line, the right ones with a star."""
    if question is None:
        return {}
    if question.kind != QuestionKind.CHOICE:
        typed = "\n".join(choice["text"] for choice in question.choices)
        return {"text": question.text, "choices": typed, "kind": question.kind}
    lines = (("* " if choice["correct"] else "") + choice["text"] for choice in question.choices)
    return {"text": question.text, "choices": "\n".join(lines), "kind": question.kind}


def course_called(name: str) -> Course | None:
    """A course by its id or by the activity id that a learning system uses."""
    by_activity = Course.objects.filter(external_id=name).first() if name else None
    if by_activity is not None:
        return by_activity
    try:
        return Course.objects.filter(pk=UUID(name)).first()
    except ValueError:
        return None


def person_called(email: str) -> Membership | None:
    """A partner's person by e-mail address. Vendor's side only."""
    return (
        Membership.objects.filter(
            tenant_id=current_tenant_id(),
            role__in=sorted(PARTNER_ROLES),
            is_active=True,
            user__email__iexact=email.strip(),
        )
        .select_related("user", "tenant")
        .first()
    )


def person_named(actor: str) -> Membership | None:
    """A partner's person as a learning system names people: by address, its SHA-1, or an account that is one."""
    kind, _colon, value = actor.partition(":")
    if kind in ("mailto", "account"):
        return person_called(value)
    if kind != "mbox_sha1sum":
        return None
    # The standard's digest of `mailto:` and the address; few people are without the address itself.
    people = Membership.objects.filter(
        tenant_id=current_tenant_id(), role__in=sorted(PARTNER_ROLES), is_active=True
    ).values_list("pk", "user__email")
    digests = (
        pk
        for pk, email in people.iterator()
        if hashlib.sha1(f"mailto:{email}".encode(), usedforsecurity=False).hexdigest() == value.lower()
    )
    found = next(digests, None)
    return Membership.objects.select_related("user", "tenant").filter(pk=found).first()


def statements() -> QuerySet[Statement]:
    return Statement.objects.order_by("-created_at", "-pk")


def course_file(course: Course) -> Attachment | None:
    """The newest file of a course, for everybody who may open the course."""
    with tenant_scope(current_tenant_id()):
        return (
            Attachment.objects.filter(
                subject_type=course._meta.label_lower,
                subject_id=course.pk,
                purpose=COURSE_FILE,
                deleted_at=None,
            )
            .order_by("-pk")
            .first()
        )


def visible_paths(member: Membership) -> QuerySet[Path]:
    """Partners see the paths that are offered; the vendor's people everything."""
    paths = Path.objects.all()
    return paths.filter(status=CourseStatus.PUBLISHED) if member.is_partner else paths


def listed_paths(member: Membership) -> QuerySet[Path]:
    """Paths with their number of courses and, for a partner's person, of those that this person holds now."""
    steps = PathCourse.objects.filter(path=OuterRef("pk")).order_by().values("path")
    mine = valid(Completion.objects.filter(member=member), timezone.localdate()).values("course")
    held = steps.filter(course__in=mine.filter(course__isnull=False))
    done = Completion.objects.filter(path=OuterRef("pk"), member=member, revoked_at=None).order_by(
        "-completed_on"
    )

    def count(rows: QuerySet[PathCourse, Any]) -> Any:
        return Coalesce(
            Subquery(rows.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), Value(0)
        )

    return visible_paths(member).annotate(
        course_count=count(steps),
        held_count=count(held),
        completed_on=Subquery(done.values("completed_on")[:1]),
        valid_until=Subquery(done.values("valid_until")[:1]),
    )


@dataclass(frozen=True)
class PathStep:
    course: Course
    held: Completion | None
    is_valid: bool


def path_steps(path: Path, member: Membership, today: date) -> list[PathStep]:
    """The courses of a path in order, each with what the person holds. Two queries."""
    steps = list(path.steps.select_related("course"))
    held = held_now(Completion.objects.filter(member=member, course__in=[step.course_id for step in steps]))
    return [
        PathStep(step.course, found, found is not None and found.is_valid_on(today))
        for step in steps
        for found in [held.get((member.pk, step.course_id))]
    ]


def without_attempts(course: Course, most: int = 50) -> list[Enrolment]:
    """Those who have used all attempts at a quiz and have not passed since. Vendor's side."""
    if not course.max_attempts:
        return []
    passed = (
        Attempt.objects.filter(enrolment=OuterRef("pk"), passed=True)
        .order_by("-created_at")
        .values("created_at")
    )
    since = Coalesce(
        Subquery(passed[:1]), Value(datetime.min.replace(tzinfo=UTC), output_field=DateTimeField())
    )
    return list(
        Enrolment.objects.filter(course=course)
        .annotate(passed_at=since)
        .annotate(tried=Count("attempts", filter=Q(attempts__created_at__gt=F("passed_at"))))
        .filter(tried__gte=course.max_attempts + F("extra_attempts"))
        .select_related("member__user", "partner")
        .order_by("member__user__name", "pk")[:most]
    )

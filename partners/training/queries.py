"""Reads of training, scoped to what the member may see."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from partners.directory.enums import TRADING_STATUSES
from partners.directory.models import Partner
from partners.training.actions.sessions import TAKEN
from partners.training.enums import CourseStatus, SeatStatus
from partners.training.models import Completion, Course, Enrolment, Question, Seat, Session, Statement
from portal.accounts.enums import PARTNER_ROLES
from portal.accounts.models import Membership
from portal.tenancy.scope import current_tenant_id, tenant_scope

EXPIRES_SOON_DAYS = 60


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
    completions = Completion.objects.select_related("course", "member__user", "partner")
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


@dataclass(frozen=True)
class QuizQuestion:
    """A question as the person who answers sees it: which answers are right stays behind."""

    pk: UUID
    text: str
    choices: list[str]
    several: bool


def quiz_of(course: Course) -> list[QuizQuestion]:
    with tenant_scope(current_tenant_id()):
        questions = list(Question.objects.filter(course=course))
    return [
        QuizQuestion(
            question.pk,
            question.text,
            [choice["text"] for choice in question.choices],
            len(question.correct) > 1,
        )
        for question in questions
    ]


@dataclass(frozen=True)
class Duty:
    """A required course and whether the person has it: `state` is met, expiring or missing."""

    course: Course
    state: str
    valid_until: date | None


def duties(member: Membership, partner: Partner, today: date) -> list[Duty]:
    """What the person must have completed. Two queries."""
    required = [
        course
        for course in Course.objects.filter(is_required=True, status=CourseStatus.PUBLISHED)
        if course.is_required_of(partner, member.role)
    ]
    held = best_held(Completion.objects.filter(member=member, course__in=required), today)
    return [duty(course, held.get((member.pk, course.pk)), today) for course in required]


def duty(course: Course, held: Completion | None, today: date) -> Duty:
    if held is None:
        return Duty(course, "missing", None)
    ends = held.valid_until
    soon = ends is not None and (ends - today).days <= EXPIRES_SOON_DAYS
    return Duty(course, "expiring" if soon else "met", ends)


def best_held(completions: QuerySet[Completion], today: date) -> dict[tuple[UUID, UUID], Completion]:
    """The completion that counts longest, by person and course."""
    held: dict[tuple[UUID, UUID], Completion] = {}
    for completion in valid(completions, today).order_by(F("valid_until").asc(nulls_last=True), "pk"):
        held[completion.member_id, completion.course_id] = completion
    return held


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


@dataclass(frozen=True)
class HeatRow:
    """A person and, course by course, (state, words): state is met, expiring, missing or none."""

    person: Membership
    partner: Partner | None
    cells: list[tuple[str, date | None]]


def heat_map(rows: list[Membership], courses: list[Course], today: date) -> list[HeatRow]:
    """People by courses. Two queries, however many there are."""
    partners = Partner.objects.in_bulk({person.partner_id for person in rows})
    held = best_held(Completion.objects.filter(member__in=rows, course__in=courses), today)

    def cell(person: Membership, course: Course) -> tuple[str, date | None]:
        found = held.get((person.pk, course.pk))
        partner = partners.get(person.partner_id)
        if found is None:
            required = partner is not None and course.is_required_of(partner, person.role)
            return ("missing" if required else "none", None)
        done = duty(course, found, today)
        return (done.state, done.valid_until)

    return [
        HeatRow(person, partners.get(person.partner_id), [cell(person, course) for course in courses])
        for person in rows
    ]


def certificate(code: str) -> Completion | None:
    """The certificate behind a verification code. Open to everybody who has the code."""
    return (
        Completion.objects.select_related("course", "member__user", "partner")
        .filter(code=code)
        .exclude(certificate="")
        .first()
    )


def question_form_data(question: Question | None) -> dict[str, Any]:
    """What the question's form starts with: one answer a line, the right ones with a star."""
    if question is None:
        return {}
    lines = (("* " if choice["correct"] else "") + choice["text"] for choice in question.choices)
    return {"text": question.text, "choices": "\n".join(lines)}


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

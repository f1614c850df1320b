"""The heat map: people by courses, and partners by courses with how many of the people there hold each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from partners.directory.models import Partner
from partners.training.enums import CourseStatus
from partners.training.models import Completion, Course, Duty
from partners.training.queries import Owed, held_now, owed, standing, valid
from portal.accounts.enums import PARTNER_ROLES
from portal.accounts.models import Membership

MOST_COURSES = 20


@dataclass(frozen=True)
class Cell:
    """`state` is met, expiring, missing, overdue, or none where the course is not asked of the person."""

    state: str
    day: date | None = None


@dataclass(frozen=True)
class HeatRow:
    person: Membership
    partner: Partner | None
    cells: list[Cell]


@dataclass(frozen=True)
class Share:
    """Of the people who work at a partner, how many hold a course, and how many it is required of without."""

    held: int
    people: int
    owing: int

    @property
    def level(self) -> int:
        """0 to 4: how full the cell is."""
        return 0 if not self.people else -(-4 * self.held // self.people)


@dataclass(frozen=True)
class PartnerRow:
    partner: Partner
    cells: list[Share]


def shown_courses(*, required: bool = False, path_id: UUID | None = None) -> list[Course]:
    """The columns: required ones first, at most `MOST_COURSES`."""
    courses = Course.objects.filter(status=CourseStatus.PUBLISHED)
    if required:
        courses = courses.filter(pk__in=Duty.objects.filter(ended_on=None).values("course"))
    if path_id is not None:
        courses = courses.filter(pk__in=Course.objects.filter(path_steps__path=path_id).values("pk"))
    return list(courses.order_by("-is_required", "-gives_certificate", "title")[:MOST_COURSES])


def heat_map(rows: Sequence[Membership], courses: Sequence[Course], today: date) -> list[HeatRow]:
    """People by courses. Three queries, however many there are."""
    partners = Partner.objects.in_bulk({person.partner_id for person in rows})
    held = held_now(Completion.objects.filter(member__in=rows, course__in=courses))
    asked = {
        (row.member_id, row.course_id): row
        for row in Duty.objects.filter(ended_on=None, member__in=rows, course__in=courses).select_related(
            "course"
        )
    }

    def cell(person: Membership, course: Course) -> Cell:
        found, duty = held.get((person.pk, course.pk)), asked.get((person.pk, course.pk))
        done: Owed | None = None
        if duty is not None:
            done = owed(duty, found, today)
        elif found is not None and found.is_valid_on(today):
            done = standing(course, found, today)
        return Cell("none") if done is None else Cell(done.state, done.due_on or done.valid_until)

    return [
        HeatRow(person, partners.get(person.partner_id), [cell(person, course) for course in courses])
        for person in rows
    ]


def partner_heat(
    partners: QuerySet[Partner], courses: Sequence[Course], today: date, start: int, count: int
) -> list[PartnerRow]:
    """Partners by courses. Four queries."""
    rows = list(partners.order_by("name", "pk")[start : start + count])
    people = dict(
        Membership.objects.filter(
            partner_id__in=[row.pk for row in rows], is_active=True, role__in=PARTNER_ROLES
        )
        .order_by()
        .values_list("partner_id")
        .annotate(n=Count("pk"))
    )
    counting = valid(
        Completion.objects.filter(partner__in=rows, course__in=courses, member__is_active=True), today
    )
    holders: dict[Any, set[UUID]] = defaultdict(set)
    for partner_id, course_id, member_id in counting.order_by().values_list("partner", "course", "member"):
        holders[partner_id, course_id].add(member_id)
    owing: dict[Any, int] = defaultdict(int)
    for partner_id, course_id, member_id in Duty.objects.filter(
        ended_on=None, partner__in=rows, course__in=courses
    ).values_list("partner", "course", "member"):
        owing[partner_id, course_id] += member_id not in holders[partner_id, course_id]

    def share(partner: Partner, course: Course) -> Share:
        key = (partner.pk, course.pk)
        return Share(len(holders[key]), people.get(partner.pk, 0), owing[key])

    return [PartnerRow(partner, [share(partner, course) for course in courses]) for partner in rows]

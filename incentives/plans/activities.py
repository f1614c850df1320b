"""Completed activities that plans can pay for: an empty place that whoever knows of any fills.

A source reads, for some partners and from a day on, who completed what and when. What it no longer returns (a
completion that was revoked) is taken back by the next posting. `units` is the like place for how many units a deal sold.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from partners.training.models import Completion, Course


@dataclass(frozen=True, slots=True)
class Done:
    """One completed activity. `code` is what plans name it by, `label` what people call it."""

    partner_id: UUID
    id: UUID
    day: dt.date
    code: str
    label: str


Read = Callable[[Collection[UUID], dt.date | None], Iterable[Done]]
Choices = Callable[[], list[tuple[str, str]]]
_sources: list[tuple[Choices, Read]] = []
_units: list[Callable[[Collection[UUID]], Mapping[UUID, int]]] = []


def activities(*, choices: Choices, read: Read) -> None:
    """Register a source: `choices` are the codes and names that a plan may ask for, `read` what was completed."""
    _sources.append((choices, read))


def units(count: Callable[[Collection[UUID]], Mapping[UUID, int]]) -> None:
    """Register how many units deals sold; a deal that nobody counts sold one."""
    _units.append(count)


def choices() -> list[tuple[str, str]]:
    return [choice for source, _read in _sources for choice in source()]


def completed(partner_ids: Collection[UUID], since: dt.date | None) -> list[Done]:
    """One query for each source."""
    return [done for _choices, read in _sources for done in read(partner_ids, since)]


def units_of(deal_ids: Collection[UUID]) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for count in _units:
        found |= count(deal_ids)
    return found


def course_choices() -> list[tuple[str, str]]:
    rows = Course.objects.order_by("title").values_list("pk", "title")
    return [(f"course:{pk}", _("Course “%(title)s”") % {"title": title}) for pk, title in rows]


def completed_courses(partner_ids: Collection[UUID], since: dt.date | None) -> list[Done]:
    """Each person's first valid completion of each course: who repeats a course is not paid for again."""
    rows = (
        Completion.objects.filter(partner_id__in=partner_ids, course__isnull=False, revoked_at=None)
        .order_by("course_id", "member_id", "completed_on", "id")
        .distinct("course_id", "member_id")
        .values_list("partner_id", "id", "completed_on", "course_id", "course__title")
    )
    return [
        Done(partner_id, pk, day, f"course:{course_id}", title)
        for partner_id, pk, day, course_id, title in rows
        if since is None or day >= since
    ]


activities(choices=course_choices, read=completed_courses)

"""Completed activities that plans can pay for: an empty place that whoever knows of any fills.

A source reads, for some partners and from a day on, who completed what and when. What it no longer returns (a
completion that was revoked) is taken back by the next posting. `units` is the like place for how many units a deal sold.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Sum
from django.utils.translation import gettext as _

from incentives.tiers.queries import tenant_in_scope
from metrics.periods import calendar_of
from partners.deals.models import DealLine
from partners.engagement.enums import GatheringKind, GatheringStatus
from partners.engagement.models import Guest
from partners.marketing.models import Campaign, DailyFigure
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


def event_choices() -> list[tuple[str, str]]:
    return [
        (f"event:{kind.value}", _("Event attended: %(kind)s") % {"kind": kind.label.lower()})
        for kind in GatheringKind
    ]


def attended_events(partner_ids: Collection[UUID], since: dt.date | None) -> list[Done]:
    """Each person who came to an event that the vendor held, on the event's day."""
    calendar = calendar_of(tenant_in_scope())
    rows = Guest.objects.filter(partner_id__in=partner_ids, attended=True).exclude(
        gathering__status=GatheringStatus.CANCELLED
    )
    if since:
        rows = rows.filter(gathering__starts_at__gte=calendar.moment(since))
    return [
        Done(partner_id, pk, calendar.day_of(moment), f"event:{kind}", title)
        for partner_id, pk, moment, kind, title in rows.order_by().values_list(
            "partner_id", "id", "gathering__starts_at", "gathering__kind", "gathering__title"
        )
    ]


def campaign_choices() -> list[tuple[str, str]]:
    return [
        ("campaign:cobranded", _("Co-branded campaign run")),
        ("campaign:own", _("Campaign run under the partner’s own name")),
    ]


def run_campaigns(partner_ids: Collection[UUID], since: dt.date | None) -> list[Done]:
    """Campaigns that are over and of which figures were reported, on their last day."""
    today = calendar_of(tenant_in_scope()).today()
    rows = Campaign.objects.filter(partner_id__in=partner_ids, ends_on__lt=today)
    if since:
        rows = rows.filter(ends_on__gte=since)
    rows = rows.filter(Exists(DailyFigure.objects.filter(campaign_id=OuterRef("pk"))))
    return [
        Done(partner_id, pk, day, "campaign:cobranded" if cobranded else "campaign:own", name)
        for partner_id, pk, day, cobranded, name in rows.order_by().values_list(
            "partner_id", "id", "ends_on", "is_cobranded", "name"
        )
        if day is not None
    ]


def units_of_lines(deal_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many a deal's lines say."""
    rows = DealLine.objects.filter(deal_id__in=deal_ids).order_by().values_list("deal_id")
    return dict(rows.annotate(Sum("quantity")))


activities(choices=course_choices, read=completed_courses)
activities(choices=event_choices, read=attended_events)
activities(choices=campaign_choices, read=run_campaigns)
units(units_of_lines)

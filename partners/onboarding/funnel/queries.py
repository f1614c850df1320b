"""The funnel from application to the first won deal: how many get how far, in how many days, and where they stop."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from uuid import UUID

from django.db.models import Min
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from partners.onboarding.applications.models import Application
from partners.onboarding.enums import OPEN_APPLICATIONS, ApplicationStatus
from partners.onboarding.plans.models import Onboarding
from partners.onboarding.plans.queries import Progress, progress_of


@dataclass(frozen=True)
class Journey:
    """The days on which one company got where it is; None for what it has not reached, or never went through."""

    applied: dt.date | None
    approved: dt.date | None
    onboarding: dt.date | None
    active: dt.date | None
    activated: dt.date | None


@dataclass(frozen=True)
class Stage:
    """How many reached it, their share of the applied (approved) or of the approved (all that follows; not every company
    has a plan), and the median days from the stage before, of those that went through both."""

    key: str
    label: str | Promise
    count: int
    share: float | None
    days: float | None


STAGES: tuple[tuple[str, str | Promise], ...] = (
    ("applied", _("Applied")),
    ("approved", _("Approved")),
    ("onboarding", _("Began getting started")),
    ("active", _("Active")),
    ("activated", _("First deal won")),
)


def journeys(
    *, start: dt.date, end: dt.date, zone: dt.tzinfo, manager_id: UUID | None = None, nobody: bool = False
) -> list[Journey]:
    """Every company that applied, or joined without applying, from `start` to before `end`. Five queries.

    `manager_id` narrows it to a portfolio, `nobody` to what no manager looks after.
    """
    applications = Application.objects.exclude(status=ApplicationStatus.UNCONFIRMED)
    partners = Partner.objects.filter(joined_on__isnull=False)
    if manager_id is not None or nobody:
        applications = applications.filter(manager_id=manager_id)
        partners = partners.filter(manager_id=manager_id)
    begins = dt.datetime.combine(start, dt.time(), zone)
    ends = dt.datetime.combine(end, dt.time(), zone)
    rows = list(applications.filter(submitted_at__gte=begins, submitted_at__lt=ends))
    every = {row.partner_id: row for row in rows if row.partner_id}
    applied = set(
        Application.objects.filter(partner__isnull=False).order_by().values_list("partner_id", flat=True)
    )
    joined = {
        partner.pk: partner
        for partner in partners.filter(joined_on__gte=start, joined_on__lt=end)
        if partner.pk not in applied
    }
    keys = {*every, *joined}
    begun: dict[UUID, Onboarding] = {}
    for onboarding in Onboarding.objects.filter(partner_id__in=keys).order_by("-started_on", "-pk"):
        begun[onboarding.partner_id] = onboarding
    trading = Partner.objects.in_bulk(keys)
    wins = first_wins(keys)

    def rest(pk: UUID, approved: dt.date) -> tuple[dt.date | None, dt.date | None, dt.date | None]:
        one = begun.get(pk)
        if one is None:
            is_active = trading[pk].status != PartnerStatus.ONBOARDING
            return None, approved if is_active else None, wins.get(pk)
        ended, left = _day(one.finished_at or one.stopped_at, zone), trading[pk].left_on
        if ended and left and one.finished_at is None and ended >= left:
            ended = None  # it left before it had got started
        return one.started_on, ended, wins.get(pk)

    found = []
    for row in rows:
        approved = _day(row.decided_at, zone) if row.partner_id and row.decided_at else None
        further = rest(row.partner_id, approved) if row.partner_id and approved else (None, None, None)
        found.append(Journey(_day(row.submitted_at, zone), approved, *further))
    for pk, partner in joined.items():
        assert partner.joined_on is not None
        found.append(Journey(None, partner.joined_on, *rest(pk, partner.joined_on)))
    return found


def first_wins(partners: Iterable[UUID]) -> dict[UUID, dt.date]:
    """The day of each partner's first won deal."""
    won = Deal.objects.filter(partner_id__in=list(partners), stage=SalesStage.WON, closed_on__isnull=False)
    return dict(
        won.order_by().values("partner_id").annotate(day=Min("closed_on")).values_list("partner_id", "day")
    )


def _day(moment: dt.datetime | None, zone: dt.tzinfo) -> dt.date | None:
    return moment.astimezone(zone).date() if moment else None


def stages(found: list[Journey]) -> list[Stage]:
    """The funnel, stage by stage. Its first stage is all who came in either way."""
    result: list[Stage] = []
    for place, (key, label) in enumerate(STAGES):
        reached = [one for one in found if getattr(one, key) is not None]
        # Who joined without applying came in all the same.
        count = len(found) if place == 0 else len(reached)
        earlier = STAGES[place - 1][0] if place else ""
        if key == "active":
            # Those without a plan skip a stage; then the approval is what came before.
            days = [(one.active - (one.onboarding or one.approved)).days for one in reached if one.approved]  # type: ignore[operator]
        elif key == "activated":
            days = [(one.activated - one.approved).days for one in reached if one.approved and one.activated]
        else:
            days = [
                (getattr(one, key) - getattr(one, earlier)).days
                for one in reached
                if place and getattr(one, earlier) is not None
            ]
        of = result[min(place - 1, 1)].count if place else 0
        result.append(
            Stage(key, label, count, count / of if of else None, float(median(days)) if days else None)
        )
    return result


@dataclass(frozen=True)
class Stuck:
    """A step at which partners stand now, how many are overdue, and the longest of them in days."""

    title: str
    waiting: int
    overdue: int
    longest: int


def stuck(running: list[Progress], today: dt.date) -> list[Stuck]:
    """Where partners that are getting started stand, the most crowded step first."""
    waiting: Counter[str] = Counter()
    overdue: Counter[str] = Counter()
    longest: dict[str, int] = {}
    for progress in running:
        for line in progress.next_lines:
            title = line.step.title
            waiting[title] += 1
            if line.state == "overdue":
                overdue[title] += 1
                late = (today - line.step.due_on).days
                longest[title] = max(longest.get(title, 0), late)
    rows = [Stuck(title, count, overdue[title], longest.get(title, 0)) for title, count in waiting.items()]
    return sorted(rows, key=lambda row: (-row.overdue, -row.waiting, row.title))


def running_progress(manager_id: UUID | None, *, nobody: bool, today: dt.date) -> list[Progress]:
    """Onboardings that run, of a portfolio or of all. Two queries."""
    found = Onboarding.objects.filter(finished_at=None, stopped_at=None).select_related("partner")
    if manager_id is not None or nobody:
        found = found.filter(partner__manager_id=manager_id)
    return progress_of(found, today)


def waiting_applications(manager_id: UUID | None, *, nobody: bool) -> int:
    found = Application.objects.filter(status__in=sorted(OPEN_APPLICATIONS))
    if manager_id is not None or nobody:
        found = found.filter(manager_id=manager_id)
    return found.count()

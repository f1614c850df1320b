"""Reads of plans and onboardings."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, F, Min, Q, QuerySet

from partners.directory.models import Partner
from partners.onboarding.enums import StepOwner
from partners.onboarding.plans.models import Onboarding, OnboardingStep, Plan
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared


def plan_for(partner_type: str) -> Plan | None:
    """The first plan in use that fits the type and has steps."""
    plans = Plan.objects.filter(is_active=True, steps__isnull=False).distinct().order_by("position")
    return next(
        (plan for plan in plans if not plan.partner_types or partner_type in plan.partner_types), None
    )


def plans() -> QuerySet[Plan]:
    return Plan.objects.annotate(step_count=Count("steps")).order_by("position")


def is_blocked(step: OnboardingStep, own: Iterable[OnboardingStep]) -> bool:
    """Whether a step of the same onboarding has to be done first."""
    waits_for = set(step.after)
    return any(other.position in waits_for and not other.is_closed for other in own)


@dataclass(frozen=True)
class Line:
    """A step as it is shown: done, skipped, blocked, overdue, or open; with the titles of what comes first."""

    step: OnboardingStep
    state: str
    waits_for: list[str]


@dataclass(frozen=True)
class Progress:
    """How far an onboarding is."""

    onboarding: Onboarding
    lines: list[Line]

    @property
    def done(self) -> int:
        return sum(line.state in ("done", "skipped") for line in self.lines)

    @property
    def percent(self) -> int:
        return 100 * self.done // len(self.lines) if self.lines else 100

    @property
    def overdue(self) -> int:
        return sum(line.state == "overdue" for line in self.lines)

    @property
    def next_lines(self) -> list[Line]:
        """What can be done now, the most urgent first."""
        open_now = [line for line in self.lines if line.state in ("open", "overdue")]
        return sorted(open_now, key=lambda line: (line.step.due_on, line.step.position))

    def next_of(self, owner: str) -> list[Line]:
        return [line for line in self.next_lines if line.step.owner == owner]


def progress_of(onboardings: Iterable[Onboarding], today: date) -> list[Progress]:
    """The onboardings with their steps. One query, where there are any."""
    every = list(onboardings)
    if not every:
        return []
    steps: dict[UUID, list[OnboardingStep]] = {}
    rows = OnboardingStep.objects.filter(onboarding__in=every).select_related(
        "agreement", "document_kind", "course", "done_by__user"
    )
    for step in rows.order_by("position"):
        steps.setdefault(step.onboarding_id, []).append(step)
    return [
        Progress(one, [_line(step, steps[one.pk], today) for step in steps.get(one.pk, [])]) for one in every
    ]


def _line(step: OnboardingStep, own: list[OnboardingStep], today: date) -> Line:
    first = [other.title for other in own if other.position in set(step.after) and not other.is_closed]
    if step.is_closed:
        state = "skipped" if step.skipped else "done"
    elif first:
        state = "blocked"
    else:
        state = "overdue" if step.due_on < today else "open"
    return Line(step, state, first)


def newest_onboarding(partner_id: UUID) -> Onboarding | None:
    """The one that runs, or else the last."""
    return next(iter(_newest(partner_id)), None)


@prepared
def _newest(partner_id: UUID) -> QuerySet[Onboarding]:
    return (
        Onboarding.objects.filter(partner_id=partner_id)
        .select_related("partner__manager__user")
        .filter(stopped_at=None)
        .order_by(F("finished_at").desc(nulls_first=True), "-started_on", "-pk")[:1]
    )


def running(member: Membership) -> QuerySet[Onboarding]:
    """Partners that are getting started: an admin's all, a manager's own and those that are nobody's."""
    found = Onboarding.objects.filter(finished_at=None, stopped_at=None).select_related(
        "partner__manager__user"
    )
    if member.is_partner:
        return found.filter(partner_id=member.partner_id)
    if member.is_manager:
        found = found.filter(Q(partner__manager=None) | Q(partner__manager=member))
    return found


def listed(member: Membership) -> QuerySet[Onboarding]:
    """Every onboarding for the list, with its counts. Vendor's side."""
    open_steps = Q(steps__done_at=None)
    return Onboarding.objects.select_related("partner__manager__user").annotate(
        step_count=Count("steps"),
        done_count=Count("steps", filter=~open_steps),
        next_due=Min("steps__due_on", filter=open_steps),
    )


def vendor_steps(member: Membership, today: date) -> list[Line]:
    """What the vendor's side has to do now for partners that the member looks after, the most urgent first."""
    found = [line for one in progress_of(running(member), today) for line in one.next_of(StepOwner.VENDOR)]
    return sorted(found, key=lambda line: (line.step.due_on, line.step.position))


def visible_steps(member: Membership) -> QuerySet[OnboardingStep]:
    steps = OnboardingStep.objects.select_related("onboarding", "partner")
    return steps.filter(partner_id=member.partner_id) if member.is_partner else steps


def visible_partner(member: Membership, pk: UUID) -> Partner | None:
    partners = Partner.objects.select_related("manager__user").filter(pk=pk)
    return partners.filter(pk=member.partner_id).first() if member.is_partner else partners.first()

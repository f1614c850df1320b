"""A partner's onboarding as it runs: started, its steps done by themselves or by hand, reminded of, finished.

Steps are written on the vendor's side, whoever asks.
"""

from collections.abc import Collection, Iterable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from partners.directory.actions import finish_onboarding
from partners.directory.enums import TRADING_STATUSES
from partners.directory.models import Partner
from partners.onboarding.enums import StepKind, StepOwner
from partners.onboarding.plans.models import Onboarding, OnboardingStep, Plan
from partners.onboarding.plans.progress import met
from partners.onboarding.plans.queries import is_blocked
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import EventDraft, record, record_many
from portal.tenancy.scope import current_tenant_id, tenant_scope

# So many days before a step is due its owner is reminded.
REMIND_DAYS = 3


def start(partner: Partner, plan: Plan, *, by: Membership) -> Onboarding:
    """Let a partner begin with a plan, from today; one at a time."""
    check(by, "onboarding.run_onboarding", partner)
    partner = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
    if not partner.may_trade:
        raise ActionRefused(
            _("%(partner)s is %(status)s, so it cannot begin.")
            % {"partner": partner.name, "status": partner.get_status_display().lower()},
            code="partner_status",
        )
    if Onboarding.objects.filter(partner=partner, finished_at=None, stopped_at=None).exists():
        raise ActionRefused(_("%s is getting started already.") % partner.name, code="done")
    steps = list(plan.steps.order_by("position"))
    if not steps:
        raise ActionRefused(_("This plan has no steps yet."), field="plan")
    today = timezone.localdate(timezone=by.tenant.zone)
    onboarding = Onboarding.objects.create(partner=partner, plan_name=plan.name, started_on=today)
    places = {str(step.pk): step.position for step in steps}
    OnboardingStep.objects.bulk_create(
        OnboardingStep(
            onboarding=onboarding,
            partner=partner,
            position=step.position,
            title=step.title,
            help=step.help,
            kind=step.kind,
            owner=step.owner,
            agreement_id=step.agreement_id,
            document_kind_id=step.document_kind_id,
            course_id=step.course_id,
            due_on=today + timedelta(days=step.due_days),
            after=[places[pk] for pk in step.after if pk in places],
        )
        for step in steps
    )
    data = {"new": {"plan": plan.name, "steps": len(steps)}}
    record("onboarding.started", subject=onboarding, by=by, partner_id=partner.pk, data=data)
    advance([partner.pk])
    onboarding.refresh_from_db()
    return onboarding


def advance(partner_ids: Collection[UUID]) -> int:
    """Complete what can be seen to be done, of these partners' running onboardings; how many steps that were.

    Called again it changes nothing. A step waits until what comes before it is done, and then counts at once if its
    condition holds.
    """
    running = list(
        Onboarding.objects.select_for_update(of=("self",))
        .filter(partner_id__in=partner_ids, finished_at=None, stopped_at=None)
        .order_by("pk")
    )
    steps = list(OnboardingStep.objects.filter(onboarding__in=running).order_by("position"))
    holds = met(steps)
    now = timezone.now()
    done: list[OnboardingStep] = []
    for onboarding in running:
        own = [step for step in steps if step.onboarding_id == onboarding.pk]
        # Steps wait for earlier ones only, so one pass in their order is enough.
        for step in own:
            if step.pk in holds and not step.is_closed and not is_blocked(step, own):
                step.done_at = now
                done.append(step)
    OnboardingStep.objects.bulk_update(done, ["done_at"], batch_size=500)
    record_many(_done(step, None) for step in done)
    for onboarding in running:
        _finish_if_done(onboarding, [step for step in steps if step.onboarding_id == onboarding.pk])
    return len(done)


def tick(step: OnboardingStep, *, by: Membership) -> OnboardingStep:
    """Say that a step is done that nobody can see but its owner. Ticking it twice changes nothing."""
    with tenant_scope(current_tenant_id()):
        step, own = _locked(step)
        _check_may_tick(step, by)
        if step.is_closed:
            return step
        if is_blocked(step, own):
            raise ActionRefused(_("Another step comes first."), code="blocked")
        step.done_at, step.done_by = timezone.now(), by
        step.save(update_fields=["done_at", "done_by"])
        record_many([_done(step, by)])
        advance([step.partner_id])
    return step


def skip(step: OnboardingStep, *, by: Membership, reason: str) -> OnboardingStep:
    """Leave a step out for this partner, with the reason."""
    check(by, "onboarding.run_onboarding", step.partner)
    step, _own = _locked(step)
    if step.is_closed:
        raise ActionRefused(_("This step is done already."), code="done")
    if not reason.strip():
        raise ActionRefused(_("Give the reason; the partner will read it."), field="reason")
    step.done_at, step.done_by, step.skipped = timezone.now(), by, reason.strip()
    step.save(update_fields=["done_at", "done_by", "skipped"])
    data = {"new": {"title": step.title}, "reason": step.skipped}
    record("onboarding.step_skipped", subject=step, by=by, partner_id=step.partner_id, data=data)
    advance([step.partner_id])
    return step


def reopen(step: OnboardingStep, *, by: Membership) -> OnboardingStep:
    """Take back a tick, or that a step was left out. What the portal sees by itself stays as it is."""
    check(by, "onboarding.run_onboarding", step.partner)
    step, _own = _locked(step)
    if not step.is_closed:
        return step
    if step.kind != StepKind.MANUAL and not step.skipped:
        raise ActionRefused(_("This step has been done; that cannot be taken back."), code="done")
    step.done_at, step.done_by, step.skipped = None, None, ""
    step.save(update_fields=["done_at", "done_by", "skipped"])
    data = {"new": {"title": step.title}}
    record("onboarding.step_reopened", subject=step, by=by, partner_id=step.partner_id, data=data)
    advance([step.partner_id])
    return step


def stop(onboarding: Onboarding, *, by: Membership, reason: str) -> Onboarding:
    """End it before it is done. The partner counts as active from then on."""
    check(by, "onboarding.run_onboarding", onboarding.partner)
    onboarding = Onboarding.objects.select_for_update(of=("self",)).get(pk=onboarding.pk)
    if not onboarding.is_running:
        raise ActionRefused(_("It has ended already."), code="done")
    if not reason.strip():
        raise ActionRefused(_("Give the reason; it stays with the partner."), field="reason")
    _stop(onboarding, by, reason.strip())
    finish_onboarding(onboarding.partner, by=by)
    return onboarding


def end_with_partnership(partner_id: UUID, reason: str) -> None:
    """What still runs ends with the partnership, and the company stays what it has become. Again it changes nothing."""
    for onboarding in Onboarding.objects.select_for_update(of=("self",)).filter(
        partner_id=partner_id, finished_at=None, stopped_at=None
    ):
        _stop(onboarding, None, reason)


def _stop(onboarding: Onboarding, by: Membership | None, reason: str) -> None:
    onboarding.stopped_at = timezone.now()
    onboarding.save(update_fields=["stopped_at"])
    data = {"new": {"plan": onboarding.plan_name}, "reason": reason}
    record("onboarding.stopped", subject=onboarding, by=by, partner_id=onboarding.partner_id, data=data)


def remind(today: date, *, limit: int = 500) -> int:
    """Tell owners of steps that are due soon, and of those that are overdue, once each; how many were looked at."""
    soon = today + timedelta(days=REMIND_DAYS)
    rows = list(
        OnboardingStep.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(
            done_at=None,
            due_on__lte=soon,
            onboarding__finished_at=None,
            onboarding__stopped_at=None,
            partner__status__in=TRADING_STATUSES,
            reminded__lt=2,
        )
        .exclude(reminded=1, due_on__gte=today)
        .order_by("pk")[:limit]
    )
    others: dict[UUID, list[OnboardingStep]] = {}
    for step in OnboardingStep.objects.filter(onboarding_id__in={step.onboarding_id for step in rows}):
        others.setdefault(step.onboarding_id, []).append(step)
    # What waits for something else is nobody's fault yet; it is told of once it can be done.
    open_now = [step for step in rows if not is_blocked(step, others[step.onboarding_id])]
    drafts = []
    for step in open_now:
        step.reminded = 2 if step.due_on < today else 1
        drafts.append(
            EventDraft(
                "onboarding.step_overdue" if step.reminded == 2 else "onboarding.step_due",
                step,
                partner_id=step.partner_id,
                data={"new": {"title": step.title, "due_on": step.due_on.isoformat(), "owner": step.owner}},
            )
        )
    OnboardingStep.objects.bulk_update(open_now, ["reminded"], batch_size=500)
    record_many(drafts)
    return len(open_now)


def _check_may_tick(step: OnboardingStep, by: Membership) -> None:
    if step.kind != StepKind.MANUAL:
        raise ActionRefused(_("This step is done by doing it."), code="state")
    if step.owner == StepOwner.VENDOR or by.is_vendor:
        check(by, "onboarding.run_onboarding", step.partner)
    else:
        check(by, "onboarding.tick_step", step)


def _locked(step: OnboardingStep) -> tuple[OnboardingStep, list[OnboardingStep]]:
    """The step as it is now, its onboarding held, with the steps beside it."""
    onboarding = Onboarding.objects.select_for_update(of=("self",)).get(pk=step.onboarding_id)
    if not onboarding.is_running:
        raise ActionRefused(_("Getting started has ended, so its steps stay as they are."), code="state")
    own = list(onboarding.steps.select_related("partner"))
    return next(one for one in own if one.pk == step.pk), own


def _done(step: OnboardingStep, by: Membership | None) -> EventDraft:
    data: dict[str, Any] = {"new": {"title": step.title}}
    return EventDraft("onboarding.step_done", step, by, step.partner_id, data)


def _finish_if_done(onboarding: Onboarding, steps: Iterable[OnboardingStep]) -> None:
    if all(step.is_closed for step in steps):
        onboarding.finished_at = timezone.now()
        onboarding.save(update_fields=["finished_at"])
        data = {"new": {"plan": onboarding.plan_name}}
        record("onboarding.finished", subject=onboarding, partner_id=onboarding.partner_id, data=data)
        finish_onboarding(onboarding.partner)

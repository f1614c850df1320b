"""Plans as admins write them. Onboardings that run keep the plan they began with."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from partners.onboarding.enums import StepKind
from partners.onboarding.ordering import close_gap, last_place, swap
from partners.onboarding.plans.models import Plan, PlanStep
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.db import lock
from portal.tenancy.scope import current_tenant_id

MOST_STEPS = 60
# What a step of each kind names.
NAMES = {
    StepKind.AGREEMENT: "agreement",
    StepKind.DOCUMENT: "document_kind",
    StepKind.COURSE: "course",
}


def save_plan(plan: Plan, *, by: Membership) -> Plan:
    """Write a new or changed plan; a new one comes last."""
    check(by, "onboarding.change_plans")
    lock("onboarding.plans", current_tenant_id())
    if plan._state.adding:
        plan.position = last_place(Plan.objects.all())
    try:
        with transaction.atomic():
            plan.save()
    except IntegrityError as error:
        raise ActionRefused(_("Another plan has this name."), field="name") from error
    record("onboarding.plan_saved", subject=plan, by=by, data={"new": {"name": plan.name}})
    return plan


def move_plan(plan: Plan, *, up: bool, by: Membership) -> None:
    """Change places with the plan before or after."""
    check(by, "onboarding.change_plans")
    if swap(Plan.objects.all(), plan, up=up) is not None:
        record("onboarding.plan_moved", subject=plan, by=by, data={"new": {"name": plan.name}})


def remove_plan(plan: Plan, *, by: Membership) -> None:
    """Start nobody with it any more. Who has started goes on."""
    check(by, "onboarding.change_plans")
    lock("onboarding.plans", current_tenant_id())
    found = Plan.objects.filter(pk=plan.pk).first()
    if found is None:
        return
    record("onboarding.plan_removed", subject=found, by=by, data={"old": {"name": found.name}})
    found.delete()
    close_gap(Plan.objects.all(), found.position)


def save_step(step: PlanStep, *, by: Membership) -> PlanStep:
    """Write a new or changed step; a new one comes last. What it waits for comes before it in the plan."""
    check(by, "onboarding.change_plans")
    plan = Plan.objects.select_for_update(of=("self",)).get(pk=step.plan_id)
    named = NAMES.get(StepKind(step.kind))
    if named and getattr(step, f"{named}_id") is None:
        raise ActionRefused(_("Choose which one is meant."), field=named)
    for other in set(NAMES.values()) - {named}:
        setattr(step, f"{other}_id", None)
    others = {str(pk): place for pk, place in plan.steps.exclude(pk=step.pk).values_list("pk", "position")}
    if step._state.adding:
        if len(others) >= MOST_STEPS:
            raise ActionRefused(_("A plan has at most %s steps.") % MOST_STEPS)
        step.position = last_place(plan.steps.all())
    wrong = [pk for pk in step.after if others.get(pk, step.position) >= step.position]
    if wrong:
        raise ActionRefused(_("A step can only wait for steps that stand before it."), field="after")
    step.save()
    _record("onboarding.step_saved", step, by)
    return step


def move_step(step: PlanStep, *, up: bool, by: Membership) -> None:
    """Change places with the step before or after; refuses to put it before what it waits for."""
    check(by, "onboarding.change_plans")
    plan = Plan.objects.select_for_update(of=("self",)).get(pk=step.plan_id)
    steps = list(plan.steps.order_by("position"))
    place = next((i for i, other in enumerate(steps) if other.pk == step.pk), None)
    if place is None:
        return
    other_place = place - 1 if up else place + 1
    if not 0 <= other_place < len(steps):
        return
    first, second = sorted((steps[place], steps[other_place]), key=lambda one: one.position)
    if str(first.pk) in second.after:
        raise ActionRefused(
            _("“%(step)s” waits for “%(other)s”, so it stays behind it.")
            % {"step": second.title, "other": first.title}
        )
    swap(plan.steps.all(), step, up=up)
    _record("onboarding.step_moved", step, by)


def remove_step(step: PlanStep, *, by: Membership) -> None:
    """Take a step out; what waited for it waits for it no more."""
    check(by, "onboarding.change_plans")
    plan = Plan.objects.select_for_update(of=("self",)).get(pk=step.plan_id)
    found = plan.steps.filter(pk=step.pk).first()
    if found is None:
        return
    _record("onboarding.step_removed", found, by)
    position = found.position
    found.delete()
    close_gap(plan.steps.all(), position)
    for other in plan.steps.all():
        if str(step.pk) in other.after:
            other.after = [pk for pk in other.after if pk != str(step.pk)]
            other.save(update_fields=["after"])


def _record(event: str, step: PlanStep, by: Membership) -> None:
    record(event, subject=step, by=by, data={"new": {"name": step.plan.name, "title": step.title}})

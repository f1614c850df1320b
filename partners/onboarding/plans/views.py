"""Pages of getting started: the partner's own, the manager's view of it, and the admin's plans."""

from typing import Any
from uuid import UUID

import django_filters
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.enums import PartnerType
from partners.directory.pages import form_page
from partners.directory.queries import managers
from partners.onboarding.agreements.queries import standings
from partners.onboarding.documents.queries import papers
from partners.onboarding.enums import StepKind
from partners.onboarding.plans import actions, forms, queries, words
from partners.onboarding.plans.models import Onboarding, OnboardingStep, Plan, PlanStep
from portal.accounts.access import can, check, requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.filters import DaysFilter
from portal.shell.lists import Action, ListPage, Preset
from portal.shell.messages import say_refused
from portal.shell.tables import Column, DateColumn, LinkColumn, Table

form_methods = require_http_methods(["GET", "HEAD", "POST"])


# --- a partner's own ---------------------------------------------------------------------------


@require_safe
@requires("onboarding.view_own")
def mine(request: HttpRequest, tenant: str) -> HttpResponse:
    """What the partner does next, and how far it is."""
    return _page(request, request.membership.partner_id)


@require_safe
@requires("onboarding.view_onboarding")
def partner(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """The same for who looks after the partner."""
    return _page(request, pk)


def _page(request: HttpRequest, pk: UUID) -> HttpResponse:
    member, today = request.membership, timezone.localdate()
    found = queries.visible_partner(member, pk)
    if found is None:
        raise Http404
    onboarding = queries.newest_onboarding(pk)
    progress = queries.progress_of([onboarding], today)[0] if onboarding else None
    runs = member.is_vendor and can(member, "onboarding.run_onboarding", found)
    context: dict[str, Any] = {
        "title": _("Getting started"),
        "subtitle": found.name,
        "partner": found,
        "progress": progress,
        "rows": words.rows(request, member, progress.lines, runs=runs) if progress else [],
        "next": [
            {"line": line, "place": words.place_of(request, line.step)}
            for line in (progress.next_of("partner")[:3] if progress else [])
        ],
        "runs": runs,
        "agreements": [one for one in standings(found) if not one.is_accepted],
        "papers": [paper for paper in papers(found, today) if paper.is_wanted],
        "today": today,
    }
    if member.is_vendor:
        context |= {"back_url": turl(request, "directory:partner", pk), "back_label": found.name}
    return render(request, "onboarding/onboarding.html", context)


# --- running -----------------------------------------------------------------------------------


class OnboardingTable(Table):
    partner = LinkColumn(
        gettext_lazy("Partner"),
        accessor="partner__name",
        to="onboarding:partner",
        pk="partner_id",
        order_by="partner__name",
        second="plan_name",
    )
    manager = Column(
        gettext_lazy("Channel manager"),
        accessor="partner__manager__user",
        order_by="partner__manager__user__name",
        phone=False,
    )
    started_on = DateColumn(gettext_lazy("Started"))
    done = Column(gettext_lazy("Steps done"), accessor="done_count")
    next_due = DateColumn(gettext_lazy("Next due"))
    finished_at = DateColumn(gettext_lazy("Finished"), phone=False)

    class Meta(Table.Meta):
        caption = gettext_lazy("Partners getting started")

    def render_done(self, value: Any, record: Any) -> Any:
        return _("%(done)s of %(all)s") % {"done": value, "all": record.step_count}


class OnboardingFilter(django_filters.FilterSet):
    manager = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Channel manager"),
        queryset=lambda request: managers(),
        field_name="partner__manager",
        null_label=gettext_lazy("Nobody yet"),
    )
    type = django_filters.ChoiceFilter(
        label=gettext_lazy("Type"), choices=PartnerType, field_name="partner__type"
    )
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"),
        choices=[
            ("running", gettext_lazy("Running")),
            ("overdue", gettext_lazy("Overdue")),
            ("finished", gettext_lazy("Finished")),
            ("stopped", gettext_lazy("Stopped")),
        ],
        method="in_state",
    )
    started = DaysFilter(label=gettext_lazy("Started"), field_name="started_on")

    class Meta:
        model = Onboarding
        fields = ()

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "finished":
            return rows.filter(finished_at__isnull=False)
        if value == "stopped":
            return rows.filter(stopped_at__isnull=False)
        rows = rows.filter(finished_at=None, stopped_at=None)
        return rows.filter(next_due__lt=timezone.localdate()) if value == "overdue" else rows


class OnboardingList(ListPage):
    title = gettext_lazy("Getting started")
    subtitle = gettext_lazy("How far new partners are.")
    permission = "onboarding.view_onboarding"
    table_class = OnboardingTable
    filterset_class = OnboardingFilter
    search_fields = ("partner__name", "plan_name")
    search_label = gettext_lazy("Search by partner or plan")
    export_name = "onboarding"
    actions = (
        Action(gettext_lazy("Funnel"), "onboarding:funnel", "filter", "onboarding.view_onboarding"),
        Action(
            gettext_lazy("Agreements"), "onboarding:agreements", "file-check", "onboarding.view_agreements"
        ),
        Action(
            gettext_lazy("Documents"), "onboarding:documents", "file-certificate", "onboarding.view_documents"
        ),
        Action(gettext_lazy("Plans"), "onboarding:plans", "list-check", "onboarding.change_plans"),
    )
    presets = (
        Preset(gettext_lazy("All")),
        Preset(gettext_lazy("Running"), {"state": "running"}),
        Preset(gettext_lazy("Overdue"), {"state": "overdue"}),
        Preset(gettext_lazy("Finished"), {"state": "finished"}),
    )
    empty_icon = "rocket"
    empty_title = gettext_lazy("Nobody is getting started")
    empty_text = gettext_lazy(
        "Partners begin when their application is approved, or when you start them by hand."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return queries.listed(request.membership).order_by("-started_on", "-pk")


@form_methods
@requires("onboarding.run_onboarding")
def start(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = queries.visible_partner(request.membership, pk)
    if found is None:
        raise Http404
    check(request.membership, "onboarding.run_onboarding", found)
    return form_page(
        request,
        forms.StartForm(request.POST or None, by=request.membership, partner=found),
        done=lambda saved: (turl(request, "onboarding:partner", pk), _("%s has begun.") % found.name),
        context={
            "title": _("Let %s get started") % found.name,
            "back_url": turl(request, "directory:partner", pk),
            "back_label": found.name,
            "submit_label": _("Start"),
            "hint": _("Its people see the steps at once. Days count from today."),
        },
    )


@form_methods
@requires("onboarding.run_onboarding")
def stop(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = queries.visible_partner(request.membership, pk)
    onboarding = queries.newest_onboarding(pk) if found else None
    if found is None or onboarding is None:
        raise Http404
    check(request.membership, "onboarding.run_onboarding", found)
    address = turl(request, "onboarding:partner", pk)
    return form_page(
        request,
        forms.StopForm(request.POST or None, by=request.membership, onboarding=onboarding),
        done=lambda saved: (address, _("Getting started has ended for %s.") % found.name),
        context={
            "title": _("Stop getting started: %s") % found.name,
            "back_url": address,
            "back_label": found.name,
            "submit_label": _("Stop it"),
            "danger": True,
            "hint": _("The open steps are asked of the partner no more, and it counts as active."),
        },
    )


@require_POST
@requires("onboarding.view_step")
def step_change(request: HttpRequest, tenant: str, pk: UUID, verb: str) -> HttpResponse:
    """Tick a step, or take that back."""
    step = _step(request, pk)
    verbs = {"tick": actions.tick, "reopen": actions.reopen}
    if verb not in verbs:
        raise Http404
    try:
        verbs[verb](step, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("Saved."))
    return redirect(_home(request, step))


@form_methods
@requires("onboarding.run_onboarding")
def step_skip(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    step = _step(request, pk)
    check(request.membership, "onboarding.run_onboarding", step.partner)
    return form_page(
        request,
        forms.SkipForm(request.POST or None, by=request.membership, step=step),
        done=lambda saved: (_home(request, step), _("The step has been left out.")),
        context={
            "title": _("Leave out: %s") % step.title,
            "back_url": _home(request, step),
            "back_label": step.partner.name,
            "submit_label": _("Leave it out"),
        },
    )


def _step(request: HttpRequest, pk: UUID) -> OnboardingStep:
    return get_object_or_404(queries.visible_steps(request.membership), pk=pk)


def _home(request: HttpRequest, step: OnboardingStep) -> str:
    if request.membership.is_partner:
        return turl(request, "onboarding:mine")
    return turl(request, "onboarding:partner", step.partner_id)


# --- plans -------------------------------------------------------------------------------------


@require_safe
@requires("onboarding.change_plans")
def plans(request: HttpRequest, tenant: str) -> HttpResponse:
    rows = [
        {
            "pk": plan.pk,
            "name": plan.name,
            "detail": ngettext("%s step", "%s steps", plan.step_count) % plan.step_count
            + " · "
            + (", ".join(str(PartnerType(one).label) for one in plan.partner_types) or _("all partners")),
            "badge": "" if plan.is_active else _("Not in use"),
            "open_url": turl(request, "onboarding:plan", plan.pk),
        }
        for plan in queries.plans()
    ]
    context = {
        "title": _("Plans for getting started"),
        "subtitle": _("A new partner begins with the first plan that fits its type."),
        "rows": rows,
        "add_url": turl(request, "onboarding:plan_create"),
        "add_label": _("Add a plan"),
        "edit": "onboarding:plan_edit",
        "change": "onboarding:plan_change",
        "removal": _("Remove this plan? Partners that have begun with it go on."),
        "empty_title": _("No plans yet"),
        "empty_text": _("Without a plan a new partner is active at once."),
        "back_url": turl(request, "onboarding:onboardings"),
        "back_label": _("Getting started"),
    }
    return render(request, "onboarding/rows.html", context)


@form_methods
@requires("onboarding.change_plans")
def plan_edit(request: HttpRequest, tenant: str, pk: UUID | None = None) -> HttpResponse:
    plan = get_object_or_404(Plan, pk=pk) if pk else Plan()
    back = turl(request, "onboarding:plans")
    return form_page(
        request,
        forms.PlanForm(request.POST or None, by=request.membership, plan=plan),
        done=lambda saved: (
            back if pk else turl(request, "onboarding:plan", saved.pk),
            _("Saved.") if pk else _("Saved. Add its first step next."),
        ),
        context={
            "title": plan.name if pk else _("Add a plan"),
            "back_url": back,
            "back_label": _("Plans for getting started"),
        },
    )


@require_POST
@requires("onboarding.change_plans")
def plan_change(request: HttpRequest, tenant: str, pk: UUID, verb: str) -> HttpResponse:
    plan = get_object_or_404(Plan, pk=pk)
    if verb == "remove":
        actions.remove_plan(plan, by=request.membership)
        messages.success(request, _("The plan has been removed."))
    else:
        actions.move_plan(plan, up=verb == "up", by=request.membership)
    return redirect(turl(request, "onboarding:plans"))


@require_safe
@requires("onboarding.change_plans")
def plan(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """The steps of a plan, in order."""
    found = get_object_or_404(Plan, pk=pk)
    steps = list(found.steps.select_related("agreement", "document_kind", "course").order_by("position"))
    titles = {str(step.pk): step.title for step in steps}
    rows = [
        {
            "pk": step.pk,
            "name": step.title,
            "detail": " · ".join(_about(step, titles)),
            "badge": step.get_owner_display(),
        }
        for step in steps
    ]
    context = {
        "title": found.name,
        "subtitle": _("Steps with nothing before them are done side by side."),
        "rows": rows,
        "add_url": turl(request, "onboarding:plan_step_create", pk),
        "add_label": _("Add a step"),
        "edit": "onboarding:plan_step_edit",
        "change": "onboarding:plan_step_change",
        "removal": _("Take this step out? Partners that have begun keep it."),
        "empty_title": _("No steps yet"),
        "empty_text": _("Such as accepting the agreement, the first course, the first registered deal."),
        "back_url": turl(request, "onboarding:plans"),
        "back_label": _("Plans for getting started"),
    }
    return render(request, "onboarding/rows.html", context)


def _about(step: PlanStep, titles: dict[str, str]) -> list[str]:
    named = step.agreement or step.document_kind or step.course
    parts = [str(StepKind(step.kind).label) + (f": {named}" if named else "")]
    parts.append(ngettext("due after %s day", "due after %s days", step.due_days) % step.due_days)
    first = [titles[pk] for pk in step.after if pk in titles]
    if first:
        parts.append(_("only after %s") % ", ".join(first))
    return parts


@form_methods
@requires("onboarding.change_plans")
def plan_step_create(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _edit_step(request, PlanStep(plan=get_object_or_404(Plan, pk=pk)))


@form_methods
@requires("onboarding.change_plans")
def plan_step_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _edit_step(request, get_object_or_404(PlanStep.objects.select_related("plan"), pk=pk))


def _edit_step(request: HttpRequest, step: PlanStep) -> HttpResponse:
    address, title = turl(request, "onboarding:plan", step.plan_id), step.title
    return form_page(
        request,
        forms.StepForm(request.POST or None, by=request.membership, step=step),
        done=lambda saved: (address, _("Saved. It counts for partners that begin from now on.")),
        context={
            "title": title or _("Add a step"),
            "back_url": address,
            "back_label": step.plan.name,
        },
    )


@require_POST
@requires("onboarding.change_plans")
def plan_step_change(request: HttpRequest, tenant: str, pk: UUID, verb: str) -> HttpResponse:
    step = get_object_or_404(PlanStep.objects.select_related("plan"), pk=pk)
    try:
        if verb == "remove":
            actions.remove_step(step, by=request.membership)
            messages.success(request, _("The step has been taken out."))
        else:
            actions.move_step(step, up=verb == "up", by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    return redirect(turl(request, "onboarding:plan", step.plan_id))

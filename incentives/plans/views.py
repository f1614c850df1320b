"""Pages of plans."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incentives.ledger.preview import PlanPreview
from incentives.ledger.simulation import preview_or_job
from incentives.plans import queries
from incentives.plans.actions import VersionDraft, publish_version
from incentives.plans.enums import BandMode, PlanBase, PoolBy
from incentives.plans.enums import PlanForm as Form
from incentives.plans.forms import Matrix, PlanForm, initial_of
from incentives.plans.models import Plan, PlanVersion
from incentives.plans.modifiers import ModifierError
from incentives.plans.outlook import my_plans
from incentives.plans.queries import draft_terms, version_terms
from incentives.plans.ranking import plan_for, rankings
from incentives.plans.words import Names, plan_text
from incentives.published import Example, start_from
from incentives.tiers.queries import tiers
from metrics.periods import PeriodKind, calendar_of
from partners.directory.enums import PartnerType
from portal.accounts.access import can, requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.messages import add_refusal, say_refused
from portal.shell.previewed import digest, was_previewed


@require_safe
@requires("incentives.view_plans")
def plans(request: HttpRequest, tenant: str) -> HttpResponse:
    """Every plan with its versions."""
    ladder = tiers()
    today = calendar_of(request.tenant).today()
    rows: dict[Plan, list[dict[str, Any]]] = {}
    for version in queries.versions():
        rows.setdefault(version.plan, []).append(_version_row(version, today))
    return render(
        request,
        "incentives/plans.html",
        {
            "title": _("Incentive plans"),
            "subtitle": _("What partners are paid for, and how much in each tier."),
            "plans": list(rows.items()),
            "has_tiers": bool(ladder),
            "may_change": can(request.membership, "incentives.change_programme"),
        },
    )


def _version_row(version: PlanVersion, today: Any) -> dict[str, Any]:
    during = version.during
    if during.isempty:
        state, tone = _("Replaced"), "neutral"
    elif during.lower > today:
        state, tone = _("Coming"), "info"
    elif during.upper is None or today < during.upper:
        state, tone = _("In force"), "success"
    else:
        state, tone = _("Ended"), "neutral"
    last = during.upper - dt.timedelta(days=1) if during.upper else None
    return {"version": version, "state": state, "tone": tone, "last": last}


@require_safe
@requires("incentives.view_plans")
def version(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """One version: its terms and rates."""
    found = get_object_or_404(PlanVersion.objects.select_related("plan"), pk=pk)
    names = {tier.pk: tier.name for tier in tiers()}
    kinds = dict(PartnerType.choices)
    everyone = _("everyone")
    is_pool = found.form == Form.POOL
    properties = [
        {"label": _("What it pays"), "value": found.get_form_display()},
        {"label": _("What it counts"), "value": found.get_base_display()},
        *([] if is_pool else [{"label": _("How bands pay"), "value": found.get_mode_display()}]),
        {"label": _("It is counted by"), "value": found.get_period_display()},
        {"label": _("Days on hold"), "value": found.hold_days},
        {"label": _("Currency"), "value": found.plan.currency},
        {
            "label": _("Types of partner"),
            "value": ", ".join(str(kinds.get(kind, kind)) for kind in found.partner_types) or everyone,
        },
        {"label": _("Regions"), "value": ", ".join(found.regions) or everyone},
        {"label": _("Tiers"), "value": ", ".join(names.get(pk, "") for pk in found.tier_ids) or everyone},
        {"label": _("What changed"), "value": found.note},
    ]
    return render(
        request,
        "incentives/version.html",
        {
            "title": found.plan.name,
            "subtitle": _("Version %(number)d") % {"number": found.number},
            "back_url": turl(request, "incentives:plans"),
            "back_label": _("Incentive plans"),
            "properties": properties,
            "text": plan_text(version_terms(found, request.tenant), Names.read()),
            "matrix": None
            if is_pool and found.said.pool_by != PoolBy.WEIGHTS
            else Matrix.from_version(found, tiers()),
            "is_pool": is_pool,
            "version": found,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("incentives.change_programme")
def plan_create(request: HttpRequest, tenant: str) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("incentives.change_programme")
def plan_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """A new version of a plan; what it would do is shown before it is published."""
    return _edit(request, get_object_or_404(Plan, pk=pk))


def _edit(request: HttpRequest, plan: Plan | None) -> HttpResponse:
    ladder = tiers()
    if not ladder:
        messages.info(request, _("Define the tiers first: a plan has a rate for each of them."))
        return redirect(turl(request, "incentives:ladder"))
    latest = queries.version_in_force_or_next(plan) if plan else None
    calendar = calendar_of(request.tenant)
    preview: PlanPreview | None = None
    builder, text, job = request.POST.get("builder", ""), [], None
    # The page asks how far the simulation is that was asked for; what is typed meanwhile asks for no other.
    asked = request.GET.get("asked", "")
    has_changed = bool(asked) and asked != digest(request)
    if request.method == "POST":
        form = PlanForm(request.POST, plan=plan, tiers=ladder)
        matrix = Matrix.from_post(request.POST, ladder, form.counted)
        if builder:
            matrix.change(builder)
        elif not has_changed and form.is_valid():
            draft = _draft(form, matrix)
            if draft is not None:
                subject = plan or Plan(name=form.cleaned_data["name"], currency=form.cleaned_data["currency"])
                if was_previewed(request):
                    try:
                        with transaction.atomic():
                            published = publish_version(subject, draft, by=request.membership)
                    except ActionRefused as refusal:
                        add_refusal(form, refusal)
                    else:
                        messages.success(
                            request,
                            _("Version %(number)d is published. Earnings follow within moments.")
                            % {"number": published.number},
                        )
                        return redirect(turl(request, "incentives:plans"))
                found = preview_or_job(subject, draft, digest(request), by=request.membership)
                preview, job = (found, None) if isinstance(found, PlanPreview) else (None, found)
                text = plan_text(draft_terms(subject, draft, request.tenant), Names.read())
    else:
        starts_on = calendar.today()
        if latest is None:
            starts_on = calendar.period(PeriodKind.YEAR, starts_on).start
        form = PlanForm(
            initial=initial_of(latest, request.tenant.currency, starts_on), plan=plan, tiers=ladder
        )
        matrix = Matrix.from_version(latest, ladder)
    wrong = request.method == "POST" and preview is None and job is None and not (builder or has_changed)
    return render(
        request,
        "incentives/plan_form.html",
        {
            "title": _("New version of “%(plan)s”") % {"plan": plan.name} if plan else _("New plan"),
            "subtitle": _("You see what it would do before it is published."),
            "back_url": turl(request, "incentives:plans"),
            "back_label": _("Incentive plans"),
            "form": form,
            "matrix": matrix,
            "preview": preview,
            "job": job,
            "asked": digest(request) if job else "",
            "has_changed": has_changed,
            "text": text,
            "previewed": digest(request) if preview else "",
        },
        status=422 if wrong else 200,
    )


def _draft(form: PlanForm, matrix: Matrix) -> VersionDraft | None:
    """What was typed as a version; None where something does not fit, which the form then says."""
    currency = form.cleaned_data["currency"]
    bands = matrix.bands(currency, BandMode(form.cleaned_data["mode"]))
    said = form.said(PlanBase(form.cleaned_data["base"]), currency)
    if bands is None or said is None:
        return None
    draft = form.draft(bands, said)
    try:
        draft.check()
    except ModifierError as error:
        form.add_error(error.field, str(error))
        return None
    return draft


@require_safe
@requires("incentives.view_own_plans")
def mine(request: HttpRequest, tenant: str) -> HttpResponse:
    """The plans that are for the member's company today, each in plain language, with what would earn more."""
    return render(
        request,
        "incentives/my_plans.html",
        {
            "title": _("What earns money"),
            "subtitle": _("The plans that are for your company, and what would earn more."),
            "plans": my_plans(request.membership),
        },
    )


@require_safe
@requires("incentives.view_ranking")
def ranking(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """A campaign's ranking, or how a pool is divided, as far as the plan lets the reader see it."""
    plan = get_object_or_404(Plan, pk=pk)
    terms = plan_for(request.membership, plan)
    if terms is None:
        raise Http404
    mine = request.membership.is_partner
    return render(
        request,
        "incentives/ranking.html",
        {
            "title": plan.name,
            "subtitle": _("How the pool is divided")
            if terms.form == Form.POOL
            else _("The campaign’s ranking"),
            "back_url": turl(request, "incentives:my_plans" if mine else "incentives:plans"),
            "back_label": _("What earns money") if mine else _("Incentive plans"),
            "rankings": rankings(request.membership, terms),
        },
    )


@require_POST
@requires("incentives.change_programme")
def example(request: HttpRequest, tenant: str) -> HttpResponse:
    """Tiers and a plan to start from."""
    try:
        with transaction.atomic():
            tiers = start_from(request.POST.get("example", Example.REBATE), by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(
            request,
            _("There are tiers now: %(tiers)s. Change them as you like.")
            % {"tiers": ", ".join(tier.name for tier in tiers)},
        )
    return redirect(turl(request, "incentives:ladder"))

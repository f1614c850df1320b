"""The catalogue of KPIs, and the tenant's own ones with their formula editor."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from metrics import defining, weights
from metrics.formulas import FUNCTIONS, FormulaError
from metrics.kpi_forms import OwnKpiForm, RevenueForm, WeightsForm
from metrics.kpis.engagement import PARTS
from metrics.kpis.shape import Kpi
from metrics.models import OwnKpi
from metrics.own import OWN_AREA, areas, catalogue_now, defined_by_tenant
from metrics.periods import calendar_of
from metrics.revenue import revenue_base
from metrics.sources import FACTS, SOURCES
from metrics.trial import try_kpi
from partners.directory.pages import form_page
from portal.accounts.access import can, check, requires
from portal.errors import ActionRefused
from portal.jobs.models import Job
from portal.shell.addresses import turl
from portal.shell.messages import add_refusal


@require_GET
def catalogue(request: HttpRequest, tenant: str) -> HttpResponse:
    """Every KPI with its meaning, formula, sources and where it is used, and every fact with its meaning."""
    check(request.membership, "metrics.view_catalogue")
    is_vendor = not request.membership.is_partner
    used = defining.uses() if is_vendor else {}
    asked = {name: request.GET.get(name, "").strip() for name in ("q", "area", "source", "kind")}
    own = {kpi.code: kpi for kpi in defined_by_tenant()}
    kpis: list[dict[str, Any]] = [
        {
            "kpi": kpi,
            "own": own.get(kpi.code),
            "uses": [_linked(request, use) for use in used.get(kpi.code, []) if not use.only_unit],
            "sources": [str(name) for name in kpi.sources],
        }
        for kpi in catalogue_now().values()
        if (is_vendor or _is_partners_affair(kpi, own)) and _fits(kpi, asked)
    ]
    found = [
        {"code": code, "label": label, "kpis": [row for row in kpis if row["kpi"].area == code]}
        for code, label in areas()
    ]
    context = {
        "title": _("KPI catalogue"),
        "subtitle": _("What is measured, and how"),
        "areas": [area for area in found if area["kpis"]],
        "facts": [fact for fact in FACTS.values() if is_vendor or not fact.internal],
        "asked": asked,
        "count": len(kpis),
        "area_choices": [(code, label) for code, label in areas() if own or code != OWN_AREA],
        "source_choices": [(source.name, source.label) for source in SOURCES.values()],
        "is_vendor": is_vendor,
        "weighed": weights.CODE,
        "may_define": can(request.membership, "metrics.define_kpis"),
    }
    return render(request, "metrics/catalogue.html", context)


def _is_partners_affair(kpi: Kpi, own: dict[str, OwnKpi]) -> bool:
    """What a partner is shown: no groups', nothing of the vendor's own, nothing that is out of use."""
    return kpi.level != "G" and not kpi.internal and (kpi.code not in own or own[kpi.code].is_active)


def _fits(kpi: Kpi, asked: dict[str, str]) -> bool:
    """Whether it mentions the words, and area, source and kind are those asked for."""
    return (
        kpi.mentions(asked["q"])
        and asked["area"] in ("", kpi.area)
        and asked["kind"] in ("", kpi.kind)
        and (not asked["source"] or asked["source"] in kpi.sources)
    )


def _linked(request: HttpRequest, use: defining.Use) -> dict[str, str]:
    which = [use.pk] if use.pk else []
    address = turl(request, use.url_name, *which) if use.url_name and can_open(request, use) else ""
    return {"words": use.words, "address": address}


def can_open(request: HttpRequest, use: defining.Use) -> bool:
    """Every page that changes where a KPI is used is the admins'."""
    return can(request.membership, "metrics.define_kpis")


@require_http_methods(["GET", "POST"])
@requires("metrics.define_kpis")
def own_kpi_new(request: HttpRequest, tenant: str) -> HttpResponse:
    today = calendar_of(request.tenant).today()
    form = OwnKpiForm(request.POST or None, today=today)
    if request.method == "POST" and form.is_valid():
        values = {name: value for name, value in form.cleaned_data.items() if name != "number"}
        try:
            kpi = defining.define_kpi(by=request.membership, **values)
        except ActionRefused as refusal:
            form.add_error(refusal.field, str(refusal.message))
        else:
            messages.success(request, _("Defined. It can be used in templates, goals and tiers."))
            return redirect(turl(request, "metrics:own_kpi", kpi.pk))
    return _editor(request, form, {"title": _("New KPI"), "submit_label": _("Define")})


@require_http_methods(["GET", "POST"])
@requires("metrics.define_kpis")
def own_kpi(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Change a KPI from a day on; its versions and where it is used."""
    kpi = get_object_or_404(defined_by_tenant(), pk=pk)
    versions = list(kpi.versions.select_related("published_by__user"))
    today = calendar_of(request.tenant).today()
    form = OwnKpiForm(request.POST or None, version=versions[0], today=today)
    if request.method == "POST" and form.is_valid():
        values = {name: value for name, value in form.cleaned_data.items() if name != "number"}
        try:
            _version, job = defining.change_kpi(
                kpi, by=request.membership, seen_number=form.cleaned_data["number"] or 0, **values
            )
        except ActionRefused as refusal:
            form.add_error(refusal.field, str(refusal.message))
        else:
            if job is not None:
                messages.success(request, _("Changed. The scorecards are being recomputed."))
                return redirect(turl(request, "jobs:detail", job.pk))
            messages.success(request, _("Changed."))
            return redirect(turl(request, "metrics:own_kpi", kpi.pk))
    uses = defining.uses().get(kpi.code, [])
    context = {
        "title": versions[0].name,
        "subtitle": kpi.code,
        "kpi": kpi,
        "versions": [
            {"version": version, "from_the_beginning": version.valid_from == dt.date.min}
            for version in versions
        ],
        "uses": [_linked(request, use) for use in uses],
        "submit_label": _("Save as a new version"),
    }
    return _editor(request, form, context)


@require_http_methods(["GET", "POST"])
@requires("metrics.define_kpis")
def engagement_weights(request: HttpRequest, tenant: str) -> HttpResponse:
    """What the parts of the engagement score weigh, from a day on; and what they weighed before."""
    versions = weights.versions()
    form = WeightsForm(
        request.POST or None,
        weights=weights.weights_now(),
        number=versions[0].number if versions else 0,
        today=calendar_of(request.tenant).today(),
    )
    if request.method == "POST" and form.is_valid():
        try:
            _version, job = weights.set_weights(
                form.weights,
                by=request.membership,
                valid_from=form.cleaned_data["valid_from"],
                seen_number=form.cleaned_data["number"] or 0,
            )
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            if job is not None:
                messages.success(request, _("Saved. The scorecards are being recomputed."))
                return redirect(turl(request, "jobs:detail", job.pk))
            messages.success(request, _("The weights have been saved."))
            return redirect(turl(request, "metrics:engagement_weights"))
    address = turl(request, "metrics:catalogue")
    context = {
        "title": _("Weights of the engagement score"),
        "subtitle": _("A part that weighs 2 counts twice as much as one that weighs 1; 0 leaves it out."),
        "form": form,
        "parts": PARTS,
        "versions": [(version, weights.weights_in(version.formula)) for version in versions],
        "back_url": address,
        "back_label": _("KPI catalogue"),
        "cancel_url": address,
        "submit_label": _("Save the weights"),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "metrics/engagement_weights.html", context, status=status)


def _editor(request: HttpRequest, form: OwnKpiForm, context: dict[str, Any]) -> HttpResponse:
    kpis = [
        {"name": code, "meaning": str(kpi.name)}
        for code, kpi in catalogue_now().items()
        if not kpi.ranks and not (form.version and code == form.version.kpi.code)
    ]
    facts = [{"name": name, "meaning": str(fact.meaning)} for name, fact in FACTS.items()]
    functions = [{"name": name, "meaning": _FUNCTIONS[name]} for name in FUNCTIONS]
    return render(
        request,
        "metrics/own_kpi.html",
        {
            "form": form,
            "names": [*kpis, *facts, *({**one, "meaning": str(one["meaning"])} for one in functions)],
            "functions": functions,
            "trial": _tried(request, form),
            "back_url": turl(request, "metrics:catalogue"),
            "back_label": _("KPI catalogue"),
            "cancel_url": turl(request, "metrics:catalogue"),
            **context,
        },
    )


_FUNCTIONS = {
    "NULLIF": "NULLIF(a, b)",
    "COALESCE": "COALESCE(a, b, …)",
    "ABS": "ABS(a)",
    "ROUND": "ROUND(a, 2)",
    "LEAST": "LEAST(a, b, …)",
    "GREATEST": "GREATEST(a, b, …)",
}


@require_POST
@requires("metrics.define_kpis")
def own_kpi_check(request: HttpRequest, tenant: str) -> HttpResponse:
    """What the formula gives for real partners as it stands, or what is wrong with it; while one types."""
    kpi = None
    if (key := request.POST.get("kpi", "")) and (known := _uuid(key)):
        kpi = get_object_or_404(defined_by_tenant(), pk=known)
    version = kpi.versions.order_by("-number")[0] if kpi else None
    form = OwnKpiForm(request.POST, version=version, today=calendar_of(request.tenant).today())
    form.is_valid()
    return render(request, "metrics/own_kpi_trial.html", {"trial": _tried(request, form)})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _tried(request: HttpRequest, form: OwnKpiForm) -> dict[str, Any]:
    """The errors of the formula, or its values; nothing while there is none."""
    if form.is_bound:
        formula = form.cleaned_data.get("formula") if hasattr(form, "cleaned_data") else None
        if errors := form.errors.get("formula"):
            typed = request.POST.get("formula", "").strip()
            return {"errors": list(errors)} if typed else {}
        draft = form.draft() if formula else None
        since = form.cleaned_data.get("valid_from") or dt.date.min if formula else dt.date.min
    elif form.version is not None:
        draft, since = catalogue_now()[form.version.kpi.code], form.version.valid_from
    else:
        draft = None
    if draft is None:
        return {}
    try:
        known = defining.with_draft(draft, since)
    except FormulaError as error:
        return {"errors": [str(error)]}
    trial = try_kpi(known[draft.code], known, calendar_of(request.tenant), request.tenant.currency)
    return {"found": trial}


@require_http_methods(["GET", "POST"])
@requires("metrics.define_kpis")
def own_kpi_retire(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Take a KPI out of use after asking, or back into it."""
    kpi = get_object_or_404(defined_by_tenant(), pk=pk)
    back = turl(request, "metrics:own_kpi", kpi.pk)
    if request.method == "POST":
        try:
            if kpi.is_active:
                defining.retire_kpi(kpi, by=request.membership)
                messages.success(request, _("Taken out of use. What was measured by it keeps it."))
            else:
                defining.revive_kpi(kpi, by=request.membership)
                messages.success(request, _("In use again."))
        except ActionRefused as refusal:
            messages.error(request, str(refusal.message))
        return redirect(back)
    name = kpi.versions.order_by("-number")[0].name
    context = {
        "title": _("Take “%(name)s” out of use") % {"name": name}
        if kpi.is_active
        else _("Use “%(name)s” again") % {"name": name},
        "kpi": kpi,
        "back_url": back,
        "back_label": name,
        "cancel_url": back,
    }
    return render(request, "metrics/own_kpi_retire.html", context)


@require_http_methods(["GET", "POST"])
@requires("metrics.define_kpis")
def revenue(request: HttpRequest, tenant: str) -> HttpResponse:
    """Whether revenue is what deals were won for or what was ordered."""
    form = RevenueForm(request.POST or None, by=request.membership)

    def done(job: Job) -> tuple[str, str]:
        message = _("Changed. The scorecards are being recomputed.")
        return turl(request, "jobs:detail", job.pk), message

    context = {
        "title": _("What counts as revenue"),
        "subtitle": _("Now: %(base)s") % {"base": revenue_base().label},
        "back_url": turl(request, "metrics:catalogue"),
        "back_label": _("KPI catalogue"),
        "submit_label": _("Change"),
    }
    return form_page(request, form, done=done, context=context)

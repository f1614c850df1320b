"""Pages on which an admin says how leads are distributed and what makes them qualified."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.enums import PartnerType
from partners.directory.fields import country_name
from partners.directory.models import Product, ProductFamily
from partners.directory.pages import form_page
from partners.leads import actions, queries
from partners.leads.distribution import PREVIEW_DAYS, preview
from partners.leads.enums import RuleOutcome
from partners.leads.models import LeadRule
from partners.leads.setup.forms import BothCriteria, RuleForm, TermsForm
from portal.accounts.access import requires
from portal.jobs.models import Job
from portal.money import format_money
from portal.shell.addresses import turl
from portal.shell.registry import segment_choices

form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@requires("leads.change_rules")
def rules(request: HttpRequest, tenant: str) -> HttpResponse:
    """The rules in their order, in words, and what they would have done lately."""
    in_order = queries.rules()
    wanted = dict(ProductFamily.objects.values_list("pk", "name"))
    wanted |= dict(Product.objects.values_list("pk", "name"))
    segments = dict(segment_choices())
    rows = [
        {
            "rule": rule,
            "leads": _about_lead(rule, wanted, request.tenant.currency),
            "partners": _about_partner(rule, segments),
        }
        for rule in in_order
    ]
    context = {
        "title": _("Lead distribution"),
        "subtitle": _("The first rule that a lead meets says where it goes."),
        "rows": rows,
        "terms": queries.policy(),
        "preview": preview(in_order, queries.policy()) if in_order else None,
        "days": PREVIEW_DAYS,
    }
    return render(request, "leads/rules.html", context)


def _about_lead(rule: LeadRule, wanted: dict[UUID, str], currency: str) -> list[str]:
    parts = []
    if rule.countries:
        parts.append(_("from %s") % _any_of(country_name(code) for code in rule.countries))
    if rule.regions:
        parts.append(_("in the region %s") % _any_of(rule.regions))
    if rule.industries:
        parts.append(_("industry %s") % _any_of(rule.industries))
    if keys := [*rule.families, *rule.products]:
        parts.append(_("interested in %s") % _any_of(wanted.get(pk, "?") for pk in keys))
    if rule.min_budget is not None:
        parts.append(_("budget from %s") % format_money(rule.min_budget, currency))
    return parts


def _about_partner(rule: LeadRule, segments: dict[str, str]) -> list[str]:
    if rule.outcome == RuleOutcome.HOLD:
        return []
    parts = []
    if rule.same_country:
        parts.append(_("in the lead’s country"))
    if rule.same_region:
        parts.append(_("in the lead’s region"))
    if rule.partner_types:
        parts.append(_any_of(str(PartnerType(kind).label) for kind in rule.partner_types))
    if rule.partner_regions:
        parts.append(_("in the region %s") % _any_of(rule.partner_regions))
    if rule.segments:
        parts.append(_any_of(segments.get(code, "?") for code in rule.segments))
    if rule.max_open is not None and rule.outcome == RuleOutcome.OFFER:
        parts.append(_("with fewer than %s open leads") % rule.max_open)
    return parts


def _any_of(names: Any) -> str:
    return _(" or ").join(names)


@form_methods
@requires("leads.change_rules")
def rule_edit(request: HttpRequest, tenant: str, pk: UUID | None = None) -> HttpResponse:
    rule = get_object_or_404(LeadRule, pk=pk) if pk else None
    form = RuleForm(request.POST or None, by=request.membership, rule=rule)
    context: dict[str, Any] = {
        "title": rule.name if rule else _("Add a rule"),
        "back_url": turl(request, "leads:rules"),
        "back_label": _("Lead distribution"),
        "rule": rule,
        "days": PREVIEW_DAYS,
    }
    if request.POST.get("then") == "preview" and form.is_valid():
        context["preview"] = preview(_with(form.unsaved(), queries.rules()), queries.policy())
        return render(request, "leads/rule_form.html", {**context, "form": form})
    return form_page(
        request,
        form,
        done=lambda saved: (context["back_url"], _("Saved. The rule applies to leads from now on.")),
        context=context,
        template="leads/rule_form.html",
    )


def _with(rule: LeadRule, in_order: list[LeadRule]) -> list[LeadRule]:
    """The rules with this one in its place, or after the others."""
    if any(other.pk == rule.pk for other in in_order):
        return [rule if other.pk == rule.pk else other for other in in_order]
    return [*in_order, rule]


@require_POST
@requires("leads.change_rules")
def rule_move(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    actions.move_rule(
        get_object_or_404(LeadRule, pk=pk), by=request.membership, up=request.POST.get("to") == "up"
    )
    return redirect(turl(request, "leads:rules"))


@form_methods
@requires("leads.change_rules")
def rule_delete(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    rule = get_object_or_404(LeadRule, pk=pk)
    if request.method == "POST":
        actions.delete_rule(rule, by=request.membership)
        messages.success(request, _("Removed. Leads that partners have stay with them."))
        return redirect(turl(request, "leads:rules"))
    context = {
        "title": _("Remove the rule “%s”") % rule.name,
        "back_url": turl(request, "leads:rules"),
        "back_label": _("Lead distribution"),
    }
    return render(request, "leads/rule_delete.html", context)


@form_methods
@requires("leads.change_rules")
def terms(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        TermsForm(request.POST or None, by=request.membership, terms=queries.policy()),
        done=lambda saved: (
            turl(request, "leads:rules"),
            _("Saved. Offers already made keep their time to answer."),
        ),
        context={
            "title": _("Terms for offered leads"),
            "back_url": turl(request, "leads:rules"),
            "back_label": _("Lead distribution"),
        },
    )


@form_methods
@requires("leads.change_rules")
def criteria(request: HttpRequest, tenant: str) -> HttpResponse:
    """What makes a lead qualified, and what marketing-qualified."""

    def done(job: Job | None) -> tuple[str, str]:
        if job is None:
            return turl(request, "leads:criteria"), _("Saved. All open leads have been judged anew.")
        return turl(request, "jobs:detail", job.pk), _("Saved. The open leads are judged anew.")

    return form_page(
        request,
        BothCriteria(request.POST or None, by=request.membership, criteria=queries.criteria()),
        done=done,
        context={"title": _("Qualified leads")},
        template="leads/criteria.html",
    )

"""Pages on which an admin says what decides on registrations, and the decision on several at once."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.deals import actions, queries
from partners.deals.approvals.forms import BULK_FORMS, HolidayForm, ReasonForm, RuleForm
from partners.deals.approvals.models import ApprovalRule, Holiday, RejectionReason
from partners.deals.approvals.preview import DAYS, preview
from partners.deals.approvals.queries import approval_rules, rule_choices
from partners.deals.approvals.words import conditions
from partners.deals.enums import Deciders, Decision
from partners.deals.picking import picked_deals
from partners.directory.pages import form_page
from portal.accounts.access import requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.messages import say_refused
from portal.shell.previewed import digest, was_previewed
from portal.shell.registry import segment_choices
from portal.tenancy.models import current_tenant

form_methods = require_http_methods(["GET", "HEAD", "POST"])
TABS = (
    (gettext_lazy("Protection and limits"), "deals:policy"),
    (gettext_lazy("Approval rules"), "deals:rules"),
    (gettext_lazy("Reasons for rejecting"), "deals:reasons"),
    (gettext_lazy("Holidays"), "deals:holidays"),
)
BULK_TITLES = {
    "approve": (gettext_lazy("Approve these registrations"), gettext_lazy("Approve them")),
    "return": (gettext_lazy("Return these registrations"), gettext_lazy("Return them")),
    "reject": (gettext_lazy("Reject these registrations"), gettext_lazy("Reject them")),
}


def tabs(request: HttpRequest, current: str) -> list[dict[str, Any]]:
    """The pages of the programme's rules for registrations."""
    return [{"label": label, "url": turl(request, name), "active": name == current} for label, name in TABS]


# --- approval rules ----------------------------------------------------------------------------


@require_safe
@requires("deals.change_policy")
def rules(request: HttpRequest, tenant: str) -> HttpResponse:
    """The rules in order, each in words."""
    names = {name: dict(choices) for name, choices in rule_choices().items()}
    names["segments"] = dict(segment_choices())
    rows = [
        {
            "rule": rule,
            "conditions": conditions(rule, names, request.tenant.currency),
            "decision": Decision(rule.decision).label,
            "deciders": "" if rule.decision == Decision.AUTO else Deciders(rule.deciders).label,
        }
        for rule in approval_rules()
    ]
    context = {
        "title": _("Approval rules"),
        "subtitle": _("The first rule that fits a registration says who decides on it."),
        "tabs": tabs(request, "deals:rules"),
        "rows": rows,
        "standard_days": queries.policy().decision_days,
    }
    return render(request, "deals/rules.html", context)


@form_methods
@requires("deals.change_policy")
def rule_create(request: HttpRequest, tenant: str) -> HttpResponse:
    return _edit_rule(request, ApprovalRule())


@form_methods
@requires("deals.change_policy")
def rule_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _edit_rule(request, get_object_or_404(ApprovalRule, pk=pk))


def _edit_rule(request: HttpRequest, rule: ApprovalRule) -> HttpResponse:
    """Nothing is saved before it was shown what the rule would have caught."""
    is_new, name, shown = rule._state.adding, rule.name, None
    form = RuleForm(request.POST or None, by=request.membership, rule=rule)
    if form.is_bound and form.is_valid():
        if was_previewed(request):
            try:
                form.save()
            except ActionRefused as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal.message))
            else:
                messages.success(request, _("Saved. The rule counts for what is submitted from now on."))
                return redirect(turl(request, "deals:rules"))
        else:
            shown = preview(form.draft(), timezone.now(), current_tenant())
    context = {
        "title": _("New approval rule") if is_new else name,
        "subtitle": _("You see what the rule would have caught before it is saved."),
        "back_url": turl(request, "deals:rules"),
        "back_label": _("Approval rules"),
        "form": form,
        "preview": shown,
        "days": DAYS,
        "previewed": digest(request) if shown else "",
    }
    wrong = form.is_bound and shown is None
    return render(request, "deals/rule_form.html", context, status=422 if wrong else 200)


@require_POST
@requires("deals.change_policy")
def rule_move(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    rule = get_object_or_404(ApprovalRule, pk=pk)
    try:
        actions.move_rule(rule, up=request.POST.get("to") == "up", by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    return redirect(turl(request, "deals:rules"))


@require_POST
@requires("deals.change_policy")
def rule_remove(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    rule = get_object_or_404(ApprovalRule, pk=pk)
    actions.remove_rule(rule, by=request.membership)
    messages.success(request, _("The rule “%s” is removed.") % rule.name)
    return redirect(turl(request, "deals:rules"))


# --- reasons and holidays ----------------------------------------------------------------------


@form_methods
@requires("deals.change_policy")
def reasons(request: HttpRequest, tenant: str) -> HttpResponse:
    """The reasons managers choose from when they reject, and a form for one more."""
    return form_page(
        request,
        ReasonForm(request.POST or None, by=request.membership, reason=RejectionReason()),
        done=lambda reason: (turl(request, "deals:reasons"), _("“%s” can be chosen now.") % reason.name),
        context={
            "title": _("Reasons for rejecting"),
            "subtitle": _(
                "Managers choose one of these when they reject a registration; the partner reads it."
            ),
            "tabs": tabs(request, "deals:reasons"),
            "reasons": RejectionReason.objects.order_by("-is_active", "name"),
        },
        template="deals/reasons.html",
    )


@form_methods
@requires("deals.change_policy")
def reason_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    reason = get_object_or_404(RejectionReason, pk=pk)
    address = turl(request, "deals:reasons")
    return form_page(
        request,
        ReasonForm(request.POST or None, by=request.membership, reason=reason),
        done=lambda saved: (address, _("Saved.")),
        context={"title": reason.name, "back_url": address, "back_label": _("Reasons for rejecting")},
    )


@require_POST
@requires("deals.change_policy")
def reason_switch(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Offer a reason no longer, or again."""
    reason = get_object_or_404(RejectionReason, pk=pk)
    reason.is_active = request.POST.get("to") == "on"
    actions.save_reason(reason, by=request.membership)
    return redirect(turl(request, "deals:reasons"))


@form_methods
@requires("deals.change_policy")
def holidays(request: HttpRequest, tenant: str) -> HttpResponse:
    """The days on which nobody decides, and a form for one more."""
    return form_page(
        request,
        HolidayForm(request.POST or None, by=request.membership),
        done=lambda holiday: (turl(request, "deals:holidays"), _("%s is a holiday now.") % holiday.name),
        context={
            "title": _("Holidays"),
            "subtitle": _("These days do not count towards the time to answer. Weekends never do."),
            "tabs": tabs(request, "deals:holidays"),
            "holidays": Holiday.objects.filter(day__year__gte=timezone.localdate().year).order_by("day"),
        },
        template="deals/holidays.html",
    )


@require_POST
@requires("deals.change_policy")
def holiday_remove(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    holiday = get_object_or_404(Holiday, pk=pk)
    actions.remove_holiday(holiday, by=request.membership)
    messages.success(request, _("%s counts as a working day again.") % holiday.name)
    return redirect(turl(request, "deals:holidays"))


# --- deciding on several -----------------------------------------------------------------------


@require_POST
@requires("deals.view_inbox")
def decide(request: HttpRequest, tenant: str) -> HttpResponse:
    """Decide on the registrations that were picked: first what it means, then what became of each.

    `one` is a single approval by its own button or key; it needs no second look, as on the deal's own page.
    """
    verb, _sep, picked = request.POST.get("one", "").partition(":")
    if not picked:
        verb = request.POST.get("verb", "")
    versions = picked_deals([picked] if picked else request.POST.getlist("deal"))
    deals = list(queries.waiting_for(request.membership).filter(pk__in=versions))
    if verb not in BULK_FORMS or not deals:
        messages.info(request, _("Pick registrations that wait for your decision."))
        return redirect(turl(request, "deals:inbox"))
    confirmed = "confirmed" in request.POST
    form = BULK_FORMS[verb](request.POST if confirmed or picked else None)
    if (confirmed or picked) and form.is_valid():
        arguments = dict(form.cleaned_data)
        outcomes = actions.decide_many(deals, verb, by=request.membership, versions=versions, **arguments)
        return _outcomes(request, verb, outcomes, alone=bool(picked))
    title, label = BULK_TITLES[verb]
    context = {
        "title": title,
        "back_url": turl(request, "deals:inbox"),
        "back_label": _("Waiting for you"),
        "deals": deals,
        "picked": [f"{deal.pk}:{versions[deal.pk]}" for deal in deals],
        "verb": verb,
        "form": form,
        "submit_label": label,
        "danger": verb == "reject",
    }
    return render(request, "deals/decide.html", context, status=422 if form.is_bound else 200)


def _outcomes(
    request: HttpRequest, verb: str, outcomes: list[actions.Outcome], *, alone: bool
) -> HttpResponse:
    if alone and outcomes:
        outcome = outcomes[0]
        words = {
            "number": outcome.deal.number,
            "why": outcome.refusal,
            "state": outcome.deal.state_label.lower(),
        }
        if outcome.refusal:
            messages.warning(request, _("%(number)s: %(why)s") % words)
        elif outcome.deal.is_waiting:
            messages.success(
                request, _("%(number)s: your approval is noted; a second person completes it.") % words
            )
        else:
            messages.success(request, _("%(number)s is %(state)s.") % words)
        return redirect(turl(request, "deals:inbox"))
    context = {
        "title": _("What became of them"),
        "back_url": turl(request, "deals:inbox"),
        "back_label": _("Waiting for you"),
        "done": [outcome for outcome in outcomes if not outcome.refusal],
        "refused": [outcome for outcome in outcomes if outcome.refusal],
    }
    return render(request, "deals/decided.html", context)

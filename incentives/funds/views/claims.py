"""Claims: what was spent, the proof, and the settlement."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incentives.fields import amount_text
from incentives.funds import actions, queries
from incentives.funds.enums import ClaimStatus
from incentives.funds.forms import ClaimForm, DecisionForm
from incentives.funds.models import Claim, FundRequest
from incentives.funds.tables import CLAIM_TONES
from portal.accounts.access import can, check, requires
from portal.errors import ActionRefused
from portal.events.queries import timeline
from portal.money import quick_money
from portal.shell.addresses import turl
from portal.shell.formats import percent
from portal.shell.messages import add_refusal


def _found(request: HttpRequest, pk: UUID) -> Claim:
    found = get_object_or_404(queries.claims(request.membership), pk=pk)
    check(request.membership, "funds.view_funds", found)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@requires("funds.change_request")
def claim_create(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    asked = get_object_or_404(queries.requests(request.membership), pk=pk)
    check(request.membership, "funds.change_request", asked)
    form = ClaimForm(request.POST or None, currency=asked.budget.fund.currency)
    if form.is_bound and form.is_valid():
        try:
            with transaction.atomic():
                made = actions.claim(asked, by=request.membership, **form.cleaned_data)
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Now add the proof: invoices, photographs, lists of who came."))
            return redirect(turl(request, "funds:claim", made.pk))
    return _form_page(request, asked, form)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("funds.change_request")
def claim_again(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Hand a returned claim in again."""
    found = _found(request, pk)
    check(request.membership, "funds.change_request", found)
    currency = found.request.budget.fund.currency
    initial = {
        "cost": amount_text(found.cost, currency),
        "amount": amount_text(found.amount, currency),
        "note": found.note,
        "leads": found.leads,
        "is_last": found.is_last,
    }
    form = ClaimForm(request.POST or None, initial=initial, currency=currency)
    if form.is_bound and form.is_valid():
        try:
            with transaction.atomic():
                actions.resubmit_claim(found, by=request.membership, **form.cleaned_data)
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The claim waits for a decision again."))
            return redirect(turl(request, "funds:claim", pk))
    return _form_page(request, found.request, form)


def _form_page(request: HttpRequest, asked: FundRequest, form: ClaimForm) -> HttpResponse:
    fund = asked.budget.fund
    return render(
        request,
        "funds/claim_form.html",
        {
            "title": _("Claim for “%(title)s”") % {"title": asked.title},
            "subtitle": _("%(open)s can still be claimed, and at most %(share)s of what was spent.")
            % {
                "open": quick_money(asked.open_amount, fund.currency),
                "share": percent(fund.reimbursed, 0),
            },
            "back_url": turl(request, "funds:request", asked.pk),
            "back_label": asked.title,
            "form": form,
        },
        status=422 if form.is_bound else 200,
    )


@require_safe
@requires("funds.view_funds")
def claim_page(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _page(request, _found(request, pk))


def _page(request: HttpRequest, found: Claim, form: DecisionForm | None = None) -> HttpResponse:
    currency = found.request.budget.fund.currency
    member = request.membership
    waits = found.status == ClaimStatus.SUBMITTED
    properties = [
        {
            "label": _("Activity"),
            "value": found.request.title,
            "href": turl(request, "funds:request", found.request_id),
        },
        {"label": _("Partner"), "value": found.partner.name},
        {"label": _("Approved"), "value": quick_money(found.request.approved, currency)},
        {"label": _("Leads that came of it"), "value": found.leads},
        {"label": _("Claimed by"), "value": found.claimed_by.name},
        {"label": _("Reason"), "value": found.reason},
    ]
    own_approval = found.request.decided_by_id == member.pk
    return render(
        request,
        "funds/claim.html",
        {
            "title": _("Claim for “%(title)s”") % {"title": found.request.title},
            "subtitle": f"{found.request.number} · {found.partner.name}",
            "back_url": turl(request, "funds:request", found.request_id),
            "back_label": found.request.title,
            "found": found,
            "currency": currency,
            "tone": CLAIM_TONES[ClaimStatus(found.status)],
            "properties": properties,
            "may_settle": waits and can(member, "funds.settle_claim", found) and not own_approval,
            "own_approval": waits and can(member, "funds.settle_claim", found) and own_approval,
            "may_return": waits and can(member, "funds.decide_request", found),
            "may_again": found.status == ClaimStatus.RETURNED and can(member, "funds.change_request", found),
            "decision": form
            or DecisionForm(
                currency=currency,
                initial={"amount": amount_text(min(found.amount, found.request.open_amount), currency)},
            ),
            "events": timeline(found)[:50],
        },
        status=422 if form else 200,
    )


@require_POST
@requires("funds.decide_request")
def claim_decide(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Settle, return or reject."""
    found = _found(request, pk)
    decision = request.POST.get("decision")
    check(request.membership, "funds.settle_claim" if decision == "settle" else "funds.decide_request", found)
    form = DecisionForm(request.POST, currency=found.request.budget.fund.currency)
    if not form.is_valid():
        return _page(request, found, form)
    reason = form.cleaned_data["reason"]
    try:
        with transaction.atomic():
            if decision == "settle":
                actions.settle_claim(
                    found, by=request.membership, amount=form.cleaned_data["amount"] or 0, note=reason
                )
            elif decision == "return":
                actions.return_claim(found, by=request.membership, reason=reason)
            else:
                actions.reject_claim(found, by=request.membership, reason=reason)
    except ActionRefused as refusal:
        add_refusal(form, refusal)
        return _page(request, found, form)
    messages.success(request, _("The partner is told."))
    return redirect(turl(request, "funds:claim", pk))

"""Requests for funds: a partner's, and the vendor's decision on them."""

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incentives.fields import amount_text
from incentives.funds import actions, queries
from incentives.funds.enums import ClaimStatus, RequestStatus
from incentives.funds.filters import RequestFilter, VendorRequestFilter
from incentives.funds.forms import CampaignForm, DecisionForm, RequestForm
from incentives.funds.models import FundRequest
from incentives.funds.tables import CLAIM_TONES, REQUEST_TONES, RequestTable, VendorRequestTable
from metrics.periods import calendar_of
from portal.accounts.access import can, check, requires
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.queries import timeline
from portal.money import quick_money
from portal.shell.addresses import turl
from portal.shell.formats import short_date
from portal.shell.lists import Action, ListPage, Preset
from portal.shell.messages import add_refusal, say_refused

# From its approval on something can come of an activity.
MEASURED = (RequestStatus.APPROVED, RequestStatus.SETTLED)


class Requests(ListPage):
    title = gettext_lazy("Marketing funds")
    permission = "funds.view_funds"
    search_fields = ("title", "number", "partner__name")
    search_label = gettext_lazy("Search by activity, number or partner")
    export_name = "fund-requests"
    template_name = "funds/requests.html"
    presets = (
        Preset(gettext_lazy("All")),
        Preset(gettext_lazy("Waiting"), {"status": RequestStatus.SUBMITTED}),
        Preset(gettext_lazy("Approved"), {"status": RequestStatus.APPROVED}),
    )
    actions = (
        Action(gettext_lazy("Ask for funds"), "funds:request_create", "plus", "funds.change_request", True),
        Action(gettext_lazy("Budgets"), "funds:budgets", "wallet", "funds.decide_request"),
        Action(gettext_lazy("Set up"), "funds:funds", "settings", "funds.change_fund"),
    )
    empty_icon = "speakerphone"
    empty_title = gettext_lazy("No requests yet")
    empty_text = gettext_lazy(
        "The vendor shares the cost of marketing that partners do. A request comes first."
    )

    def adapt_to(self, member: Membership) -> None:
        if member.is_vendor:
            self.table_class, self.filterset_class = VendorRequestTable, VendorRequestFilter
        else:
            self.table_class, self.filterset_class = RequestTable, RequestFilter

    def get_queryset(self, request: HttpRequest) -> QuerySet[FundRequest]:
        rows = queries.requests(request.membership)
        return rows if request.membership.is_partner else rows.exclude(status=RequestStatus.DRAFT)

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        returned = queries.returns(queries.requests(request.membership))
        if request.membership.is_vendor:
            return {"waiting": queries.waiting(request.membership), "returned": returned}
        rows = queries.budgets(request.membership).filter(closed_on=None)
        return {"balances": queries.balances(rows[:6]), "returned": returned}


def _found(request: HttpRequest, pk: UUID) -> FundRequest:
    found = get_object_or_404(queries.requests(request.membership), pk=pk)
    check(request.membership, "funds.view_funds", found)
    return found


@require_safe
@requires("funds.view_funds")
def request_page(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _page(request, _found(request, pk))


def _page(request: HttpRequest, found: FundRequest, form: DecisionForm | None = None) -> HttpResponse:
    currency = found.budget.fund.currency
    balance = queries.balance(found.budget)
    decides = found.status == RequestStatus.SUBMITTED and can(
        request.membership, "funds.decide_request", found
    )
    own = can(request.membership, "funds.change_request", found)
    claims = found.claims.order_by("-id")
    may_measure = found.status in MEASURED and (own or can(request.membership, "funds.decide_request", found))
    properties = [
        {"label": _("Budget"), "value": f"{found.budget.fund.name}, {found.budget.period.label()}"},
        {"label": _("Left of it"), "value": quick_money(balance.left, currency)},
        {"label": _("Kind"), "value": found.get_kind_display()},
        {"label": _("From"), "value": short_date(found.starts_on)},
        {"label": _("Until"), "value": short_date(found.ends_on)},
        {"label": _("Expected leads"), "value": found.expected_leads},
        {"label": _("Expected revenue"), "value": quick_money(found.expected_revenue, currency)},
    ]
    if found.decided_by:
        properties.append({"label": _("Decided by"), "value": found.decided_by.name})
    return render(
        request,
        "funds/request.html",
        {
            "title": found.title,
            "subtitle": f"{found.number} · {found.partner.name}",
            "back_url": turl(request, "funds:requests"),
            "back_label": _("Marketing funds"),
            "found": found,
            "currency": currency,
            "tone": REQUEST_TONES[RequestStatus(found.status)],
            "properties": properties,
            "claims": [(claim, CLAIM_TONES[ClaimStatus(claim.status)]) for claim in claims],
            "may_edit": own and found.status in (RequestStatus.DRAFT, RequestStatus.RETURNED),
            "may_withdraw": own
            and found.status in (RequestStatus.DRAFT, RequestStatus.SUBMITTED, RequestStatus.RETURNED),
            "may_claim": own and found.open_amount > 0,
            "may_decide": decides,
            "decision": form
            or DecisionForm(
                currency=currency,
                initial={"amount": amount_text(min(found.amount, max(balance.free, 0)), currency)},
            ),
            "returned": queries.returns(FundRequest.objects.filter(pk=found.pk)),
            "campaign": found.campaign,
            "campaign_form": CampaignForm(
                campaigns=queries.campaigns_of(found), initial={"campaign": found.campaign_id or ""}
            )
            if may_measure
            else None,
            "events": timeline(found)[:50],
        },
        status=422 if form else 200,
    )


@require_POST
@requires("funds.view_funds")
def measure(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Say in which campaign the results are measured."""
    found = _found(request, pk)
    form = CampaignForm(request.POST, campaigns=queries.campaigns_of(found))
    if not form.is_valid():
        messages.error(request, _("Choose one of the campaigns."))
        return redirect(turl(request, "funds:request", pk))
    return _do(
        request,
        pk,
        partial(actions.measure_by, campaign=form.cleaned_data["campaign"]),
        _("Saved."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("funds.change_request")
def request_create(request: HttpRequest, tenant: str) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("funds.change_request")
def request_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _found(request, pk)
    check(request.membership, "funds.change_request", found)
    return _edit(request, found)


def _edit(request: HttpRequest, found: FundRequest | None) -> HttpResponse:
    member = request.membership
    budgets = queries.open_budgets(member.partner_id, calendar_of(request.tenant))
    if not budgets:
        messages.info(request, _("There is no budget now of which something could be asked for."))
        return redirect(turl(request, "funds:requests"))
    form = RequestForm(request.POST or None, initial=_initial(found), budgets=budgets)
    if form.is_bound and form.is_valid():
        data = dict(form.cleaned_data)
        budget = form.budgets[data.pop("budget")]
        try:
            with transaction.atomic():
                saved = actions.save_request(found, budget, by=member, **data)
                if "submit" in request.POST:
                    actions.submit_request(saved, by=member)
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            done = _("Your request waits for a decision.") if "submit" in request.POST else _("Saved.")
            messages.success(request, done)
            return redirect(turl(request, "funds:request", saved.pk))
    return render(
        request,
        "funds/request_form.html",
        {
            "title": _("Ask for funds"),
            "subtitle": _("The vendor decides first; then you act, and claim what it cost."),
            "back_url": turl(request, "funds:requests"),
            "back_label": _("Marketing funds"),
            "form": form,
            "balances": queries.balances(budgets),
        },
        status=422 if form.is_bound else 200,
    )


def _initial(found: FundRequest | None) -> dict[str, Any]:
    if found is None:
        return {}
    currency = found.budget.fund.currency
    names = ("title", "kind", "description", "starts_on", "ends_on", "expected_leads")
    return {
        "budget": str(found.budget_id),
        **{name: getattr(found, name) for name in names},
        **{
            name: amount_text(getattr(found, name), currency)
            for name in ("cost", "amount", "expected_revenue")
        },
    }


@require_POST
@requires("funds.change_request")
def submit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _do(request, pk, actions.submit_request, _("Your request waits for a decision."))


@require_POST
@requires("funds.change_request")
def withdraw(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _do(request, pk, actions.withdraw_request, _("The request is withdrawn."))


def _do(request: HttpRequest, pk: UUID, act: Any, done: str) -> HttpResponse:
    found = _found(request, pk)
    try:
        with transaction.atomic():
            act(found, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, done)
    return redirect(turl(request, "funds:request", pk))


@require_POST
@requires("funds.decide_request")
def decide(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Approve an amount, return, or reject."""
    found = _found(request, pk)
    check(request.membership, "funds.decide_request", found)
    form = DecisionForm(request.POST, currency=found.budget.fund.currency)
    if not form.is_valid():
        return _page(request, found, form)
    reason, decision = form.cleaned_data["reason"], request.POST.get("decision")
    try:
        with transaction.atomic():
            if decision == "approve":
                actions.approve_request(
                    found, by=request.membership, amount=form.cleaned_data["amount"] or 0, note=reason
                )
            elif decision == "return":
                actions.return_request(found, by=request.membership, reason=reason)
            else:
                actions.reject_request(found, by=request.membership, reason=reason)
    except ActionRefused as refusal:
        add_refusal(form, refusal)
        return _page(request, found, form)
    messages.success(request, _("The partner is told."))
    return redirect(turl(request, "funds:request", pk))

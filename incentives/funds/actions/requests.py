"""A partner asks for funds, and the vendor decides. The budget is locked first, then the request."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from incentives.funds import queries
from incentives.funds.enums import REQUEST_TRANSITIONS, RequestStatus
from incentives.funds.models import Budget, FundRequest
from metrics.periods import calendar_of
from partners.marketing.models import Campaign
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.money import quick_money, round_half_up
from portal.tenancy.models import current_tenant
from portal.tenancy.sequences import next_number

FIELDS = (
    "title",
    "kind",
    "description",
    "starts_on",
    "ends_on",
    "cost",
    "amount",
    "expected_leads",
    "expected_revenue",
)
EDITABLE = (RequestStatus.DRAFT, RequestStatus.RETURNED)


def save_request(
    request: FundRequest | None, budget: Budget, *, by: Membership, **values: Any
) -> FundRequest:
    """Keep what a partner plans; a draft until it is submitted."""
    check(by, "funds.change_request", budget)
    if request is None:
        request = FundRequest(budget=budget, partner_id=budget.partner_id)
        request.number = next_number("MF", year=values["starts_on"].year)
        word = "fund.request_drafted"
    else:
        request = _lock(request.pk)
        if request.status not in EDITABLE:
            raise ActionRefused(_("What has been submitted can no longer be changed."), code="state")
        request.budget, word = budget, "fund.request_changed"
    for name in FIELDS:
        setattr(request, name, values[name])
    _refuse_unfit(request, budget)
    request.save()
    record(word, subject=request, by=by, partner_id=request.partner_id, data=_data(request))
    return request


def measure_by(request: FundRequest, campaign: Campaign | None, *, by: Membership) -> FundRequest:
    """Say in which of the partner's campaigns the activity's results are counted; None: in none."""
    request = _lock(request.pk)
    check(by, "funds.change_request" if by.is_partner else "funds.decide_request", request)
    if campaign is not None and campaign.partner_id != request.partner_id:
        raise ActionRefused(_("This is not a campaign of the same partner."), field="campaign")
    before, request.campaign = request.campaign, campaign
    request.save(update_fields=["campaign", "updated_at"])
    record(
        "fund.measured",
        subject=request,
        by=by,
        partner_id=request.partner_id,
        data={"old": before.name if before else "", "new": campaign.name if campaign else ""},
    )
    return request


def submit_request(request: FundRequest, *, by: Membership) -> FundRequest:
    """Hand it in; as much must be left of the budget."""
    budget, request = _lock_both(request)
    check(by, "funds.change_request", request)
    _refuse_unless(request, "submit")
    _refuse_unfit(request, budget)
    left = queries.balance(budget).left
    if request.amount > left:
        raise ActionRefused(
            _("Only %(left)s is left of this budget.") % {"left": quick_money(left, budget.fund.currency)},
            field="amount",
        )
    request.status, request.submitted_by, request.submitted_at = (
        RequestStatus.SUBMITTED,
        by,
        timezone.now(),
    )
    request.reason = ""
    request.save(update_fields=["status", "submitted_by", "submitted_at", "reason", "updated_at"])
    record("fund.requested", subject=request, by=by, partner_id=request.partner_id, data=_data(request))
    return request


def approve_request(request: FundRequest, *, by: Membership, amount: int, note: str = "") -> FundRequest:
    """Promise an amount, at most what was asked for and what the budget still has."""
    budget, request = _lock_both(request)
    check(by, "funds.decide_request", request)
    _refuse_unless(request, "approve")
    if not 0 < amount <= request.amount:
        raise ActionRefused(_("Approve more than nothing and at most what was asked for."), field="amount")
    free = queries.balance(budget).free
    if amount > free:
        raise ActionRefused(
            _("Only %(left)s is left of this budget.") % {"left": quick_money(free, budget.fund.currency)},
            field="amount",
        )
    request.approved = amount
    return _decide(request, "approve", by, note)


def return_request(request: FundRequest, *, by: Membership, reason: str) -> FundRequest:
    """Ask for what is missing."""
    return _refuse_or_return(request, "return", by, reason)


def reject_request(request: FundRequest, *, by: Membership, reason: str) -> FundRequest:
    return _refuse_or_return(request, "reject", by, reason)


def withdraw_request(request: FundRequest, *, by: Membership) -> FundRequest:
    """The partner gives up; what was promised and not claimed is free again."""
    _budget, request = _lock_both(request)
    check(by, "funds.change_request", request)
    _refuse_unless(request, "withdraw")
    if request.settled or request.claims.filter(status__in=["submitted", "returned"]).exists():
        raise ActionRefused(_("Something of it has been claimed."), code="state")
    request.status = RequestStatus.WITHDRAWN
    request.save(update_fields=["status", "updated_at"])
    record(
        "fund.request_withdrawn",
        subject=request,
        by=by,
        partner_id=request.partner_id,
        data=_data(request),
    )
    return request


# --- the parts ---------------------------------------------------------------------------------


def _lock(pk: UUID) -> FundRequest:
    return FundRequest.objects.select_for_update(of=("self",)).select_related("partner").get(pk=pk)


def _lock_both(request: FundRequest) -> tuple[Budget, FundRequest]:
    budget = Budget.objects.select_for_update(of=("self",)).select_related("fund").get(pk=request.budget_id)
    return budget, _lock(request.pk)


def _refuse_unless(request: FundRequest, verb: str) -> None:
    sources, _target = REQUEST_TRANSITIONS[verb]
    if request.status not in sources:
        raise ActionRefused(
            _("This has been decided already: %(status)s.") % {"status": request.get_status_display()},
            code="state",
        )


def _refuse_unfit(request: FundRequest, budget: Budget) -> None:
    """What no budget of this fund pays for."""
    period = budget.period
    if budget.closed_on or period.end <= calendar_of(current_tenant()).today():
        raise ActionRefused(_("The period of this budget is over."), field="budget")
    if request.ends_on < request.starts_on:
        raise ActionRefused(_("The last day lies before the first."), field="ends_on")
    if not period.start <= request.starts_on < period.end:
        raise ActionRefused(
            _("The activity begins outside the budget’s period, %(period)s.") % {"period": period.label()},
            field="starts_on",
        )
    most = round_half_up(request.cost * budget.fund.reimbursed)
    if not 0 < request.amount <= most:
        raise ActionRefused(
            _("The fund pays at most %(most)s of this cost.")
            % {"most": quick_money(most, budget.fund.currency)},
            field="amount",
        )


def _refuse_or_return(request: FundRequest, verb: str, by: Membership, reason: str) -> FundRequest:
    _budget, request = _lock_both(request)
    check(by, "funds.decide_request", request)
    _refuse_unless(request, verb)
    if not reason.strip():
        raise ActionRefused(_("Say why."), field="reason")
    return _decide(request, verb, by, reason)


def _decide(request: FundRequest, verb: str, by: Membership, reason: str) -> FundRequest:
    _sources, request.status = REQUEST_TRANSITIONS[verb]
    request.decided_by, request.decided_at, request.reason = by, timezone.now(), reason.strip()
    request.save(update_fields=["status", "approved", "decided_by", "decided_at", "reason", "updated_at"])
    word = {"approve": "approved", "return": "returned", "reject": "rejected"}[verb]
    record(
        f"fund.request_{word}",
        subject=request,
        by=by,
        partner_id=request.partner_id,
        data=_data(request) | {"reason": request.reason, "approved": request.approved},
    )
    return request


def _data(request: FundRequest) -> dict[str, Any]:
    return {
        "number": request.number,
        "title": request.title,
        "amount": request.amount,
        "currency": request.budget.fund.currency,
    }

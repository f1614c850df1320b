"""A partner claims what it spent, and an admin settles it: the amount goes to the ledger. The request is locked first."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from incentives.funds.enums import CLAIM_TRANSITIONS, ClaimStatus, RequestStatus
from incentives.funds.models import Claim, FundRequest
from incentives.ledger.enums import EntryKind
from incentives.ledger.models import LedgerEntry
from metrics.periods import calendar_of
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.files.models import Attachment
from portal.money import quick_money, round_half_up
from portal.tenancy.models import current_tenant


def claim(
    request: FundRequest,
    *,
    by: Membership,
    cost: int,
    amount: int,
    is_last: bool = True,
    note: str = "",
    leads: int = 0,
) -> Claim:
    """Ask for what an approved activity has cost. Proof is added as files before it is settled."""
    request = _lock_request(request.pk)
    check(by, "funds.change_request", request)
    _refuse_unclaimable(request, cost, amount)
    try:
        with transaction.atomic():
            made = Claim.objects.create(
                request=request,
                partner_id=request.partner_id,
                cost=cost,
                amount=amount,
                is_last=is_last,
                note=note.strip(),
                leads=leads,
                claimed_by=by,
            )
    except IntegrityError as error:
        raise ActionRefused(_("A claim for this activity waits already."), code="state") from error
    record("fund.claimed", subject=made, by=by, partner_id=made.partner_id, data=_data(made, request))
    return made


def resubmit_claim(
    found: Claim, *, by: Membership, cost: int, amount: int, is_last: bool, note: str = "", leads: int = 0
) -> Claim:
    """Hand a returned claim in again."""
    request, found = _lock_both(found)
    check(by, "funds.change_request", request)
    _refuse_unless(found, "resubmit")
    _refuse_unclaimable(request, cost, amount)
    found.cost, found.amount, found.is_last = cost, amount, is_last
    found.note, found.leads = note.strip(), leads
    found.status, found.reason = ClaimStatus.SUBMITTED, ""
    found.save(update_fields=["cost", "amount", "is_last", "note", "leads", "status", "reason"])
    record("fund.claimed", subject=found, by=by, partner_id=found.partner_id, data=_data(found, request))
    return found


def settle_claim(found: Claim, *, by: Membership, amount: int, note: str = "") -> Claim:
    """Pay the claim, whole or in part: an entry in the ledger, payable at once.

    By an admin other than the one who approved the request. There must be proof. What of the request was not claimed
    is free again with its last claim.
    """
    request, found = _lock_both(found)
    check(by, "funds.settle_claim", found)
    _refuse_unless(found, "settle")
    if request.decided_by_id == by.pk:
        raise ActionRefused(
            _("You have approved the request yourself: another admin has to settle its claims."),
            code="second_person",
        )
    if not 0 < amount <= min(found.amount, request.open_amount):
        raise ActionRefused(_("Settle more than nothing and at most what was claimed."), field="amount")
    if amount < found.amount and not note.strip():
        raise ActionRefused(_("Say why not all of it is paid."), field="note")
    if not has_proof(found):
        raise ActionRefused(_("There is no proof yet. Return the claim and ask for it."), code="proof")
    found.entry = _post(found, request, amount)
    found.status, found.settled, found.reason = ClaimStatus.PAID, amount, note.strip()
    found.decided_by, found.decided_at = by, timezone.now()
    found.save(update_fields=["entry", "status", "settled", "reason", "decided_by", "decided_at"])
    request.settled += amount
    if found.is_last or not request.open_amount:
        # What is left of the promise goes back to the budget.
        request.approved = request.settled
        request.status = RequestStatus.SETTLED
    request.save(update_fields=["settled", "approved", "status", "updated_at"])
    record(
        "fund.claim_settled",
        subject=found,
        by=by,
        partner_id=found.partner_id,
        data=_data(found, request) | {"settled": amount, "reason": found.reason},
    )
    return found


def return_claim(found: Claim, *, by: Membership, reason: str) -> Claim:
    """Ask for what is missing."""
    return _turn_down(found, "return", by, reason)


def reject_claim(found: Claim, *, by: Membership, reason: str) -> Claim:
    return _turn_down(found, "reject", by, reason)


def has_proof(found: Claim) -> bool:
    return Attachment.objects.filter(
        subject_type=Claim._meta.label_lower, subject_id=found.pk, deleted_at=None
    ).exists()


# --- the parts ---------------------------------------------------------------------------------


def _lock_request(pk: UUID) -> FundRequest:
    rows = FundRequest.objects.select_for_update(of=("self",)).select_related("partner", "budget__fund")
    return rows.get(pk=pk)


def _lock_both(found: Claim) -> tuple[FundRequest, Claim]:
    request = _lock_request(found.request_id)
    rows = Claim.objects.select_for_update(of=("self",)).select_related("partner")
    return request, rows.get(pk=found.pk)


def _refuse_unless(found: Claim, verb: str) -> None:
    sources, _target = CLAIM_TRANSITIONS[verb]
    if found.status not in sources:
        raise ActionRefused(
            _("This has been decided already: %(status)s.") % {"status": found.get_status_display()},
            code="state",
        )


def _refuse_unclaimable(request: FundRequest, cost: int, amount: int) -> None:
    fund, today = request.budget.fund, calendar_of(current_tenant()).today()
    if request.status != RequestStatus.APPROVED:
        raise ActionRefused(_("Only an approved activity can be claimed for."), code="state")
    if request.starts_on > today:
        raise ActionRefused(_("The activity has not begun yet."), code="early")
    if request.budget.period.end + dt.timedelta(days=fund.claim_days) <= today:
        raise ActionRefused(_("The time to claim is over."), code="late")
    most = min(request.open_amount, round_half_up(cost * fund.reimbursed))
    if not 0 < amount <= most:
        raise ActionRefused(
            _("At most %(most)s can be claimed for this cost.") % {"most": quick_money(most, fund.currency)},
            field="amount",
        )


def _post(found: Claim, request: FundRequest, amount: int) -> LedgerEntry:
    today = calendar_of(current_tenant()).today()
    return LedgerEntry.objects.create(
        partner_id=found.partner_id,
        item=found.pk,
        label=f"{request.number} {request.title}",
        kind=EntryKind.MANUAL,
        amount=amount,
        currency=request.budget.fund.currency,
        base=found.cost,
        rate=Decimal(amount) / found.cost,
        exchange_rate=Decimal(1),
        occurred_on=today,
        booked_on=today,
        payable_on=today,
        posted_on=today,
        sequence=1,
        explanation={"claim": str(found.pk), "fund": request.budget.fund.name, "amount": amount},
    )


def _turn_down(found: Claim, verb: str, by: Membership, reason: str) -> Claim:
    request, found = _lock_both(found)
    check(by, "funds.decide_request", found)
    _refuse_unless(found, verb)
    if not reason.strip():
        raise ActionRefused(_("Say why."), field="reason")
    _sources, found.status = CLAIM_TRANSITIONS[verb]
    found.reason, found.decided_by, found.decided_at = reason.strip(), by, timezone.now()
    found.save(update_fields=["status", "reason", "decided_by", "decided_at"])
    word = "returned" if verb == "return" else "rejected"
    record(
        f"fund.claim_{word}",
        subject=found,
        by=by,
        partner_id=found.partner_id,
        data=_data(found, request) | {"reason": found.reason},
    )
    return found


def _data(found: Claim, request: FundRequest) -> dict[str, Any]:
    return {
        "number": request.number,
        "title": request.title,
        "amount": found.amount,
        "currency": request.budget.fund.currency,
    }

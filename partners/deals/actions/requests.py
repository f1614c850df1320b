"""What partners ask about a decided registration: an appeal against a rejection, or more time."""

from datetime import datetime, timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.deals.actions.deciding import grant_protection, keep_decision
from partners.deals.actions.writing import Changes, begin, write, write_exclusively
from partners.deals.approvals.models import DealRequest
from partners.deals.enums import Notice, RequestKind, RequestState
from partners.deals.limits import refuse_unless_complete, refuse_unless_writing, refuse_without
from partners.deals.models import Deal
from partners.deals.queries import policy
from partners.deals.workdays import add_business_days
from partners.directory.models import Customer
from partners.matching.actions import lock_customers
from portal.accounts.models import Membership
from portal.errors import ActionRefused

ANSWERED: Changes = {"request": "", "waiting_since": None}


def appeal(deal: Deal, *, by: Membership, grounds: str, version: int | None = None) -> Deal:
    """Ask an administrator to look at a rejection again. Once."""
    deal = begin(deal, "appeal", by, version)
    refuse_unless_writing(deal.partner)
    if deal.appealed_at is not None:
        raise ActionRefused(
            _("The rejection has been appealed once, which is the most allowed."), code="state"
        )
    refuse_without(grounds, _("Say why the rejection should be looked at again."), field="grounds")
    now = timezone.now()
    _ask(deal, RequestKind.APPEAL, by, grounds)
    changes = {"appealed_at": now, **_awaiting(RequestKind.APPEAL, by, now)}
    return write(deal, "deal.appealed", by, changes, grounds=grounds.strip())


def grant_appeal(deal: Deal, *, by: Membership, reason: str, version: int | None = None) -> Deal:
    """Approve a rejected registration on appeal. The customer must be free, as for any approval.

    The time to the decision counts from the appeal, as it does from a resubmission.
    """
    lock_customers()
    deal = begin(deal, "grant_appeal", by, version)
    refuse_unless_writing(deal.partner)
    _refuse_unless_asked(deal, RequestKind.APPEAL)
    refuse_without(reason, _("Give the grounds; the partner will read them."))
    refuse_unless_complete(deal, policy(), minimum=False)
    asked_at = deal.appealed_at
    deal = grant_protection(
        deal, "grant_appeal", "deal.appeal_granted", by, reason, submitted_at=asked_at, **ANSWERED
    )
    _answer(deal, RequestState.GRANTED, by, reason)
    return deal


def uphold_rejection(deal: Deal, *, by: Membership, reason: str, version: int | None = None) -> Deal:
    """Let a rejection stand after its appeal; that is the end of it."""
    deal = begin(deal, "uphold", by, version)
    _refuse_unless_asked(deal, RequestKind.APPEAL)
    refuse_without(reason, _("Give the grounds; the partner will read them."))
    keep_decision(deal, "uphold", by, reason)
    _answer(deal, RequestState.DECLINED, by, reason)
    return write(deal, "deal.rejection_upheld", by, ANSWERED, reason=reason.strip())


def ask_extension(deal: Deal, *, by: Membership, reason: str, version: int | None = None) -> Deal:
    """Ask for more time under protection; as often as the policy allows, and not while a request waits."""
    deal = begin(deal, "ask_extension", by, version)
    refuse_unless_writing(deal.partner)
    if deal.request or deal.win_claim:
        raise ActionRefused(_("Something is waiting for an answer already."), code="state")
    refuse_without(reason, _("Say why you need more time."))
    most = policy().max_extensions
    if deal.extensions >= most:
        raise ActionRefused(
            ngettext(
                "The protection can be extended %(count)s time at most: that is the programme's limit.",
                "The protection can be extended %(count)s times at most: that is the programme's limit.",
                most,
            )
            % {"count": most},
            code="extensions",
        )
    now = timezone.now()
    if deal.protection.upper <= now:
        raise ActionRefused(_("The protection has ended already."), code="state")
    _ask(deal, RequestKind.EXTENSION, by, reason)
    changes = _awaiting(RequestKind.EXTENSION, by, now)
    return write(deal, "deal.extension_asked", by, changes, reason=reason.strip())


def extend(deal: Deal, *, by: Membership, note: str = "", version: int | None = None) -> Deal:
    """Grant the time that the partner asked for: the protection ends later."""
    lock_customers()
    deal = begin(deal, "extend", by, version)
    refuse_unless_writing(deal.partner)
    _refuse_unless_asked(deal, RequestKind.EXTENSION)
    Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=deal.customer_id)
    start, end = deal.protection.lower, deal.protection.upper
    # A request that waited too long is not the partner's fault: the days count from the answer then.
    end = max(end, timezone.now()) + timedelta(days=policy().extension_days)
    changes = {
        "protection": DateTimeTZRange(start, end, "[)"),
        "extensions": deal.extensions + 1,
        "protection_notice": 0,
        **ANSWERED,
    }
    deal = write_exclusively(deal, "deal.extended", by, changes, note=note.strip())
    keep_decision(deal, "extend", by, note)
    _answer(deal, RequestState.GRANTED, by, note)
    return deal


def decline_extension(deal: Deal, *, by: Membership, reason: str, version: int | None = None) -> Deal:
    """Turn the request for more time down; the protection ends as it was to."""
    deal = begin(deal, "decline_extension", by, version)
    _refuse_unless_asked(deal, RequestKind.EXTENSION)
    refuse_without(reason, _("Give the reason; the partner will read it."))
    keep_decision(deal, "decline", by, reason)
    _answer(deal, RequestState.DECLINED, by, reason)
    return write(deal, "deal.extension_declined", by, ANSWERED, reason=reason.strip())


def let_lapse(deal: Deal) -> Changes:
    """What a deal that ends changes about a request for more time that still waits."""
    if deal.request != RequestKind.EXTENSION:
        return {}
    _waiting(deal).update(state=RequestState.LAPSED, answered_at=timezone.now())
    return ANSWERED


def _ask(deal: Deal, kind: RequestKind, by: Membership, grounds: str) -> None:
    DealRequest.objects.create(
        partner=deal.partner, deal=deal, kind=kind, grounds=grounds.strip(), asked_by=by
    )


def _awaiting(kind: RequestKind, by: Membership, now: datetime) -> Changes:
    return {
        "request": kind,
        "waiting_since": now,
        "answer_due_at": add_business_days(now, policy().decision_days, by.tenant),
        "notice": Notice.NONE,
    }


def _refuse_unless_asked(deal: Deal, kind: RequestKind) -> None:
    if deal.request != kind:
        raise ActionRefused(_("There is nothing to answer: no request waits."), code="state")


def _waiting(deal: Deal) -> Any:
    return DealRequest.objects.filter(deal=deal, state=RequestState.WAITING)


def _answer(deal: Deal, state: RequestState, by: Membership, answer: str) -> None:
    _waiting(deal).update(state=state, answer=answer.strip(), answered_by=by, answered_at=timezone.now())

"""What becomes of a partner's registrations when the partnership ends."""

from uuid import UUID

from partners.deals.actions.registration import NOTHING_AWAITED
from partners.deals.actions.requests import let_lapse
from partners.deals.actions.writing import Changes, lock, write
from partners.deals.enums import RegistrationStatus
from partners.deals.models import Deal

Status = RegistrationStatus
_UNDECIDED = (Status.DRAFT, Status.SUBMITTED, Status.IN_REVIEW, Status.RETURNED)


def close_registrations(partner_id: UUID, reason: str, *, limit: int = 500) -> int:
    """Withdraw what is not decided and cancel what is approved of a partner that has left; how many, at most `limit`.

    Wins and losses stay what they are. A win that waits for its confirmation waits on: it was reported in time.
    """
    found = Deal.objects.filter(partner_id=partner_id).filter(status__in=[*_UNDECIDED, Status.APPROVED])
    keys = list(found.filter(win_claim__isnull=True).order_by("pk").values_list("pk", flat=True)[:limit])
    for key in keys:
        _close(Deal(pk=key), reason)
    return len(keys)


def _close(deal: Deal, reason: str) -> None:
    deal = lock(deal)
    if deal.status in _UNDECIDED:
        changes: Changes = {"status": Status.WITHDRAWN, "first_approver_id": None, **NOTHING_AWAITED}
        write(deal, "deal.withdrawn", None, changes, reason=reason)
    elif deal.status == Status.APPROVED:
        changes = {
            "status": Status.CANCELLED,
            "decision_reason": reason,
            "waiting_since": None,
            **let_lapse(deal),
        }
        write(deal, "deal.cancelled", None, changes, reason=reason)

"""What deals show on the home pages."""

from typing import Any

from django.utils import timezone

from partners.deals import queries
from portal.accounts.models import Membership

SHOWN = 5


def my_deals(member: Membership) -> dict[str, Any]:
    """What the partner's people can do next, and how much is open. Three queries."""
    now = timezone.now()
    ending = queries.protection_ending(member, now)[:SHOWN]
    return {
        "to_finish": list(queries.to_finish(member)[:SHOWN]),
        "ending": [{"deal": deal, "days": (deal.protection.upper - now).days} for deal in ending],
        "totals": queries.totals(queries.visible_deals(member)),
    }


def waiting(member: Membership) -> dict[str, Any]:
    """What waits for the member's decision, with age and deadline, the most overdue first. Two queries."""
    deals, now = queries.waiting_for(member), timezone.now()
    rows = [
        {
            "deal": deal,
            "due": deal.answer_due_at,
            "late": bool(deal.answer_due_at and deal.answer_due_at < now),
        }
        for deal in deals[:SHOWN]
    ]
    return {"rows": rows, "count": deals.order_by().count()}

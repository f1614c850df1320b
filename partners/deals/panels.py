"""What deals show on the home pages."""

from typing import Any

from django.utils import timezone

from partners.deals import queries
from partners.deals.models import Deal
from partners.deals.workdays import add_business_days
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
    """What waits for the member's decision, with age and deadline. Three queries."""
    deals = queries.waiting_for(member).select_related("tenant")
    days, now = queries.policy().decision_days, timezone.now()

    def row(deal: Deal) -> dict[str, Any]:
        sent = None if deal.win_claim else deal.submitted_at
        due = add_business_days(sent, days, deal.tenant) if sent else None
        return {"deal": deal, "due": due, "late": due is not None and due < now}

    return {"rows": [row(deal) for deal in deals[:SHOWN]], "count": deals.order_by().count()}

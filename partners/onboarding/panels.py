"""What applications and onboarding show on the home pages."""

from typing import Any

from partners.onboarding.applications.queries import waiting
from portal.accounts.models import Membership

SHOWN = 5


def applications(member: Membership) -> dict[str, Any]:
    """What waits for a decision that the member may take. Two queries."""
    found = waiting(member)
    rows = found.select_related(None).only("company", "type", "status", "submitted_at")
    return {"applications": list(rows[:SHOWN]), "count": found.order_by().count()}

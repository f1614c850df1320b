"""What stands on every page."""

from typing import Any

from portal.accounts.models import Membership
from portal.notifications.queries import MOST, unread_count


def bell(member: Membership) -> dict[str, Any]:
    """The bell's number. One query."""
    count = unread_count(member)
    return {"unread": count, "unread_text": f"{MOST}+" if count > MOST else str(count)}

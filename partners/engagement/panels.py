"""What engagement shows on the home pages and on a partner's page."""

from typing import Any

from django.utils import timezone

from partners.directory.models import Partner
from partners.engagement import queries
from partners.engagement.enums import Answer, GatheringStatus
from portal.accounts.access import can
from portal.accounts.models import Membership

SHOWN = 5


def follow_ups(member: Membership) -> dict[str, Any]:
    """What the member has promised to do. One query."""
    rows = list(queries.my_follow_ups(member)[:SHOWN])
    return {"rows": rows, "today": timezone.localdate()}


def invitations(member: Membership) -> dict[str, Any]:
    """What the partner's person is invited to next. One query."""
    ahead = queries.upcoming(member).filter(status=GatheringStatus.PUBLISHED)
    rows = list(ahead.exclude(my_answer=Answer.DECLINED)[:SHOWN])
    return {"rows": rows}


def partner_timeline(member: Membership, partner: Partner) -> dict[str, Any]:
    """The latest interactions with a partner. One query."""
    return {
        "partner": partner,
        "rows": list(queries.of_partner(member, partner)[:SHOWN]),
        "may_log": can(member, "engagement.log_interaction", partner),
    }

"""What engagement shows on the home pages and on a partner's page."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from partners.directory.models import Partner
from partners.engagement import queries
from partners.engagement.enums import Answer, GatheringStatus
from partners.engagement.models import Gathering, Interaction
from portal.accounts.access import can
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared

SHOWN = 5


def follow_ups(member: Membership) -> dict[str, Any]:
    """What the member has promised to do. One query."""
    return {"rows": _follow_ups(member), "today": timezone.localdate()}


@prepared
def _follow_ups(member: Membership) -> QuerySet[Interaction]:
    rows = queries.my_follow_ups(member).select_related(None).select_related("about")
    return rows.only("follow_up", "follow_up_due", "about__name")[:SHOWN]


def invitations(member: Membership) -> dict[str, Any]:
    """What the partner's person is invited to next. One query."""
    return {"rows": _invitations(member, timezone.now())}


@prepared
def _invitations(member: Membership, now: datetime) -> QuerySet[Gathering]:
    ahead = queries.upcoming(member, now).filter(status=GatheringStatus.PUBLISHED)
    return ahead.exclude(my_answer=Answer.DECLINED).only("title", "starts_at", "place")[:SHOWN]


def partner_timeline(member: Membership, partner: Partner) -> dict[str, Any]:
    """The latest interactions with a partner. One query."""
    return {
        "partner": partner,
        "rows": list(queries.of_partner(member, partner)[:SHOWN]),
        "may_log": can(member, "engagement.log_interaction", partner),
    }

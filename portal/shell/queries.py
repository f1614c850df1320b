"""What the shell reads."""

import hashlib
from typing import Any

from django.utils import timezone

from portal.accounts.models import Membership
from portal.events.models import Event

# Events of a transaction that took long can commit behind younger ones: look at some, not only at the newest.
LOOK_BACK = 30


def pulse(membership: Membership) -> dict[str, Any]:
    """What an open page compares to learn that something happened that this member may see.

    `token` changes with each event, and again once the event's consumers are done; `age` is the newest event's in seconds, None when there is none. One query.
    """
    events = Event.objects.order_by("-id")
    if membership.partner_id:
        events = events.filter(partner_id=membership.partner_id)
    newest = list(events.values_list("id", "occurred_at", "dispatched_at")[:LOOK_BACK])
    state = b"".join(event_id.bytes + bytes([done is not None]) for event_id, _when, done in newest)
    token = hashlib.blake2s(state, digest_size=12).hexdigest()
    age = (timezone.now() - max(when for _id, when, _done in newest)).total_seconds() if newest else None
    return {"token": token, "age": age}

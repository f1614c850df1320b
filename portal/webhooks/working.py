"""One message's worth of work for a tenant: claim, post, write down, as long as there is time."""

import time
from uuid import UUID

from django.utils import timezone

from portal.webhooks import delivering, signing
from portal.webhooks.posting import Post, send_all

# A task may run for thirteen seconds, and what is posted last may take ten of them.
WORKING_TIME = 1.0


def post_due(tenant_id: UUID) -> bool:
    """Post what is due of a tenant; whether there is more. Call outside of a scope."""
    now, until = timezone.now(), time.monotonic() + WORKING_TIME
    delivering.recover_abandoned(tenant_id, now)
    while time.monotonic() < until:
        claimed = delivering.claim(tenant_id, timezone.now())
        if not claimed:
            delivering.quieten(tenant_id, now)
            return False
        moment = timezone.now()
        posts = [
            Post(one.url, one.body, signing.headers(one.message_id, one.body, one.secrets, moment))
            for one in claimed
        ]
        for one, answer in zip(claimed, send_all(posts), strict=True):
            delivering.finish(tenant_id, one, answer)
    return True

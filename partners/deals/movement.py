"""Keeps up when something last happened around a deal that its own row does not tell."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q

from partners.deals.models import Deal
from portal.events.consumers import subscribe
from portal.events.models import Event


def moved(events: list[Event]) -> None:
    """Writes when a comment, a file or a share last moved a deal.

    Only what the deal's partner may read counts: a note among the vendor's people must not show by what a deal
    no longer says.
    """
    latest: dict[tuple[UUID, UUID], datetime] = {}
    for event in events:
        if event.subject_type == Deal._meta.label_lower and event.partner_id:
            key = event.subject_id, event.partner_id
            latest[key] = max(latest.get(key, event.occurred_at), event.occurred_at)
    for (pk, partner), at in sorted(latest.items()):
        earlier = Q(moved_at=None) | Q(moved_at__lt=at)
        Deal.objects.filter(earlier, pk=pk, partner_id=partner).update(moved_at=at)


subscribe("deal.comment*", "deal.share*", "file.*", name="deals.moved", consumer=moved)

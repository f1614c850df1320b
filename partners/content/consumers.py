"""What the library does when partners change: others may see it, or other parts of it."""

from uuid import UUID

from partners.content.audience import refresh
from portal.events.consumers import subscribe
from portal.events.models import Event


def partners_changed(events: list[Event]) -> None:
    """Only those that an event names; where one names none (an import), all."""
    ids: set[UUID] = set()
    for event in events:
        if event.partner_id is None:
            refresh()
            return
        ids.add(event.partner_id)
    refresh(partners=ids)


# Tiers stand on a floor above; that one was given is an event like any other.
subscribe("partner.*", "tier.assigned", name="content.audience", consumer=partners_changed)

"""What engagement does when people and partners come."""

from partners.engagement.actions import invite_missing
from portal.events.consumers import subscribe
from portal.events.models import Event


def people_changed(events: list[Event]) -> None:
    """Who is new is invited to what is ahead."""
    partners = {event.partner_id for event in events if event.partner_id}
    if partners:
        invite_missing(partners)


subscribe("member.*", "partner.*", name="engagement.invitations", consumer=people_changed)

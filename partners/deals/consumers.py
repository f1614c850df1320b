"""What deals do when something happens to their partners."""

from partners.deals.actions.ending import close_registrations
from portal.events.consumers import subscribe
from portal.events.models import Event


def partners_left(events: list[Event]) -> None:
    """A partnership that has ended takes its open registrations with it."""
    for event in events:
        while close_registrations(event.subject_id, event.data.get("reason", "")):
            pass


subscribe("partner.terminated", name="deals.partner_left", consumer=partners_left)

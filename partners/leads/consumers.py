"""What leads do when something happens to their deals."""

from partners.leads.actions import take_back_from, undo_conversions
from portal.events.consumers import subscribe
from portal.events.models import Event


def deals_withdrawn(events: list[Event]) -> None:
    """A registration that was withdrawn gives its lead back."""
    undo_conversions([event.subject_id for event in events])


def partners_left(events: list[Event]) -> None:
    """The vendor's leads come back from a partner that has left, and go to others by the rules."""
    for event in events:
        while take_back_from(event.subject_id):
            pass


subscribe("partner.terminated", name="leads.partner_left", consumer=partners_left)
subscribe("deal.withdrawn", name="leads.withdrawn", consumer=deals_withdrawn)

"""What leads do when something happens to their deals."""

from partners.leads.actions import undo_conversions
from portal.events.consumers import subscribe
from portal.events.models import Event


def deals_withdrawn(events: list[Event]) -> None:
    """A registration that was withdrawn gives its lead back."""
    undo_conversions([event.subject_id for event in events])


subscribe("deal.withdrawn", name="leads.withdrawn", consumer=deals_withdrawn)

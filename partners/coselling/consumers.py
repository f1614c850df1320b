"""What co-selling does when something happens."""

from uuid import UUID

from partners.coselling.actions import make_seat
from portal.events.consumers import subscribe
from portal.events.models import Event


def find_seats(events: list[Event]) -> None:
    """Look up who was invited by e-mail."""
    for event in events:
        make_seat(UUID(event.data["share"]))


def register() -> None:
    subscribe("deal.share_offered", name="coselling.seats", consumer=find_seats)

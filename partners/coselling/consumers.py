"""What co-selling does when something happens."""

from uuid import UUID

from partners.coselling.actions import end_shares_of, make_seat
from portal.events.consumers import subscribe
from portal.events.models import Event


def find_seats(events: list[Event]) -> None:
    """Look up who was invited by e-mail."""
    for event in events:
        make_seat(UUID(event.data["share"]))


def partners_left(events: list[Event]) -> None:
    """Who has left sells no more of other partners' deals."""
    for event in events:
        end_shares_of(event.subject_id)


def register() -> None:
    subscribe("partner.terminated", name="coselling.partner_left", consumer=partners_left)
    subscribe("deal.share_offered", name="coselling.seats", consumer=find_seats)

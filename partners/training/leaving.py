"""What becomes of a partner's seats in sessions when the partnership ends."""

from uuid import UUID

from django.utils import timezone

from partners.training.actions.sessions import _lock, _move_up, _whose
from partners.training.enums import SeatStatus
from partners.training.models import Seat
from portal.events.consumers import subscribe
from portal.events.models import Event
from portal.events.record import record


def free_seats_of(partner_id: UUID) -> int:
    """Give up the seats in sessions to come of a partner that has left; who waits moves up. How many seats."""
    seats = Seat.objects.filter(
        partner_id=partner_id,
        status__in=(SeatStatus.BOOKED, SeatStatus.WAITING),
        session__starts_at__gt=timezone.now(),
        session__cancelled_at=None,
    )
    freed = list(seats.select_related("session__course", "member__user").order_by("session_id", "pk"))
    for seat in freed:
        session = _lock(seat.session)
        seat.status = SeatStatus.GIVEN_UP
        seat.save(update_fields=["status"])
        record("session.seat_given_up", subject=session, partner_id=partner_id, data=_whose(seat))
        _move_up(session)
    return len(freed)


def partners_left(events: list[Event]) -> None:
    for event in events:
        free_seats_of(event.subject_id)


subscribe("partner.terminated", name="training.partner_left", consumer=partners_left)

"""Seats as what files and comments hang on: the partner that joined talks with the vendor there, not on the deal."""

from uuid import UUID

from partners.coselling.enums import ShareStatus
from partners.coselling.models import Seat
from partners.coselling.queries import shared_deal, visible_seats
from portal.accounts.access import can
from portal.accounts.models import Membership
from portal.shell.subjects import Subject, register


def _find(member: Membership, pk: UUID) -> Seat | None:
    return visible_seats(member).select_related("partner").filter(pk=pk).first()


def _may_add(member: Membership, seat: Seat) -> bool:
    joined = shared_deal(seat).status == ShareStatus.JOINED
    return (
        joined and can(member, "coselling.view_seat", seat) and (member.is_vendor or seat.partner.may_trade)
    )


register(
    Subject(
        Seat,
        find=_find,
        may_add=_may_add,
        partner_of=lambda seat: seat.partner_id,
        url_name="coselling:seat",
        event="cosale",
    )
)

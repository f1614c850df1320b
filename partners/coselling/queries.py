"""Reading shares. What crosses from one partner to another is told here, and nowhere else."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from partners.coselling.enums import LIVE, ShareStatus
from partners.coselling.models import Seat, Share
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from portal.accounts.models import Membership
from portal.tenancy.scope import current_tenant_id, tenant_scope


@dataclass(frozen=True)
class SharedDeal:
    """A deal as somebody sees it who sells part of it. Before joining only who asks, what for, and how much of it.

    Amounts are minor units of `currency`: the whole deal's, and the part that is shared.
    """

    seat_id: UUID | None
    share_id: UUID
    status: str
    status_label: str
    percent: int
    note: str
    holder: str
    family: str
    is_open: bool
    title: str = ""
    customer: str = ""
    product: str = ""
    contact: str = ""
    stage: str = ""
    stage_label: str = ""
    expected_close: date | None = None
    closed_on: date | None = None
    next_step: str = ""
    next_step_on: date | None = None
    currency: str = ""
    amount: int | None = None
    part: int | None = None

    @property
    def is_joined(self) -> bool:
        return self.status == ShareStatus.JOINED

    @property
    def is_invited(self) -> bool:
        return self.status == ShareStatus.INVITED


def part_of(amount: int, share: Share) -> int:
    """The share's part of an amount. Parts of neighbouring slices add up exactly, whatever they are rounded to."""
    return (amount * share.slice.upper + 50) // 100 - (amount * share.slice.lower + 50) // 100


def shares_of(deal: Deal) -> list[Share]:
    """The deal's live shares, for the holder and the vendor. One query."""
    return list(
        Share.objects.filter(deal=deal, status__in=LIVE)
        .select_related("member__user", "invited_by__user")
        .prefetch_related("seats")
        .order_by("id")
    )


def visible_seats(member: Membership) -> QuerySet[Seat]:
    """A partner's own; the vendor's people see all."""
    return Seat.objects.filter(partner_id=member.partner_id) if member.is_partner else Seat.objects.all()


def shared_deal(seat: Seat) -> SharedDeal:
    """What co-selling needs of a deal, for the partner of the seat (and the vendor)."""
    return _told([(seat.pk, seat.share_id)])[0]


def shared_with(member: Membership) -> list[SharedDeal]:
    """Everything that is shared with the member's company, or with the vendor's colleague; newest first."""
    if member.is_partner:
        return _told(list(visible_seats(member).values_list("pk", "share_id")[:200]))
    shares = Share.objects.filter(member=member).order_by("-id").values_list("pk", flat=True)[:200]
    return _told([(None, pk) for pk in shares])


def _told(pairs: list[tuple[UUID | None, UUID]]) -> list[SharedDeal]:
    """Read as the vendor, told as `SharedDeal`: one query however many."""
    with tenant_scope(current_tenant_id()):
        rows = Share.objects.select_related(
            "partner", "deal__customer", "deal__product", "deal__family", "deal__owner__user"
        ).in_bulk([share_id for _seat, share_id in pairs])
        return [_tell(seat_id, rows[share_id]) for seat_id, share_id in pairs]


def _tell(seat_id: UUID | None, share: Share) -> SharedDeal:
    deal = share.deal
    known: dict[str, Any] = {
        "seat_id": seat_id,
        "share_id": share.pk,
        "status": share.status,
        "status_label": share.get_status_display(),
        "percent": share.percent,
        "note": share.note,
        "holder": share.partner.name,
        "family": deal.family.name if deal.family else "",
        "is_open": deal.is_live,
    }
    if share.status != ShareStatus.JOINED:
        return SharedDeal(**known)
    amount = deal.revenue if deal.stage == SalesStage.WON else deal.amount
    return SharedDeal(
        **known,
        title=deal.title,
        customer=deal.customer.name if deal.customer else "",
        product=deal.product.name if deal.product else "",
        contact=deal.owner.name if deal.owner else "",
        stage=deal.stage,
        stage_label=deal.get_stage_display(),
        expected_close=deal.expected_close,
        closed_on=deal.closed_on,
        next_step=deal.next_step,
        next_step_on=deal.next_step_on,
        currency=deal.currency,
        amount=amount,
        part=None if amount is None else part_of(amount, share),
    )

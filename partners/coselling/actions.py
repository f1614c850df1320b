"""The verbs of a share: invite, join, decline, end. Each locks the deal first, then the share."""

from uuid import UUID

from django.db.backends.postgresql.psycopg_any import NumericRange
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.coselling.enums import LIVE, TRANSITIONS, ShareStatus
from partners.coselling.models import Seat, Share
from partners.deals.actions.writing import lock as lock_deal
from partners.deals.actions.writing import save as save_deal
from partners.deals.limits import refuse_unless_writing
from partners.deals.models import Deal
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.scope import tenant_scope

MOST_SHARES = 5
WHOLE = 100


def invite(
    deal: Deal,
    percent: int,
    *,
    by: Membership,
    email: str = "",
    colleague: Membership | None = None,
    note: str = "",
) -> Share:
    """Offer part of an open deal to a colleague of the vendor, or to a partner's person by e-mail.

    Whether anybody has that address is looked up afterwards (`make_seat`), so that neither the answer nor the time it takes
    tells who else there is in the programme.
    """
    deal = lock_deal(deal)
    check(by, "coselling.share_deal", deal)
    refuse_unless_writing(deal.partner)
    if not deal.is_live:
        raise ActionRefused(_("Only an open deal can be shared."), code="state")
    email = email.strip().lower()
    if bool(email) == bool(colleague):
        raise ActionRefused(_("Choose a colleague of the vendor, or give an e-mail address."), field="email")
    if colleague is not None and not (colleague.is_vendor and colleague.is_active):
        raise ActionRefused(_("Choose somebody of the vendor."), field="colleague")
    _refuse_own(deal, email)
    live = list(Share.objects.filter(deal=deal, status__in=LIVE).order_by("-slice"))
    _refuse_more(live, percent, email, colleague)
    share = Share.objects.create(
        deal=deal,
        partner=deal.partner,
        member=colleague,
        email=email,
        slice=_free(live, percent),
        note=note.strip(),
        invited_by=by,
    )
    record(
        "deal.share_offered",
        subject=deal,
        by=by,
        partner_id=deal.partner_id,
        data={"share": str(share.pk), "who": share.who, "percent": percent, "member": _key(colleague)},
    )
    return share


def make_seat(share_id: UUID) -> Seat | None:
    """Give the partner whose person was invited a place at the share, if there is such a partner and it has none yet.

    Run by the consumer, on the vendor's side.
    """
    share = Share.objects.select_for_update(of=("self",)).filter(pk=share_id).first()
    if share is None or share.status != ShareStatus.INVITED or not share.email:
        return None
    known = Membership.objects.filter(
        tenant_id=share.tenant_id, user__email__iexact=share.email, is_active=True
    ).first()
    if known is None:
        return None
    if known.partner_id is None:
        share.member, share.email = known, ""
        share.save(update_fields=["member", "email"])
        return None
    if Seat.objects.filter(
        deal_id=share.deal_id, partner_id=known.partner_id, share__status__in=LIVE
    ).exists():
        return None
    place = Seat.objects.create(share=share, deal_id=share.deal_id, partner_id=known.partner_id)
    data = {"percent": share.percent, "member": str(known.pk)}
    record("cosale.invited", subject=place, partner_id=known.partner_id, data=data)
    return place


def join(share_id: UUID, *, by: Membership, seat: Seat | None = None) -> Share:
    """Accept: from now on the share counts, and the deal can be seen as far as selling it together needs."""
    return _answer(share_id, "join", by, seat)


def decline(share_id: UUID, *, by: Membership, seat: Seat | None = None) -> Share:
    """Say no; the holder keeps the part."""
    return _answer(share_id, "decline", by, seat)


def end(share: Share, *, by: Membership) -> Share:
    """Take back an invitation, or end the sharing of a deal that is still open."""
    deal = lock_deal(share.deal)
    check(by, "coselling.share_deal", deal)
    with tenant_scope(by.tenant_id):
        return _end(deal, share.pk, by)


def leave(seat: Seat, *, by: Membership) -> Share:
    """The other partner leaves a deal that is still open."""
    check(by, "coselling.answer_seat", seat)
    with tenant_scope(by.tenant_id):
        return _end(lock_deal(seat.deal), seat.share_id, by)


def end_shares_of(partner_id: UUID) -> int:
    """End the shares in deals that are still open of a partner that has left; how many."""
    seats = Seat.objects.filter(partner_id=partner_id, share__status__in=LIVE).select_related("deal")
    ended = 0
    for seat in seats.order_by("deal_id", "pk"):
        deal = lock_deal(seat.deal)
        share = _lock(seat.share_id)
        if deal.is_open and share.status in LIVE:
            _end(deal, share.pk, None)
            ended += 1
    return ended


# --- the parts ---------------------------------------------------------------------------------


def _answer(share_id: UUID, verb: str, by: Membership, seat: Seat | None) -> Share:
    if seat is not None:
        check(by, "coselling.answer_seat", seat)
        share_id = seat.share_id
    with tenant_scope(by.tenant_id):
        share = Share.objects.get(pk=share_id)
        deal = lock_deal(share.deal)
        share = _lock(share_id)
        if seat is None:
            check(by, "coselling.answer_share", share)
        sources, target = TRANSITIONS[verb]
        if share.status not in sources:
            raise ActionRefused(
                _("This has been answered already: %s.") % share.get_status_display(), code="state"
            )
        if seat is not None:
            refuse_unless_writing(seat.partner)
        if verb == "join" and not deal.is_live:
            raise ActionRefused(_("The deal is no longer open."), code="state")
        share.status, share.answered_at = target, timezone.now()
        if verb == "join":
            share.with_name = seat.partner.name if seat else by.name
        share.save(update_fields=["status", "answered_at", "with_name"])
        _count(deal)
        word = "joined" if verb == "join" else "declined"
        _record(f"deal.share_{word}", f"cosale.{word}", deal, share, by)
        return share


def _end(deal: Deal, share_id: UUID, by: Membership | None) -> Share:
    share = _lock(share_id)
    sources, target = TRANSITIONS["end"]
    if share.status not in sources:
        raise ActionRefused(_("This has ended already: %s.") % share.get_status_display(), code="state")
    if not deal.is_open:
        raise ActionRefused(_("The deal is closed: its shares stay as they are."), code="state")
    share.status, share.ended_at = target, timezone.now()
    share.save(update_fields=["status", "ended_at"])
    _compact(deal)
    _count(deal)
    _record("deal.share_ended", "cosale.ended", deal, share, by)
    return share


def _lock(share_id: UUID) -> Share:
    return Share.objects.select_for_update(of=("self",)).get(pk=share_id)


def _count(deal: Deal) -> None:
    """Keep on the deal how much of it others have; it is a change that old pages must not overlook."""
    joined = Share.objects.filter(deal=deal, status=ShareStatus.JOINED)
    percent = sum(share.percent for share in joined)
    if percent != deal.shared_percent:
        deal.shared_percent = percent
        save_deal(deal, ["shared_percent"])


def _compact(deal: Deal) -> None:
    """Close the gap that a share leaves: each moves up into what is free, the highest first."""
    top = WHOLE
    for share in Share.objects.filter(deal=deal, status__in=LIVE).order_by("-slice"):
        wanted = NumericRange(top - share.percent, top)
        if share.slice != wanted:
            share.slice = wanted
            share.save(update_fields=["slice"])
        top = wanted.lower


def _free(live: list[Share], percent: int) -> NumericRange:
    top = min((share.slice.lower for share in live), default=WHOLE)
    return NumericRange(top - percent, top)


def _refuse_own(deal: Deal, email: str) -> None:
    own = Membership.objects.filter(
        tenant_id=deal.tenant_id, partner_id=deal.partner_id, user__email__iexact=email, is_active=True
    )
    if email and own.exists():
        raise ActionRefused(_("Your colleagues see the deal already."), field="email")


def _refuse_more(live: list[Share], percent: int, email: str, colleague: Membership | None) -> None:
    if any(
        (email and share.email == email) or (colleague and share.member_id == colleague.pk) for share in live
    ):
        raise ActionRefused(_("They have been invited already."), field="email")
    if len(live) >= MOST_SHARES:
        raise ActionRefused(_("A deal is shared with at most %s others.") % MOST_SHARES)
    left = WHOLE - 1 - sum(share.percent for share in live)
    if not 1 <= percent <= left:
        raise ActionRefused(
            _("Between 1 and %s per cent can still be given; the holder keeps at least one.") % max(left, 0),
            field="percent",
        )


def _record(event: str, seat_event: str, deal: Deal, share: Share, by: Membership | None) -> None:
    """Tell both sides, each in its own timeline and without the other's people."""
    data = {"share": str(share.pk), "who": share.who, "percent": share.percent, "member": _key(share.member)}
    record(event, subject=deal, by=_known(by, deal.partner_id), partner_id=deal.partner_id, data=data)
    seat = Seat.objects.filter(share=share).first()
    if seat is not None:
        record(
            seat_event,
            subject=seat,
            by=_known(by, seat.partner_id),
            partner_id=seat.partner_id,
            data={"percent": share.percent},
        )


def _known(by: Membership | None, partner_id: UUID) -> Membership | None:
    """Who did it, unless that is a person of another partner."""
    return by if by is not None and by.partner_id in (None, partner_id) else None


def _key(member: Membership | None) -> str | None:
    return str(member.pk) if member else None

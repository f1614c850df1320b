"""The last day of the demo's history: what is done next on open deals, who talks about them, who sells together."""

import datetime as dt
from collections.abc import Sequence
from itertools import cycle

from django.core.files.uploadedfile import SimpleUploadedFile

from partners.coselling import actions as coselling
from partners.deals import actions as deals
from partners.deals.enums import ForecastCategory, SalesStage
from partners.deals.models import Deal
from partners.deals.queries import pipeline
from portal.accounts.models import Membership
from portal.discussion import actions as comments
from portal.files import actions as files

STEPS = (
    ("Demonstration for the board", 6),
    ("Send the revised offer", 3),
    ("Call about the budget", -2),
    ("Visit with the sales engineer", 11),
)
SURE = {SalesStage.NEGOTIATION: ForecastCategory.COMMIT, SalesStage.PROPOSAL: ForecastCategory.BEST_CASE}
NOTES = (
    b"Meeting notes\n\nThe customer wants to begin in the first quarter.\nBudget: approved by the board.\n"
)


def keep_selling(seller: Membership, others: Sequence[Membership], today: dt.date) -> None:
    """Next steps and forecasts on the seller's open deals; a conversation, a file, and one deal sold together."""
    mine = list(
        pipeline(Deal.objects.filter(partner_id=seller.partner_id))
        .select_related("partner__manager")
        .order_by("-amount_base", "pk")[:12]
    )
    for deal, (step, days) in zip(mine, cycle(STEPS), strict=False):
        deals.update_deal(
            deal,
            by=seller,
            next_step=step,
            next_step_on=today + dt.timedelta(days=days),
            forecast=SURE.get(SalesStage(deal.stage), ForecastCategory.PIPELINE),
        )
    if mine:
        _talk(mine[0], seller)
        _share([deal for deal in mine if not deal.shared_percent], seller, others)


def sell_together(deal: Deal, percent: int, *, by: Membership, other: Membership) -> None:
    """Another partner takes part in the deal."""
    share = coselling.invite(deal, percent, by=by, email=other.user.email)
    seat = coselling.make_seat(share.pk)
    if seat is not None:
        coselling.join(share.pk, by=other, seat=seat)


def _talk(deal: Deal, seller: Membership) -> None:
    manager = deal.partner.manager
    if manager is None:
        return
    comments.post(deal, f"@{manager.name}, can you join the call on Thursday?", by=seller)
    comments.post(deal, f"Gladly, @{seller.name}. I bring our sales engineer.", by=manager)
    comments.post(deal, "They may need a bigger discount than usual.", by=manager, internal=True)
    files.attach(deal, SimpleUploadedFile("Meeting notes.txt", NOTES), by=seller)


def _share(mine: Sequence[Deal], seller: Membership, others: Sequence[Membership]) -> None:
    """One deal with another partner that joined, one invitation that waits, one asked of the seller."""
    if not others or not mine:
        return
    other = others[0]
    share = coselling.invite(
        mine[0], 30, by=seller, email=other.user.email, note="You know their data centre."
    )
    seat = coselling.make_seat(share.pk)
    if seat is not None:
        coselling.join(share.pk, by=other, seat=seat)
    if len(mine) > 1 and mine[1].partner.manager:
        coselling.invite(mine[1], 10, by=seller, colleague=mine[1].partner.manager)
    unshared = pipeline(Deal.objects.filter(partner_id=other.partner_id, shared_percent=0))
    theirs = unshared.order_by("-amount_base", "pk").first()
    if theirs is not None:
        coselling.invite(theirs, 25, by=other, email=seller.user.email, note="Shall we do this one together?")

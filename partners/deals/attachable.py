"""Deals as what files and comments hang on; the proof of a win stays while the deal is won."""

from uuid import UUID

from partners.deals import queries
from partners.deals.enums import WIN_PROOF, RegistrationStatus
from partners.deals.models import Deal
from portal.accounts.access import can
from portal.accounts.models import Membership
from portal.discussion.sentences import describe_comments
from portal.shell.subjects import Subject, register


def _find(member: Membership, pk: UUID) -> Deal | None:
    return queries.visible_deals(member).filter(pk=pk).first()


def _may_add(member: Membership, deal: Deal) -> bool:
    return can(member, "deals.view_deal", deal) and (member.is_vendor or deal.partner.may_trade)


def _keeps(deal: Deal, purpose: str) -> bool:
    return purpose == WIN_PROOF and deal.status == RegistrationStatus.WON


register(
    Subject(
        Deal,
        find=_find,
        may_add=_may_add,
        partner_of=lambda deal: deal.partner_id,
        url_name="deals:detail",
        event="deal",
        keeps=_keeps,
    )
)
describe_comments("deal")

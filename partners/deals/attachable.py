"""Deals as what files and comments hang on."""

from uuid import UUID

from partners.deals import queries
from partners.deals.models import Deal
from portal.accounts.access import can
from portal.accounts.models import Membership
from portal.discussion.sentences import describe_comments
from portal.shell.subjects import Subject, register


def _find(member: Membership, pk: UUID) -> Deal | None:
    return queries.visible_deals(member).filter(pk=pk).first()


def _may_add(member: Membership, deal: Deal) -> bool:
    return can(member, "deals.view_deal", deal) and (member.is_vendor or deal.partner.may_trade)


register(
    Subject(
        Deal,
        find=_find,
        may_add=_may_add,
        partner_of=lambda deal: deal.partner_id,
        url_name="deals:detail",
        event="deal",
    )
)
describe_comments("deal")

"""`{% load coselling %}{% sellers deal %}`: who sells a deal, with which share."""

from typing import Any

from django import template
from django.template import Context

from partners.coselling.enums import ShareStatus
from partners.coselling.queries import shares_of
from partners.deals.models import Deal
from portal.accounts.access import can

register = template.Library()


@register.inclusion_tag("coselling/sellers.html", takes_context=True)
def sellers(context: Context, deal: Deal) -> dict[str, Any]:
    """Two queries."""
    member = context["request"].membership
    shares = shares_of(deal)
    open_and_mine = deal.is_live and deal.partner.may_trade and can(member, "coselling.share_deal", deal)
    return {
        "request": context["request"],
        "membership": member,
        "deal": deal,
        "shares": [
            {
                "share": share,
                "seat": next(iter(share.seats.all()), None),
                "for_me": share.status == ShareStatus.INVITED and share.member_id == member.pk,
            }
            for share in shares
        ],
        "rest": 100 - deal.shared_percent,
        "may_share": open_and_mine,
    }

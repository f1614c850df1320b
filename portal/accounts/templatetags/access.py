"""`{% can "deals.approve_deal" deal as may_approve %}`"""

from typing import Any

from django import template

from portal.accounts import access
from portal.accounts.standing import why_reading_only

register = template.Library()


@register.simple_tag(takes_context=True)
def can(context: dict, permission: str, obj: Any = None) -> bool:
    return access.can(context["request"].membership, permission, obj)


@register.simple_tag(takes_context=True)
def reading_only(context: dict) -> str:
    """`{% reading_only as why %}`: why the member's company may only read; empty when it may write."""
    membership = getattr(context.get("request"), "membership", None)
    return why_reading_only(membership) if membership is not None else ""

"""`{% can "deals.approve_deal" deal as may_approve %}`"""

from typing import Any

from django import template

from portal.accounts import access

register = template.Library()


@register.simple_tag(takes_context=True)
def can(context: dict, permission: str, obj: Any = None) -> bool:
    return access.can(context["request"].membership, permission, obj)

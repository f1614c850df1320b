"""`{{ deal.amount|money:deal.currency }}`"""

from django import template

from portal.money import format_money

register = template.Library()


@register.filter
def money(minor: int | None, currency: str) -> str:
    return format_money(minor, currency)

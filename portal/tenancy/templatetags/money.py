"""`{{ deal.amount|money:deal.currency }}`"""

from django import template

from portal.money import format_money

register = template.Library()


@register.filter
def money(minor: int | None, currency: str) -> str:
    return format_money(minor, currency)


@register.filter
def whole_money(minor: int | None, currency: str) -> str:
    """Without decimals where there are none, for headline figures."""
    return format_money(minor, currency, whole=True)

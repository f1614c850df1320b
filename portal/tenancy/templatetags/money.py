"""`{{ deal.amount|money:deal.currency }}`"""

from django import template

from portal.money import quick_money

register = template.Library()


@register.filter
def money(minor: int | None, currency: str) -> str:
    return quick_money(minor, currency)


@register.filter
def money_cell(minor: int | None, currency: str) -> str:
    """For a column of a table in which others may have cents, so that the digits stand below each other."""
    return quick_money(minor, currency, whole=False)

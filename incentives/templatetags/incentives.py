"""Tags of this floor: `{% load incentives %}`."""

from decimal import Decimal

from django import template

from incentives.ledger.models import LedgerEntry
from incentives.ledger.words import entry_text, rate_text
from incentives.tiers.requirements import ConditionResult
from incentives.tiers.words import condition_gap, condition_text, percent_floor, value_text
from metrics.display import format_score

register = template.Library()
register.filter("rate", rate_text)
register.filter("percent_floor", percent_floor)
register.filter("score", format_score)


@register.filter
def why(entry: LedgerEntry, mine: bool) -> str:
    """Why an entry was posted; `mine` speaks to the partner."""
    return entry_text(entry, mine=mine)


@register.filter
def asks(result: ConditionResult, currency: str) -> str:
    return condition_text(result.condition, currency)


@register.filter
def has(result: ConditionResult, currency: str) -> str:
    return value_text(result.condition.measure, result.value, currency)


@register.filter
def lacks(result: ConditionResult, currency: str) -> str:
    return condition_gap(result, currency)


@register.filter
def slice_rate(value: str) -> str:
    """The rate of a stored explanation."""
    return rate_text(Decimal(value))


@register.filter
def as_percent(value: Decimal) -> str:
    """A benefit such as 0.1 as "10%"."""
    return rate_text(value)

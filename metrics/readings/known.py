"""Reported metrics that the portal's own KPIs are made of: every programme has them."""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from metrics.units import DOWN, UP, Unit


class Combination(models.TextChoices):
    """How several readings of one period become one figure."""

    SUM = "sum", _("Added up")
    MEAN = "mean", _("Average of the readings")
    LAST = "last", _("The last one counts")


class ReadingUnit(models.TextChoices):
    MONEY = Unit.MONEY.value, _("Money")
    PERCENT = Unit.PERCENT.value, _("Per cent")
    COUNT = Unit.COUNT.value, _("Number")
    DAYS = Unit.DAYS.value, _("Days")
    HOURS = Unit.HOURS.value, _("Hours")
    RATIO = Unit.RATIO.value, _("Ratio")


# Readings other than money are kept in ten-thousandths.
SCALE = 10_000


@dataclass(frozen=True, slots=True)
class Known:
    code: str
    name: str | Promise
    unit: Unit
    better: str
    combination: Combination


KNOWN = [
    Known("average_inventory", _("Average inventory"), Unit.MONEY, DOWN, Combination.LAST),
    Known("operating_costs", _("Operational costs"), Unit.MONEY, DOWN, Combination.SUM),
    Known("handle_seconds", _("Seconds spent handling contacts"), Unit.COUNT, DOWN, Combination.SUM),
    Known("handled_contacts", _("Contacts handled"), Unit.COUNT, UP, Combination.SUM),
    Known("projects_completed", _("Projects completed"), Unit.COUNT, UP, Combination.SUM),
    Known("projects_due", _("Projects due"), Unit.COUNT, UP, Combination.SUM),
    Known("cash_flow", _("Cash flow"), Unit.MONEY, UP, Combination.SUM),
    Known("market_share_growth", _("Market share growth"), Unit.PERCENT, UP, Combination.LAST),
    Known(
        "direct_lifetime_value",
        _("Lifetime value of customers of other channels"),
        Unit.MONEY,
        UP,
        Combination.LAST,
    ),
    Known("distribution_channels", _("Distribution channels"), Unit.COUNT, UP, Combination.LAST),
]
KNOWN_CODES = frozenset(known.code for known in KNOWN)


def divisor_of(unit: str) -> int:
    """What a reading of the unit is divided by for people and formulas; money stays in minor units."""
    return 1 if unit == Unit.MONEY else SCALE

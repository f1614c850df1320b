from django.db import models
from django.utils.translation import gettext_lazy as _


class PlanForm(models.TextChoices):
    """What a plan pays."""

    RATE = "rate", _("A percentage, by bands")
    FLAT = "flat", _("A fixed amount, by bands")
    POOL = "pool", _("A share of a pool")


class PlanBase(models.TextChoices):
    """What a plan counts."""

    REVENUE = "revenue", _("Won revenue")
    MARGIN = "margin", _("Gross margin")
    GROWTH = "growth", _("Growth of won revenue over a baseline")
    UNITS = "units", _("Units sold")
    DEALS = "deals", _("Won deals")
    ACTIVITY = "activity", _("Completed activities")
    ORDERED = "ordered", _("Units ordered and delivered")


# Money bases are amounts of the plan's currency; the others are counted.
MONEY_BASES = frozenset({PlanBase.REVENUE, PlanBase.MARGIN, PlanBase.GROWTH})


class Source(models.TextChoices):
    """What a plan's items are."""

    DEAL = "deal", _("Won deals")
    ACTIVITY = "activity", _("Completed activities")
    ORDER = "order", _("Delivered orders")


# The other bases count won deals.
SOURCES = {PlanBase.ACTIVITY: Source.ACTIVITY, PlanBase.ORDERED: Source.ORDER}


class BandMode(models.TextChoices):
    WHOLE = "whole", _("All revenue at the rate reached")
    MARGINAL = "marginal", _("Each slice at its own rate")
    GROWTH = "growth", _("What exceeds the baseline, at the rate reached")


class AtCap(models.TextChoices):
    """What happens when more is earned than a cap allows."""

    STOP = "stop", _("The first earned is paid in full until the cap is used up")
    PRO_RATA = "pro_rata", _("Everything is paid in proportion, so that it adds up to the cap")


class Baseline(models.TextChoices):
    PREVIOUS_YEAR = "previous_year", _("The same period a year before")
    PREVIOUS_PERIOD = "previous_period", _("The period before")
    FIXED = "fixed", _("A fixed amount a period")


class PoolBy(models.TextChoices):
    """In proportion to what a pool is divided."""

    POINTS = "points", _("Points of the scorecard")
    REVENUE = "revenue", _("Won revenue")
    DEALS = "deals", _("Won deals")
    WEIGHTS = "weights", _("Weights of the tiers")


class Shown(models.TextChoices):
    """What a partner sees of the others in a ranking or a distribution."""

    OWN = "own", _("Only their own place")
    ANONYMOUS = "anonymous", _("All places, without names")
    NAMES = "names", _("All places, with names")

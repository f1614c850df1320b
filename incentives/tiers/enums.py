from django.db import models
from django.utils.translation import gettext_lazy as _


class Join(models.TextChoices):
    ALL = "all", _("all of")
    ANY = "any", _("any of")
    AT_LEAST = "at_least", _("at least this many of")


class Comparison(models.TextChoices):
    AT_LEAST = "at_least", _("at least")
    AT_MOST = "at_most", _("at most")


class Outcome(models.TextChoices):
    MET = "met", _("Met")
    NOT_MET = "not_met", _("Not met")
    PENDING = "pending", _("No data yet")
    LEFT_OUT = "left_out", _("Does not apply")


class WindowKind(models.TextChoices):
    """The days over which a requirement looks. The current period counts as far as it has come."""

    MONTH = "month", _("this month")
    QUARTER = "quarter", _("this quarter")
    PROGRAMME_YEAR = "programme_year", _("this programme year")
    TRAILING_YEAR = "trailing_year", _("the last four quarters")
    SINCE_JOINING = "since_joining", _("since joining")
    NOW = "now", _("on the day")


# What a person may choose; a manual check holds on the day or does not.
CHOSEN_WINDOWS = [kind for kind in WindowKind if kind != WindowKind.NOW]


class SupportLevel(models.TextChoices):
    STANDARD = "standard", _("Standard")
    PRIORITY = "priority", _("Priority")
    DEDICATED = "dedicated", _("Dedicated contact")


class BadgeColour(models.TextChoices):
    """Names of the palette, so that a badge has enough contrast in both themes."""

    BRONZE = "bronze", _("Bronze")
    SILVER = "silver", _("Silver")
    GOLD = "gold", _("Gold")
    PLATINUM = "platinum", _("Platinum")
    BLUE = "blue", _("Blue")
    GREEN = "green", _("Green")


class PromotionTime(models.TextChoices):
    AT_ONCE = "at_once", _("as soon as the requirements are met")
    PERIOD_END = "period_end", _("at the end of the period")


class Direction(models.TextChoices):
    PROMOTION = "promotion", _("Promotion")
    DEMOTION = "demotion", _("Demotion")


class ProposalStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    CONFIRMED = "confirmed", _("Confirmed")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("No longer applies")


PROPOSAL_TRANSITIONS = {
    ProposalStatus.WAITING: {ProposalStatus.CONFIRMED, ProposalStatus.DECLINED, ProposalStatus.WITHDRAWN},
}


class OverrideStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting for a second person")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    ENDED = "ended", _("Over")


OVERRIDE_TRANSITIONS = {
    OverrideStatus.WAITING: {OverrideStatus.APPROVED, OverrideStatus.DECLINED, OverrideStatus.WITHDRAWN},
    OverrideStatus.APPROVED: {OverrideStatus.ENDED},
}


class Repeat(models.TextChoices):
    ONCE = "once", _("once")
    YEAR = "year", _("every programme year")


# Decoration beside the tier's name, never meaning by itself.
BADGE_FILLS = {
    BadgeColour.BRONZE: "#a8744a",
    BadgeColour.SILVER: "#94a3b8",
    BadgeColour.GOLD: "#d4a017",
    BadgeColour.PLATINUM: "#5b6b7f",
    BadgeColour.BLUE: "#2f6fdb",
    BadgeColour.GREEN: "#2f8f5b",
}

from django.db import models
from django.utils.translation import gettext_lazy as _


class EntryKind(models.TextChoices):
    EARNING = "earning", _("Earned")
    ADJUSTMENT = "adjustment", _("Difference")
    REVERSAL = "reversal", _("Reversed while on hold")
    CLAWBACK = "clawback", _("Taken back")


class Nothing(models.TextChoices):
    """Why a deal earns nothing under a plan."""

    NOT_WON = "not_won", _("The deal is not won.")
    NO_REVENUE = "no_revenue", _("No revenue was recorded for the deal.")
    NO_PLAN = "no_plan", _("No incentive plan was in force on that day.")
    PARTNER_TYPE = "partner_type", _("The plan is not for this type of partner.")
    REGION = "region", _("The plan is not for this region.")
    TIER = "tier", _("The plan is not for the tier held on that day.")
    NO_RATE = "no_rate", _("The plan has no rate for the tier held on that day.")
    ZERO_RATE = "zero_rate", _("The rate for this tier and band is 0%.")
    ABOVE_LAST_BAND = "above_last_band", _("The period's revenue is above the plan's last band.")
    ROUNDED = "rounded", _("The amount is less than half of the smallest coin.")

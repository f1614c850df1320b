from django.db import models
from django.utils.translation import gettext_lazy as _


class EntryKind(models.TextChoices):
    EARNING = "earning", _("Earned")
    ADJUSTMENT = "adjustment", _("Difference")
    REVERSAL = "reversal", _("Reversed while on hold")
    CLAWBACK = "clawback", _("Taken back")
    MANUAL = "manual", _("Adjusted by hand")


class Part(models.TextChoices):
    """What of an amount is payable when."""

    MAIN = "", _("At the end of the hold")
    HOLDBACK = "holdback", _("Held back")


class AdjustmentStatus(models.TextChoices):
    WAITING = "waiting", _("Waits for approval")
    APPROVED = "approved", _("Posted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


ADJUSTMENT_MOVES = {
    AdjustmentStatus.WAITING: frozenset(
        {AdjustmentStatus.APPROVED, AdjustmentStatus.DECLINED, AdjustmentStatus.WITHDRAWN}
    ),
}


class DisputeStatus(models.TextChoices):
    OPEN = "open", _("Open")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Not accepted")
    WITHDRAWN = "withdrawn", _("Withdrawn")


DISPUTE_MOVES = {
    DisputeStatus.OPEN: frozenset({DisputeStatus.ACCEPTED, DisputeStatus.REJECTED, DisputeStatus.WITHDRAWN}),
}


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
    PRODUCT = "product", _("The plan is not for this product.")
    ACTIVITY = "activity", _("The plan is not for this activity.")
    OTHER_PLAN = "other_plan", _("Another plan pays for the deal, and the two do not go together.")
    NO_BASE = "no_base", _("The deal has nothing of what the plan counts.")
    BELOW_DEAL = "below_deal", _("The deal is smaller than the least that the plan counts.")
    BELOW_PERIOD = "below_period", _("The period’s total is below the least from which the plan pays.")
    BELOW_BASELINE = "below_baseline", _("The total does not exceed the baseline yet.")
    NOT_REACHED = "not_reached", _("The total that the plan pays for is not reached yet.")
    REACHED_BEFORE = "reached_before", _("The total was reached by an earlier deal, which earned the amount.")
    CAP_REACHED = "cap_reached", _("The plan’s cap is used up.")
    POOLED = "pooled", _("It counts towards a pool that is divided at the end of its period.")
    ROUNDED = "rounded", _("The amount is less than half of the smallest coin.")

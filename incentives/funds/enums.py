from django.db import models
from django.utils.translation import gettext_lazy as _


class Basis(models.TextChoices):
    """What a partner's budget of a period is made of."""

    TIER = "tier", _("An amount for each tier")
    SHARE = "share", _("A share of the revenue of the period before")


class FundPeriod(models.TextChoices):
    QUARTER = "quarter", _("Quarter")
    YEAR = "year", _("Year")


class ActivityKind(models.TextChoices):
    EVENT = "event", _("Event")
    DIGITAL = "digital", _("Online campaign")
    CONTENT = "content", _("Content")
    PHONE = "phone", _("Calls")
    TRAINING = "training", _("Training of salespeople")
    OTHER = "other", _("Other")


class RequestStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waits for a decision")
    RETURNED = "returned", _("Returned")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    SETTLED = "settled", _("Settled")
    FORFEITED = "forfeited", _("Forfeited")


R = RequestStatus
# `settle` ends a request whose last claim is paid, `forfeit` one of which nobody claimed the rest in time.
REQUEST_TRANSITIONS = {
    "submit": (frozenset({R.DRAFT, R.RETURNED}), R.SUBMITTED),
    "return": (frozenset({R.SUBMITTED}), R.RETURNED),
    "approve": (frozenset({R.SUBMITTED}), R.APPROVED),
    "reject": (frozenset({R.SUBMITTED}), R.REJECTED),
    "withdraw": (frozenset({R.DRAFT, R.SUBMITTED, R.RETURNED, R.APPROVED}), R.WITHDRAWN),
    "settle": (frozenset({R.APPROVED}), R.SETTLED),
    "forfeit": (frozenset({R.APPROVED}), R.FORFEITED),
}


class ClaimStatus(models.TextChoices):
    SUBMITTED = "submitted", _("Waits for a decision")
    RETURNED = "returned", _("Returned")
    PAID = "paid", _("Settled")
    REJECTED = "rejected", _("Rejected")


CLAIM_TRANSITIONS = {
    "resubmit": (frozenset({ClaimStatus.RETURNED}), ClaimStatus.SUBMITTED),
    "return": (frozenset({ClaimStatus.SUBMITTED}), ClaimStatus.RETURNED),
    "settle": (frozenset({ClaimStatus.SUBMITTED}), ClaimStatus.PAID),
    "reject": (frozenset({ClaimStatus.SUBMITTED, ClaimStatus.RETURNED}), ClaimStatus.REJECTED),
}

from django.db import models
from django.utils.translation import gettext_lazy as _


class ClosingStatus(models.TextChoices):
    """`collecting` until every partner's entries are on a statement."""

    COLLECTING = "collecting", _("Being prepared")
    PROPOSED = "proposed", _("Waits for approval")
    APPROVED = "approved", _("Approved")
    CANCELLED = "cancelled", _("Cancelled")


CLOSING_TRANSITIONS = {
    "present": (frozenset({ClosingStatus.COLLECTING}), ClosingStatus.PROPOSED),
    "approve": (frozenset({ClosingStatus.PROPOSED}), ClosingStatus.APPROVED),
    "cancel": (frozenset({ClosingStatus.COLLECTING, ClosingStatus.PROPOSED}), ClosingStatus.CANCELLED),
}


class StatementStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")
    CARRIED = "carried", _("Carried forward")
    PAID = "paid", _("Paid")


class BatchStatus(models.TextChoices):
    DRAFT = "draft", _("Waits for approval")
    APPROVED = "approved", _("Approved")
    SENT = "sent", _("Sent to the bank")
    SETTLED = "settled", _("Settled")
    CANCELLED = "cancelled", _("Cancelled")


BATCH_TRANSITIONS = {
    "approve": (frozenset({BatchStatus.DRAFT}), BatchStatus.APPROVED),
    "send": (frozenset({BatchStatus.APPROVED}), BatchStatus.SENT),
    "settle": (frozenset({BatchStatus.SENT}), BatchStatus.SETTLED),
    # What the bank has may have been paid, so it is settled and not cancelled.
    "cancel": (frozenset({BatchStatus.DRAFT, BatchStatus.APPROVED}), BatchStatus.CANCELLED),
}


# Of one that was cancelled the statements are paid in another, so its file goes to nobody any more.
WITH_FILE = (BatchStatus.APPROVED, BatchStatus.SENT, BatchStatus.SETTLED)


class Method(models.TextChoices):
    SEPA = "sepa", _("SEPA credit transfer (pain.001)")
    CSV = "csv", _("CSV file")


class PaymentStatus(models.TextChoices):
    PLANNED = "planned", _("Planned")
    SENT = "sent", _("Sent to the bank")
    PAID = "paid", _("Paid")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


# A statement has at most one payment in these.
LIVE_PAYMENTS = (PaymentStatus.PLANNED, PaymentStatus.SENT, PaymentStatus.PAID)


class PeriodLength(models.TextChoices):
    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")

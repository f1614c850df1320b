"""A deal's two fields of state: the registration, which staff and system move, and the sales stage,
which the partner moves."""

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _


class DealOrigin(models.TextChoices):
    REGISTERED = "registered", _("Registered by the partner")
    IMPORTED = "imported", _("Imported")
    DISTRIBUTED = "distributed", _("Distributed by the vendor")


class RegistrationStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    IN_REVIEW = "in_review", _("In review")
    RETURNED = "returned", _("Returned")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")
    EXPIRED = "expired", _("Expired")
    CANCELLED = "cancelled", _("Cancelled")


class SalesStage(models.TextChoices):
    PROSPECTING = "prospecting", _("Prospecting")
    ENGAGING = "engaging", _("Engaging")
    PROPOSAL = "proposal", _("Proposal")
    NEGOTIATION = "negotiation", _("Negotiation")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")


class Decision(models.TextChoices):
    """What an approval rule asks for."""

    AUTO = "auto", _("Approved at once")
    ONE = "one", _("One person decides")
    TWO = "two", _("Two different people decide")


class Deciders(models.TextChoices):
    MANAGER = "manager", _("The partner’s channel manager or an administrator")
    ADMIN = "admin", _("Administrators only")


class ConflictCondition(models.TextChoices):
    ANY = "", _("With or without a conflict")
    NONE = "no", _("Only without a conflict")
    SOME = "yes", _("Only with a conflict")


# The purpose of files that show a win.
WIN_PROOF = "proof"


class RequestKind(models.TextChoices):
    APPEAL = "appeal", _("Appeal")
    EXTENSION = "extension", _("More time")


class RequestState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    GRANTED = "granted", _("Granted")
    DECLINED = "declined", _("Declined")
    LAPSED = "lapsed", _("No longer needed")


class Missing(models.TextChoices):
    """What a manager can say is missing from a registration."""

    CUSTOMER = "customer", _("The customer’s full name, website or country")
    CONTACT = "contact", _("Who you speak to at the customer")
    PRODUCT = "product", _("The product, or how many")
    AMOUNT = "amount", _("A realistic amount")
    CLOSE = "expected_close", _("A realistic date of closing")
    NEED = "need", _("What the customer needs")
    PROOF = "proof", _("Proof that you are working on it, such as a quote or a meeting")


class Notice(models.IntegerChoices):
    """The last reminder of a deadline that was recorded."""

    NONE = 0
    BEFORE = 1
    DUE = 2
    ESCALATED = 3


class ForecastCategory(models.TextChoices):
    """How sure the partner is of an open deal."""

    PIPELINE = "pipeline", _("Pipeline")
    BEST_CASE = "best_case", _("Best case")
    COMMIT = "commit", _("Commit")
    OMITTED = "omitted", _("Omitted")


class MarketingChannel(models.TextChoices):
    """How the customer came to the vendor or the partner."""

    PAID = "paid", _("Paid")
    EARNED = "earned", _("Earned")
    OWNED = "owned", _("Owned")


OPEN_STAGES = (
    SalesStage.PROSPECTING,
    SalesStage.ENGAGING,
    SalesStage.PROPOSAL,
    SalesStage.NEGOTIATION,
)

# The chance of winning that weighs an open deal in the weighted pipeline.
STAGE_PROBABILITY: dict[SalesStage, Decimal] = {
    SalesStage.PROSPECTING: Decimal("0.10"),
    SalesStage.ENGAGING: Decimal("0.30"),
    SalesStage.PROPOSAL: Decimal("0.50"),
    SalesStage.NEGOTIATION: Decimal("0.75"),
}

S = RegistrationStatus

# verb: (from, to)
TRANSITIONS: dict[str, tuple[frozenset[RegistrationStatus], RegistrationStatus]] = {
    "submit": (frozenset({S.DRAFT, S.RETURNED}), S.SUBMITTED),
    "start_review": (frozenset({S.SUBMITTED}), S.IN_REVIEW),
    "approve": (frozenset({S.SUBMITTED, S.IN_REVIEW}), S.APPROVED),
    "return": (frozenset({S.SUBMITTED, S.IN_REVIEW}), S.RETURNED),
    "reject": (frozenset({S.SUBMITTED, S.IN_REVIEW}), S.REJECTED),
    "withdraw": (frozenset({S.DRAFT, S.SUBMITTED, S.IN_REVIEW, S.RETURNED}), S.WITHDRAWN),
    "win": (frozenset({S.APPROVED}), S.WON),
    "lose": (frozenset({S.APPROVED}), S.LOST),
    "expire": (frozenset({S.APPROVED}), S.EXPIRED),
    "cancel": (frozenset({S.APPROVED}), S.CANCELLED),
    "extend": (frozenset({S.APPROVED}), S.APPROVED),
    "grant_appeal": (frozenset({S.REJECTED}), S.APPROVED),
}

# What partners ask about a decided registration, and the answers that change nothing: where from.
ASKING: dict[str, frozenset[RegistrationStatus]] = {
    "appeal": frozenset({S.REJECTED}),
    "uphold": frozenset({S.REJECTED}),
    "ask_extension": frozenset({S.APPROVED}),
    "decline_extension": frozenset({S.APPROVED}),
}

EDITABLE_STATUSES = frozenset({S.DRAFT, S.RETURNED})
WAITING_STATUSES = frozenset({S.SUBMITTED, S.IN_REVIEW})

# What counts against the most open registrations that a partner may have.
OPEN_STATUSES = frozenset({S.SUBMITTED, S.IN_REVIEW, S.APPROVED})
# Protection is warned about so many days before its end.
WARNING_DAYS = (14, 3)

# A win is undone by an admin; it is the one verb with a choice of where to.
REVERSIBLE_STATUSES = frozenset({S.WON})
REVERSED_STATUSES = frozenset({S.APPROVED, S.LOST})

# Deals that can still be won: approved registrations, and deals that never had one.
LIVE_STATUSES = frozenset({"", S.APPROVED})
# Registrations that the vendor refused or that the partner did not make are nobody's opportunity.
OUTSIDE_PIPELINE = (S.DRAFT, S.REJECTED, S.WITHDRAWN)

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
}

EDITABLE_STATUSES = frozenset({S.DRAFT, S.RETURNED})
WAITING_STATUSES = frozenset({S.SUBMITTED, S.IN_REVIEW})

# A win is undone by an admin; it is the one verb with a choice of where to.
REVERSIBLE_STATUSES = frozenset({S.WON})
REVERSED_STATUSES = frozenset({S.APPROVED, S.LOST})

# Deals that can still be won: approved registrations, and deals that never had one.
LIVE_STATUSES = frozenset({"", S.APPROVED})

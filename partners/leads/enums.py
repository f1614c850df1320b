"""A lead's life, and who may be offered it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class LeadOrigin(models.TextChoices):
    OWN = "own", _("Found by the partner")
    VENDOR = "vendor", _("From the vendor")


class LeadStatus(models.TextChoices):
    UNASSIGNED = "unassigned", _("To distribute")
    POOL = "pool", _("In the pool")
    OFFERED = "offered", _("Waiting for an answer")
    OPEN = "open", _("In progress")
    CONVERTED = "converted", _("Became a deal")
    DISQUALIFIED = "disqualified", _("Disqualified")


class OfferState(models.TextChoices):
    WAITING = "waiting", _("Waiting for an answer")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    LAPSED = "lapsed", _("Not answered in time")
    WITHDRAWN = "withdrawn", _("Taken back")


class OfferMeans(models.TextChoices):
    RULE = "rule", _("By a rule")
    HAND = "hand", _("By hand")
    PICK = "pick", _("Picked from the pool")


class RuleOutcome(models.TextChoices):
    OFFER = "offer", _("Offer it to one partner")
    POOL = "pool", _("Put it in the pool")
    HOLD = "hold", _("Keep it for a manager")


class RulePreference(models.TextChoices):
    PRIORITY = "priority", _("The highest lead priority, then the fewest open leads")
    LOAD = "load", _("The fewest open leads, then the highest lead priority")


class AfterMoves(models.TextChoices):
    POOL = "pool", _("Goes to the pool")
    MANAGER = "manager", _("Waits for a manager")


class AnswerUnit(models.TextChoices):
    HOURS = "hours", _("hours")
    DAYS = "days", _("business days")


class CriteriaKind(models.TextChoices):
    SALES = "sales", _("Qualified lead")
    MARKETING = "marketing", _("Marketing-qualified lead")


S = LeadStatus

# verb: (from, to). Where a lead goes that a partner gives up is decided by the rules, so `release` leads to the vendor.
TRANSITIONS: dict[str, tuple[frozenset[LeadStatus], LeadStatus]] = {
    "offer": (frozenset({S.UNASSIGNED, S.POOL}), S.OFFERED),
    "put_in_pool": (frozenset({S.UNASSIGNED}), S.POOL),
    "accept": (frozenset({S.OFFERED}), S.OPEN),
    "decline": (frozenset({S.OFFERED}), S.UNASSIGNED),
    "move_on": (frozenset({S.OFFERED}), S.UNASSIGNED),
    "pick": (frozenset({S.POOL}), S.OPEN),
    "take_back": (frozenset({S.POOL, S.OFFERED, S.OPEN}), S.UNASSIGNED),
    "convert": (frozenset({S.OPEN}), S.CONVERTED),
    "disqualify": (frozenset({S.UNASSIGNED, S.POOL, S.OPEN}), S.DISQUALIFIED),
}
# Who had it has it again; what nobody had is to be distributed.
REOPENABLE = frozenset({S.DISQUALIFIED})
# A conversion is undone when its deal is withdrawn.
UNDOABLE = frozenset({S.CONVERTED})

# Not closed: what is requalified when the criteria change.
LIVE = frozenset({S.UNASSIGNED, S.POOL, S.OFFERED, S.OPEN})
# What counts as a partner's load.
LOAD = frozenset({S.OFFERED, S.OPEN})
WITH_PARTNER = frozenset({S.OFFERED, S.OPEN, S.CONVERTED})
WITHOUT_PARTNER = frozenset({S.UNASSIGNED, S.POOL})

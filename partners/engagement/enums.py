"""Kinds and states of what vendor and partner do together."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class InteractionKind(models.TextChoices):
    CALL = "call", _("Call")
    MEETING = "meeting", _("Meeting")
    MAIL = "mail", _("Mail")
    NOTE = "note", _("Note")


class GatheringKind(models.TextChoices):
    WEBINAR = "webinar", _("Webinar")
    CONFERENCE = "conference", _("Conference")
    COUNCIL = "council", _("Partner council")
    MEETING = "meeting", _("Meeting")


class GatheringStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Invited")
    CANCELLED = "cancelled", _("Cancelled")


# from: to
GATHERING_TRANSITIONS: dict[GatheringStatus, frozenset[GatheringStatus]] = {
    GatheringStatus.DRAFT: frozenset({GatheringStatus.PUBLISHED}),
    GatheringStatus.PUBLISHED: frozenset({GatheringStatus.CANCELLED}),
    GatheringStatus.CANCELLED: frozenset(),
}


class Answer(models.TextChoices):
    INVITED = "invited", _("No answer yet")
    ACCEPTED = "accepted", _("Comes")
    DECLINED = "declined", _("Does not come")

"""Kinds and states of surveys."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class QuestionKind(models.TextChoices):
    NPS = "nps", _("Recommendation, 0 to 10 (NPS)")
    CSAT = "csat", _("Satisfaction, 1 to 5 (CSAT)")
    SCALE = "scale", _("Scale")
    SINGLE = "single", _("One choice")
    MULTIPLE = "multiple", _("Several choices")
    TEXT = "text", _("Text")
    MATRIX = "matrix", _("Matrix")


class Measure(models.TextChoices):
    """What an answer counts as in scorecards."""

    NONE = "", _("Nothing")
    NPS = "nps", _("Net promoter score")
    CSAT = "csat", _("Customer satisfaction")
    PARTNER = "partner", _("Partner satisfaction")
    ALIGNMENT = "alignment", _("Strategic alignment")


# Which questions may count as what: partner satisfaction is the top two of five, like CSAT.
MEASURES_OF: dict[QuestionKind, frozenset[Measure]] = {
    QuestionKind.NPS: frozenset({Measure.NONE, Measure.NPS}),
    QuestionKind.CSAT: frozenset({Measure.NONE, Measure.CSAT, Measure.PARTNER}),
    QuestionKind.SCALE: frozenset({Measure.NONE, Measure.ALIGNMENT}),
    QuestionKind.MATRIX: frozenset({Measure.NONE, Measure.PARTNER, Measure.ALIGNMENT}),
}


class Topic(models.TextChoices):
    """What a measured question is about, so that a measure can be split by it, however it is worded."""

    NONE = "", _("Nothing in particular")
    RESPONSE = "response", _("Response times")
    SUPPORT = "support", _("Support quality")
    COMMUNICATION = "communication", _("Ease of communication")
    INNOVATION = "innovation", _("Shared innovation")
    PROJECTS = "projects", _("Joint projects")
    INITIATIVES = "initiatives", _("Strategic initiatives")
    BRAND = "brand", _("Brand")


class Comparison(models.TextChoices):
    """How an earlier answer decides whether a question is asked."""

    IS = "is", _("is one of")
    AT_MOST = "at_most", _("is at most")
    AT_LEAST = "at_least", _("is at least")


class SurveyStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


# Closing is for good: an anonymous survey's last answers are shown then, and one more would stand out.
SURVEY_TRANSITIONS: dict[SurveyStatus, frozenset[SurveyStatus]] = {
    SurveyStatus.DRAFT: frozenset({SurveyStatus.OPEN, SurveyStatus.CLOSED}),
    SurveyStatus.OPEN: frozenset({SurveyStatus.CLOSED}),
    SurveyStatus.CLOSED: frozenset(),
}


class Audience(models.TextChoices):
    MEMBERS = "members", _("People of partners")
    CUSTOMERS = "customers", _("Customers of partners")


class Trigger(models.TextChoices):
    """What brings invitations by itself."""

    NONE = "", _("Only by hand")
    DEAL_WON = "deal_won", _("A deal is won")
    COURSE_DONE = "course_done", _("A course is completed")
    TICKET_CLOSED = "ticket_closed", _("A ticket is closed (your help desk tells by API)")


class Segment(models.TextChoices):
    """How results can be split."""

    NONE = "", _("Not at all")
    TYPE = "type", _("Partner type")
    TIER = "tier", _("Tier")
    REGION = "region", _("Region")


class InvitationStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting to be sent")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    ANSWERED = "answered", _("Answered")
    WITHHELD = "withheld", _("Not sent")
    FAILED = "failed", _("Could not be sent")


INVITATION_TRANSITIONS: dict[InvitationStatus, frozenset[InvitationStatus]] = {
    InvitationStatus.WAITING: frozenset({InvitationStatus.SENDING, InvitationStatus.WITHHELD}),
    InvitationStatus.SENDING: frozenset(
        {InvitationStatus.SENT, InvitationStatus.WAITING, InvitationStatus.FAILED, InvitationStatus.ANSWERED}
    ),
    InvitationStatus.SENT: frozenset({InvitationStatus.ANSWERED}),
    InvitationStatus.ANSWERED: frozenset(),
    InvitationStatus.WITHHELD: frozenset(),
    InvitationStatus.FAILED: frozenset({InvitationStatus.WAITING}),
}
# In these its link takes an answer: the letter may be with its reader before the portal has noted that it was sent.
ANSWERABLE = frozenset({InvitationStatus.SENDING, InvitationStatus.SENT})


class Withheld(models.TextChoices):
    """Why an invitation was not sent."""

    NONE = "", _("–")
    OPTED_OUT = "opted_out", _("The person wants no surveys")
    TIRED = "tired", _("Asked too recently")
    CLOSED = "closed", _("The survey was closed")
    GONE = "gone", _("The person has no access any more")


class FollowUpStatus(models.TextChoices):
    OPEN = "open", _("Open")
    DOING = "doing", _("In progress")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Dropped")


FOLLOW_UP_TRANSITIONS: dict[FollowUpStatus, frozenset[FollowUpStatus]] = {
    FollowUpStatus.OPEN: frozenset({FollowUpStatus.DOING, FollowUpStatus.DONE, FollowUpStatus.DROPPED}),
    FollowUpStatus.DOING: frozenset({FollowUpStatus.OPEN, FollowUpStatus.DONE, FollowUpStatus.DROPPED}),
    FollowUpStatus.DONE: frozenset({FollowUpStatus.OPEN}),
    FollowUpStatus.DROPPED: frozenset({FollowUpStatus.OPEN}),
}
UNFINISHED = frozenset({FollowUpStatus.OPEN, FollowUpStatus.DOING})

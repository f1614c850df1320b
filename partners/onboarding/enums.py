"""States and kinds of applying and getting started."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ApplicationStatus(models.TextChoices):
    UNCONFIRMED = "unconfirmed", _("E-mail not confirmed")
    APPLIED = "applied", _("Applied")
    IN_REVIEW = "in_review", _("In review")
    RETURNED = "returned", _("Waiting for the applicant")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


_A = ApplicationStatus
OPEN_APPLICATIONS = frozenset({_A.APPLIED, _A.IN_REVIEW, _A.RETURNED})
_DECISIONS = frozenset({_A.APPROVED, _A.REJECTED, _A.WITHDRAWN})

# from: to
APPLICATION_TRANSITIONS: dict[ApplicationStatus, frozenset[ApplicationStatus]] = {
    _A.UNCONFIRMED: frozenset({_A.APPLIED}),
    _A.APPLIED: frozenset({_A.IN_REVIEW, _A.RETURNED}) | _DECISIONS,
    _A.IN_REVIEW: frozenset({_A.RETURNED}) | _DECISIONS,
    _A.RETURNED: frozenset({_A.IN_REVIEW}) | _DECISIONS,
    _A.APPROVED: frozenset(),
    _A.REJECTED: frozenset(),
    _A.WITHDRAWN: frozenset(),
}


class QuestionKind(models.TextChoices):
    TEXT = "text", _("Short text")
    LONG_TEXT = "long_text", _("Long text")
    CHOICE = "choice", _("One of several")
    CHOICES = "choices", _("Any of several")
    NUMBER = "number", _("Number")
    COUNTRY = "country", _("Country")
    FILE = "file", _("File")
    CONSENT = "consent", _("Consent")


WITH_CHOICES = frozenset({QuestionKind.CHOICE, QuestionKind.CHOICES})


class LetterKind(models.TextChoices):
    """What an applicant is written about."""

    CONFIRM = "confirm", _("Asked to confirm the e-mail address")
    ALREADY = "already", _("Told that there is an application already")
    RECEIVED = "received", _("Application received")
    IN_REVIEW = "in_review", _("Review begun")
    MORE = "more", _("Asked for more")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawal confirmed")
    REFERRED = "referred", _("Invited to apply")


class ReferralState(models.TextChoices):
    """All that the partner who referred a company is told."""

    INVITED = "invited", _("Invited to apply")
    APPLIED = "applied", _("Has applied")
    IN_REVIEW = "in_review", _("In review")
    APPROVED = "approved", _("Became a partner")
    CLOSED = "closed", _("Not accepted")


class StepKind(models.TextChoices):
    """What a step of getting started asks for. All but a tick the portal can see by itself."""

    AGREEMENT = "agreement", _("Accept an agreement")
    PROFILE = "profile", _("Complete the company profile")
    DOCUMENT = "document", _("Hand in a document")
    COURSE = "course", _("Finish a course")
    INVITE = "invite", _("Invite a colleague")
    DEAL = "deal", _("Register the first deal")
    MANUAL = "manual", _("Something that is ticked")


class StepOwner(models.TextChoices):
    PARTNER = "partner", _("The partner")
    VENDOR = "vendor", _("We")


class DocumentStatus(models.TextChoices):
    SENT = "sent", _("To be checked")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")

"""Kinds and states of training."""

from django.db import models
from django.utils.translation import gettext_lazy as _

# How long before its end a completion is to be renewed.
EXPIRES_SOON_DAYS = 60


class CourseKind(models.TextChoices):
    LINK = "link", _("Web page")
    VIDEO = "video", _("Video")
    FILE = "file", _("File")
    SESSION = "session", _("Live session")
    QUIZ = "quiz", _("Quiz")


class CourseStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    ARCHIVED = "archived", _("Archived")


# from: to
COURSE_TRANSITIONS: dict[CourseStatus, frozenset[CourseStatus]] = {
    CourseStatus.DRAFT: frozenset({CourseStatus.PUBLISHED, CourseStatus.ARCHIVED}),
    CourseStatus.PUBLISHED: frozenset({CourseStatus.ARCHIVED}),
    CourseStatus.ARCHIVED: frozenset({CourseStatus.PUBLISHED}),
}

# What a person may report as finished: a quiz is passed, and a session attended, before others' eyes.
SELF_REPORTED = frozenset({CourseKind.LINK, CourseKind.VIDEO, CourseKind.FILE})


class QuestionKind(models.TextChoices):
    CHOICE = "choice", _("Choose the right answers")
    TEXT = "text", _("Type a word or a few")
    NUMBER = "number", _("Type a number")


class CompletedVia(models.TextChoices):
    PATH = "path", _("All courses of the path")
    SELF = "self", _("Reported by the person")
    QUIZ = "quiz", _("Quiz passed")
    SESSION = "session", _("Session attended")
    HAND = "hand", _("Recorded by hand")
    IMPORT = "import", _("Imported")
    API = "api", _("API")
    XAPI = "xapi", _("Learning system")


class SeatStatus(models.TextChoices):
    BOOKED = "booked", _("Booked")
    WAITING = "waiting", _("On the waiting list")
    ATTENDED = "attended", _("Attended")
    MISSED = "missed", _("Did not attend")
    GIVEN_UP = "given_up", _("Given up")


class StatementOutcome(models.TextChoices):
    """What came of a learning system's statement."""

    COMPLETED = "completed", _("Completion recorded")
    FAILED = "failed", _("Failure noted")
    NOTED = "noted", _("Kept, changes nothing")
    NO_PERSON = "no_person", _("Nobody has this address")
    NO_COURSE = "no_course", _("No course has this activity id")

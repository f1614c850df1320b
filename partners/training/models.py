"""Courses, who takes them, and what they have completed."""

import secrets
from datetime import date
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner, once
from partners.training.enums import (
    CompletedVia,
    CourseKind,
    CourseStatus,
    QuestionKind,
    SeatStatus,
    StatementOutcome,
)
from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


def verification_code() -> str:
    return secrets.token_urlsafe(16)


class Requirement(models.Model):
    """Who must have something, and how long they have for it.

    An empty list means all of them; `required_segments` are codes of `registry.partner_segments`. `due_days` run from
    the day on which it became a person's duty.
    """

    is_required = models.BooleanField(_("required"), default=False)
    required_types = models.JSONField(_("for partner types"), default=list, blank=True)
    required_roles = models.JSONField(_("for roles"), default=list, blank=True)
    required_segments = models.JSONField(_("for tiers"), default=list, blank=True)
    due_days = models.PositiveSmallIntegerField(
        _("days to do it"), default=30, validators=[MinValueValidator(1), MaxValueValidator(730)]
    )

    class Meta:
        abstract = True


class Certifying(models.Model):
    """Whether completing something gives a certificate, and for how long a completion counts: None for ever."""

    gives_certificate = models.BooleanField(_("gives a certificate"), default=False)
    validity_months = models.PositiveSmallIntegerField(
        _("months valid"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(120)]
    )

    class Meta:
        abstract = True


class Course(Requirement, Certifying, TenantModel):
    """Something to learn. A quiz may be tried `max_attempts` times (0: any number), `retry_hours` apart."""

    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("what it teaches"), max_length=2000, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=CourseKind, default=CourseKind.LINK)
    status = models.CharField(_("status"), max_length=10, choices=CourseStatus, default=CourseStatus.DRAFT)
    url = models.URLField(_("address"), blank=True)
    minutes = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True)
    pass_mark = models.PositiveSmallIntegerField(
        _("pass mark in %"), default=80, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    max_attempts = models.PositiveSmallIntegerField(_("attempts"), default=3)
    retry_hours = models.PositiveSmallIntegerField(_("hours between attempts"), default=0)
    is_shuffled = models.BooleanField(_("shuffled"), default=False)
    external_id = models.CharField(_("activity id"), max_length=200, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["title"]
        constraints = [
            *tenant_constraints("training_course"),
            PartnerReadable(name="training_course_readable"),
            models.UniqueConstraint(fields=["tenant", "title"], name="training_course_title"),
            once("external_id", name="training_course_external_id"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_published(self) -> bool:
        return self.status == CourseStatus.PUBLISHED


class Path(Requirement, Certifying, TenantModel):
    """Courses in an order. Who holds all of them has completed the path; when it is required, all of them are."""

    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("where it leads"), max_length=2000, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=CourseStatus, default=CourseStatus.DRAFT)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["title"]
        constraints = [
            *tenant_constraints("training_path"),
            PartnerReadable(name="training_path_readable"),
            models.UniqueConstraint(fields=["tenant", "title"], name="training_path_title"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_published(self) -> bool:
        return self.status == CourseStatus.PUBLISHED


class PathCourse(TenantModel):
    """A course's place on a path."""

    path = TenantForeignKey(Path, models.CASCADE, related_name="steps")
    course = TenantForeignKey(Course, models.CASCADE, related_name="path_steps")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            *tenant_constraints("training_pathcourse", "path", "course"),
            PartnerReadable(name="training_pathcourse_readable"),
            models.UniqueConstraint(fields=["tenant", "path", "course"], name="training_pathcourse_once"),
        ]
        indexes = [models.Index(fields=["tenant", "course"], name="training_pathcourse_of")]

    def __str__(self) -> str:
        return f"{self.position + 1}. {self.course_id}"


class Duty(TenantModel):
    """That a person must have a course, since when and by when, by itself or for a path. Written by the portal alone.

    A duty that no longer holds gets `ended_on`, its first day without, and stays: it counts for the days before.
    """

    course = TenantForeignKey(Course, models.CASCADE, related_name="duties")
    path = TenantForeignKey(Path, models.CASCADE, null=True, related_name="+")
    member = TenantForeignKey(Membership, models.CASCADE, related_name="+")
    partner = TenantForeignKey(Partner, models.CASCADE, related_name="+")
    since = models.DateField(_("since"))
    due_on = models.DateField(_("due"))
    ended_on = models.DateField(null=True)
    reminded_on = models.DateField(null=True)

    class Meta:
        constraints = [
            *tenant_constraints("training_duty", "course", "path", "member", "partner"),
            PartnerIsolation(privileges="SELECT", name="training_duty_partner"),
            models.UniqueConstraint(
                fields=["tenant", "member", "course"],
                condition=models.Q(ended_on__isnull=True),
                name="training_duty_once",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "partner"], name="training_duty_partner_ix"),
            models.Index(fields=["tenant", "course"], name="training_duty_course_ix"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} – {self.course_id}"


class Question(TenantModel):
    """A quiz question. `choices` is a list of {"text", "correct"}, of a typed answer those that are right.

    Partner sessions cannot read this table.
    """

    course = TenantForeignKey(Course, models.CASCADE, related_name="questions")
    kind = models.CharField(_("kind"), max_length=10, choices=QuestionKind, default=QuestionKind.CHOICE)
    position = models.PositiveSmallIntegerField()
    text = models.TextField(_("question"), max_length=1000)
    choices = models.JSONField(default=list)

    class Meta:
        ordering = ["position"]
        constraints = [
            *tenant_constraints("training_question", "course"),
            models.UniqueConstraint(
                fields=["tenant", "course", "position"],
                name="training_question_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def correct(self) -> set[int]:
        return {index for index, choice in enumerate(self.choices) if choice["correct"]}


class Enrolment(TenantModel):
    """That a person takes a course."""

    course = TenantForeignKey(Course, models.CASCADE, related_name="enrolments")
    member = TenantForeignKey(Membership, models.CASCADE, related_name="enrolments")
    partner = TenantForeignKey(Partner, models.CASCADE, related_name="enrolments")
    enrolled_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    due_on = models.DateField(_("due"), null=True, blank=True)
    extra_attempts = models.PositiveSmallIntegerField(_("more attempts"), default=0)

    class Meta:
        constraints = [
            *tenant_constraints("training_enrolment", "course", "member", "partner", "enrolled_by"),
            PartnerIsolation(name="training_enrolment_partner"),
            models.UniqueConstraint(fields=["tenant", "course", "member"], name="training_enrolment_once"),
        ]
        indexes = [
            models.Index(fields=["tenant", "member"], name="training_enrolment_member"),
            models.Index(fields=["tenant", "partner"], name="training_enrolment_partner_ix"),
            models.Index(fields=["tenant", "created_at"], name="training_enrolment_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} – {self.course_id}"


class Attempt(TenantModel):
    """One go at a quiz: what was answered and what it was worth. Written by the portal alone."""

    enrolment = TenantForeignKey(Enrolment, models.CASCADE, related_name="attempts")
    partner = TenantForeignKey(Partner, models.CASCADE, related_name="+")
    answers = models.JSONField(default=dict)
    score = models.PositiveSmallIntegerField(_("score in %"))
    passed = models.BooleanField(_("passed"))

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            *tenant_constraints("training_attempt", "enrolment", "partner"),
            PartnerIsolation(privileges="SELECT", name="training_attempt_partner"),
        ]
        indexes = [models.Index(fields=["tenant", "enrolment"], name="training_attempt_of")]

    def __str__(self) -> str:
        return f"{self.score}%"


class Completion(TenantModel):
    """That a person has completed a course or a path; with `certificate` it is one. Written by the portal alone."""

    course = TenantForeignKey(Course, models.PROTECT, null=True, related_name="completions")
    path = TenantForeignKey(Path, models.PROTECT, null=True, related_name="completions")
    member = TenantForeignKey(Membership, models.CASCADE, related_name="completions")
    partner = TenantForeignKey(Partner, models.CASCADE, related_name="completions")
    completed_on = models.DateField(_("completed on"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    via = models.CharField(_("how"), max_length=10, choices=CompletedVia)
    score = models.PositiveSmallIntegerField(_("score in %"), null=True, blank=True)
    note = models.CharField(_("proof"), max_length=500, blank=True)
    recorded_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    certificate = models.CharField(_("certificate"), max_length=20, blank=True)
    code = models.CharField(max_length=32, default=verification_code, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoke_reason = models.CharField(_("reason"), max_length=500, blank=True)
    external_id = models.CharField(max_length=100, blank=True)
    # The end that people have been warned of.
    warned_of = models.DateField(null=True)
    import_id = models.UUIDField(null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-completed_on", "-id"]
        constraints = [
            *tenant_constraints("training_completion", "course", "path", "member", "partner", "recorded_by"),
            PartnerIsolation(privileges="SELECT", name="training_completion_partner"),
            models.UniqueConstraint(
                fields=["tenant", "course", "member", "completed_on"],
                condition=models.Q(revoked_at__isnull=True),
                name="training_completion_once_a_day",
            ),
            models.UniqueConstraint(
                fields=["tenant", "path", "member", "completed_on"],
                condition=models.Q(revoked_at__isnull=True, path__isnull=False),
                name="training_completion_path_once_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(course__isnull=False, path__isnull=True)
                | models.Q(course__isnull=True, path__isnull=False),
                name="training_completion_of_one",
            ),
            models.UniqueConstraint(fields=["tenant", "code"], name="training_completion_code"),
            once("certificate", name="training_completion_certificate", blank="certificate"),
            once("external_id", name="training_completion_external_id"),
        ]
        indexes = [
            models.Index(fields=["tenant", "member", "course"], name="training_completion_member"),
            models.Index(fields=["tenant", "partner", "completed_on"], name="training_completion_partner_ix"),
            models.Index(fields=["tenant", "valid_until"], name="training_completion_expiry"),
        ]

    def __str__(self) -> str:
        return self.certificate or f"{self.member_id} – {self.course_id}"

    @property
    def title(self) -> str:
        """What has been completed."""
        return (self.course or self.path).title  # type: ignore[union-attr]

    def is_valid_on(self, day: date) -> bool:
        return self.revoked_at is None and (self.valid_until is None or day <= self.valid_until)


class Session(TenantModel):
    """A live session of a course, with so many seats; 0 for any number."""

    course = TenantForeignKey(Course, models.CASCADE, related_name="sessions")
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    place = models.CharField(_("place"), max_length=200, blank=True)
    join_url = models.URLField(_("address to join"), blank=True)
    seats = models.PositiveSmallIntegerField(_("seats"), default=0)
    held_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    sequence = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            *tenant_constraints("training_session", "course"),
            PartnerReadable(name="training_session_readable"),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="training_session_ends_later"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "starts_at"], name="training_session_when")]

    def __str__(self) -> str:
        return f"{self.course} {self.starts_at:%Y-%m-%d}"


class Seat(TenantModel):
    """A person's place in a session. Written by the portal alone, which counts the seats."""

    session = TenantForeignKey(Session, models.CASCADE, related_name="taken")
    member = TenantForeignKey(Membership, models.CASCADE, related_name="seats")
    partner = TenantForeignKey(Partner, models.CASCADE, related_name="+")
    status = models.CharField(_("status"), max_length=10, choices=SeatStatus, default=SeatStatus.BOOKED)
    queued_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["queued_at", "id"]
        constraints = [
            *tenant_constraints("training_seat", "session", "member", "partner"),
            PartnerIsolation(privileges="SELECT", name="training_seat_partner"),
            models.UniqueConstraint(fields=["tenant", "session", "member"], name="training_seat_once"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} – {self.session_id}"


class Statement(TenantModel):
    """An xAPI statement as it came from a learning system. `digest` tells a repetition from a contradiction."""

    statement_id = models.UUIDField(_("statement"))
    actor = models.CharField(_("person"), max_length=300)
    verb = models.CharField(_("verb"), max_length=300)
    activity = models.CharField(_("activity"), max_length=300)
    raw = models.JSONField()
    digest = models.CharField(max_length=64)
    outcome = models.CharField(_("outcome"), max_length=10, choices=StatementOutcome)
    completion = TenantForeignKey(Completion, models.SET_NULL, null=True, related_name="+")
    tried_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            *tenant_constraints("training_statement", "completion"),
            models.UniqueConstraint(fields=["tenant", "statement_id"], name="training_statement_once"),
        ]
        indexes = [models.Index(fields=["tenant", "outcome", "-id"], name="training_statement_outcome")]

    def __str__(self) -> str:
        return str(self.statement_id)


def snapshot(course: Course) -> dict[str, Any]:
    """What an event keeps of a course."""
    return {"title": course.title, "kind": course.kind, "status": course.status}

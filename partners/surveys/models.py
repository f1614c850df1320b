"""Surveys, their versions, who is asked, what was answered, and what is done about it."""

import uuid
from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Customer, Partner
from partners.surveys.enums import (
    Audience,
    FollowUpStatus,
    InvitationStatus,
    Measure,
    Segment,
    SurveyStatus,
    Topic,
    Trigger,
    Withheld,
)
from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class Survey(TenantModel):
    """Something that people are asked, whom, and when. What exactly stands in its versions.

    Empty lists of an audience mean everybody. Once it is open, whether it is anonymous and by what its results are
    split stays: that is what its people were promised.
    """

    title = models.CharField(_("title"), max_length=200)
    introduction = models.TextField(_("introduction"), max_length=2000, blank=True)
    thanks = models.TextField(_("thanks"), max_length=1000, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=SurveyStatus, default=SurveyStatus.DRAFT)
    audience = models.CharField(_("who is asked"), max_length=10, choices=Audience, default=Audience.MEMBERS)
    roles = models.JSONField(_("roles"), default=list, blank=True)
    types = models.JSONField(_("partner types"), default=list, blank=True)
    tiers = models.JSONField(_("tiers"), default=list, blank=True)
    regions = models.JSONField(_("regions"), default=list, blank=True)
    trigger = models.CharField(_("asked by itself when"), max_length=15, choices=Trigger, blank=True)
    delay_days = models.PositiveSmallIntegerField(
        _("days later"), default=0, validators=[MaxValueValidator(365)]
    )
    expires_days = models.PositiveSmallIntegerField(_("days that a link works"), default=30)
    remind_days = models.PositiveSmallIntegerField(_("days between reminders"), default=7)
    reminders = models.PositiveSmallIntegerField(_("reminders"), default=1)
    is_anonymous = models.BooleanField(_("anonymous"), default=False)
    segment = models.CharField(_("split by"), max_length=10, choices=Segment, blank=True)
    opened_at = models.DateTimeField(_("opened"), null=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            *tenant_constraints("surveys_survey"),
            # What a partner's figures come from is told by survey.
            PartnerReadable(name="surveys_survey_readable"),
        ]
        indexes = [models.Index(fields=["tenant", "-created_at", "-id"], name="surveys_survey_newest")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.status == SurveyStatus.OPEN


class SurveyVersion(TenantModel):
    """The questions as they are asked (`questions.Question` as data). What has been published is never changed."""

    survey = TenantForeignKey(Survey, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    questions = models.JSONField(default=list)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-number"]
        constraints = [
            *tenant_constraints("surveys_version", "survey", "published_by"),
            models.UniqueConstraint(fields=["tenant", "survey", "number"], name="surveys_version_number"),
        ]

    def __str__(self) -> str:
        return f"{self.survey_id} v{self.number}"

    @property
    def is_draft(self) -> bool:
        return self.published_at is None


class SurveyInvitation(TenantModel):
    """That somebody is asked. `occasion` says by what, and lets nobody be asked twice for the same.

    `partner` is the partner that the answer is about: a member's own, or the one that serves the customer.
    """

    survey = TenantForeignKey(Survey, models.CASCADE, related_name="invitations")
    version = TenantForeignKey(SurveyVersion, models.PROTECT, null=True, related_name="+")
    partner = TenantForeignKey(Partner, models.CASCADE, null=True, related_name="+")
    customer = TenantForeignKey(Customer, models.SET_NULL, null=True, related_name="+")
    member = TenantForeignKey(Membership, models.CASCADE, null=True, related_name="+")
    email = models.EmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=150, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    occasion = models.CharField(max_length=120)
    status = models.CharField(
        _("status"), max_length=10, choices=InvitationStatus, default=InvitationStatus.WAITING
    )
    withheld = models.CharField(_("why"), max_length=10, choices=Withheld, blank=True)
    due_at = models.DateTimeField(_("due"))
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(_("sent"), null=True)
    expires_at = models.DateTimeField(_("until"), null=True)
    reminded = models.PositiveSmallIntegerField(_("reminders"), default=0)
    last_sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            *tenant_constraints("surveys_invitation", "survey", "version", "partner", "customer", "member"),
            PartnerIsolation(privileges="SELECT", name="surveys_invitation_partner"),
            models.UniqueConstraint(
                fields=["tenant", "survey", "email", "occasion"], name="surveys_invitation_once"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "survey", "-created_at"], name="surveys_invitation_of"),
            models.Index(fields=["tenant", "member", "status"], name="surveys_invitation_member"),
            models.Index(fields=["tenant", "partner"], name="surveys_invitation_partner_ix"),
            models.Index(
                fields=["tenant", "due_at"],
                condition=Q(status__in=[InvitationStatus.WAITING, InvitationStatus.SENDING]),
                name="surveys_invitation_due",
            ),
            models.Index(fields=["tenant", "email", "-sent_at"], name="surveys_invitation_last"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()


class SurveyDraft(TenantModel):
    """What somebody has answered so far. It goes when the answer comes. No partner session reads it."""

    invitation = TenantForeignKey(SurveyInvitation, models.CASCADE, related_name="drafts")
    answers = models.JSONField(default=dict)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            *tenant_constraints("surveys_draft", "invitation"),
            models.UniqueConstraint(fields=["tenant", "invitation"], name="surveys_draft_once"),
        ]

    def __str__(self) -> str:
        return str(self.invitation_id)


class SurveyResponse(TenantModel):
    """One person's answer. No partner session reads it.

    Of an anonymous one nothing is kept that leads to a person: no invitation, member, customer or partner, the
    segment's value alone of what is known of the partner, a random key, and the quarter instead of the moment.
    `wave` is the quarter's first day.
    """

    survey = TenantForeignKey(Survey, models.CASCADE, related_name="responses")
    version = TenantForeignKey(SurveyVersion, models.PROTECT, related_name="+")
    invitation = TenantForeignKey(SurveyInvitation, models.SET_NULL, null=True, related_name="responses")
    partner = TenantForeignKey(Partner, models.PROTECT, null=True, related_name="+")
    customer = TenantForeignKey(Customer, models.SET_NULL, null=True, related_name="+")
    member = TenantForeignKey(Membership, models.SET_NULL, null=True, related_name="+")
    is_anonymous = models.BooleanField(default=False)
    answered_on = models.DateField(_("answered"))
    wave = models.DateField()
    partner_type = models.CharField(max_length=20, blank=True)
    tier = models.CharField(max_length=60, blank=True)
    region = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["-answered_on", "-id"]
        constraints = [
            *tenant_constraints(
                "surveys_response", "survey", "version", "invitation", "partner", "customer", "member"
            ),
            # However many send at the same moment, one link gives one answer.
            models.UniqueConstraint(fields=["tenant", "invitation"], name="surveys_response_once"),
            models.CheckConstraint(
                name="surveys_response_anonymous",
                condition=Q(is_anonymous=False)
                | Q(
                    invitation__isnull=True,
                    partner__isnull=True,
                    customer__isnull=True,
                    member__isnull=True,
                    answered_on=models.F("wave"),
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "survey", "answered_on"], name="surveys_response_of"),
            models.Index(fields=["tenant", "partner", "answered_on"], name="surveys_response_partner"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def person(self) -> str:
        """Who answered, where that is known."""
        if self.member is not None:
            return self.member.name
        if self.invitation is not None:
            return self.invitation.name or self.invitation.email
        return str(_("Somebody"))


class SurveyAnswer(TenantModel):
    """One value of a response: a number, a chosen option or a text. Several choices are several rows."""

    response = TenantForeignKey(SurveyResponse, models.CASCADE, related_name="answers")
    key = models.CharField(max_length=20)
    row = models.CharField(max_length=20, blank=True)
    measure = models.CharField(max_length=10, choices=Measure, blank=True)
    topic = models.CharField(max_length=15, choices=Topic, blank=True)
    number = models.SmallIntegerField(null=True)
    low = models.SmallIntegerField(null=True)
    high = models.SmallIntegerField(null=True)
    option = models.CharField(max_length=20, blank=True)
    text = models.TextField(blank=True)

    class Meta:
        constraints = [
            *tenant_constraints("surveys_answer", "response"),
            models.UniqueConstraint(
                fields=["tenant", "response", "key", "row", "option"], name="surveys_answer_once"
            ),
            models.CheckConstraint(
                name="surveys_answer_in_scale",
                condition=Q(number=None) | Q(number__gte=models.F("low"), number__lte=models.F("high")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.number if self.number is not None else self.option or self.text}"


class OptOut(TenantModel):
    """An address to which no survey is sent any more."""

    email = models.EmailField()

    class Meta:
        constraints = [
            *tenant_constraints("surveys_optout"),
            models.UniqueConstraint(fields=["tenant", "email"], name="surveys_optout_once"),
        ]

    def __str__(self) -> str:
        return self.email


class CustomerContact(TenantModel):
    """Whom to ask at a customer. What a partner has named is its own to see; without a partner it is the vendor's."""

    customer = TenantForeignKey(Customer, models.CASCADE, related_name="contacts")
    partner = TenantForeignKey(Partner, models.CASCADE, null=True, related_name="+")
    name = models.CharField(_("name"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail address"))
    language = models.CharField(_("language"), max_length=8, blank=True)

    class Meta:
        ordering = ["name", "email"]
        constraints = [
            *tenant_constraints("surveys_contact", "customer", "partner"),
            PartnerIsolation(privileges="SELECT, INSERT, DELETE", name="surveys_contact_partner"),
            models.UniqueConstraint(
                fields=["tenant", "customer", "email", "partner"],
                nulls_distinct=False,
                name="surveys_contact_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email


class Theme(TenantModel):
    """What an admin calls a group of words that text answers of a survey have in common."""

    survey = TenantForeignKey(Survey, models.CASCADE, related_name="themes")
    name = models.CharField(_("name"), max_length=60)
    terms = models.JSONField(default=list)

    class Meta:
        ordering = ["name"]
        constraints = [
            *tenant_constraints("surveys_theme", "survey"),
            models.UniqueConstraint(fields=["tenant", "survey", "name"], name="surveys_theme_name"),
        ]

    def __str__(self) -> str:
        return self.name


class FollowUp(TenantModel):
    """Something to do about an answer."""

    survey = TenantForeignKey(Survey, models.CASCADE, related_name="follow_ups")
    response = TenantForeignKey(SurveyResponse, models.CASCADE, null=True, related_name="follow_ups")
    partner = TenantForeignKey(Partner, models.CASCADE, null=True, related_name="+")
    title = models.CharField(_("what to do"), max_length=200)
    owner = TenantForeignKey(Membership, models.PROTECT, related_name="+", verbose_name=_("owner"))
    due_on = models.DateField(_("due"))
    status = models.CharField(_("status"), max_length=10, choices=FollowUpStatus, default=FollowUpStatus.OPEN)
    note = models.TextField(_("note"), max_length=2000, blank=True)
    by_itself = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            *tenant_constraints("surveys_followup", "survey", "response", "partner", "owner"),
            models.UniqueConstraint(
                fields=["tenant", "response"],
                condition=Q(by_itself=True),
                name="surveys_followup_once_by_itself",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "owner", "status"], name="surveys_followup_owner")]

    def __str__(self) -> str:
        return self.title


class SurveyPolicy(TenantModel):
    """What holds for all surveys of a tenant. One row at most; without one the defaults hold."""

    quiet_days = models.PositiveSmallIntegerField(
        _("days between two surveys to one person"), default=30, validators=[MaxValueValidator(365)]
    )
    daily_limit = models.PositiveIntegerField(_("invitations a day at most"), default=1000)
    follow_detractors = models.BooleanField(_("make a task of each dissatisfied answer"), default=True)
    follow_days = models.PositiveSmallIntegerField(
        _("days for such a task"), default=7, validators=[MaxValueValidator(365)]
    )

    class Meta:
        constraints = [
            *tenant_constraints("surveys_policy"),
            models.UniqueConstraint(fields=["tenant"], name="surveys_policy_once"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


def random_key() -> uuid.UUID:
    """A key that does not tell when it was made, as UUIDv7 would."""
    return uuid.uuid4()


def snapshot(survey: Survey) -> dict[str, Any]:
    """What an event keeps of a survey."""
    return {"title": survey.title, "status": survey.status}

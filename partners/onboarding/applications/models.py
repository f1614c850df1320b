"""Companies that want to become partners, what they are asked, and how they are judged.

Nothing of this is a partner's to read but its own referrals.
"""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from partners.onboarding.enums import (
    OPEN_APPLICATIONS,
    ApplicationStatus,
    LetterKind,
    QuestionKind,
    ReferralState,
)
from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel

MOST_POINTS = 5


class ApplicationPolicy(TenantModel):
    """How the tenant takes applications; one row a tenant."""

    is_open = models.BooleanField(_("companies may apply"), default=False)
    introduction = models.TextField(_("introduction"), max_length=4000, blank=True)
    privacy_url = models.URLField(_("privacy statement"), blank=True)
    response_days = models.PositiveSmallIntegerField(
        _("days until an answer"), default=5, validators=[MinValueValidator(1), MaxValueValidator(90)]
    )
    needs_scores = models.BooleanField(_("every criterion is scored before a decision"), default=False)

    class Meta:
        verbose_name_plural = "application policies"
        constraints = [
            *tenant_constraints("onboarding_applicationpolicy"),
            models.UniqueConstraint(fields=["tenant"], name="onboarding_applicationpolicy_once"),
        ]

    def __str__(self) -> str:
        return "Application policy"


class ApplicationQuestion(TenantModel):
    """What applicants are asked beyond the company and its contact. `choices` is a list of texts."""

    position = models.PositiveSmallIntegerField(editable=False)
    text = models.CharField(_("question"), max_length=500)
    help = models.CharField(_("explanation"), max_length=500, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=QuestionKind, default=QuestionKind.TEXT)
    choices = models.JSONField(_("answers to choose from"), default=list, blank=True)
    is_required = models.BooleanField(_("has to be answered"), default=False)

    class Meta:
        ordering = ["position"]
        constraints = [
            *tenant_constraints("onboarding_applicationquestion"),
            models.UniqueConstraint(
                fields=["tenant", "position"],
                name="onboarding_applicationquestion_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return self.text


class ScoringCriterion(TenantModel):
    """What an application is judged by, from 0 to `MOST_POINTS` points."""

    position = models.PositiveSmallIntegerField(editable=False)
    name = models.CharField(_("criterion"), max_length=120)
    help = models.CharField(_("what to look at"), max_length=500, blank=True)
    weight = models.PositiveSmallIntegerField(
        _("weight"), default=1, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )

    class Meta:
        ordering = ["position"]
        verbose_name_plural = "scoring criteria"
        constraints = [
            *tenant_constraints("onboarding_scoringcriterion"),
            models.UniqueConstraint(
                fields=["tenant", "position"],
                name="onboarding_scoringcriterion_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(fields=["tenant", "name"], name="onboarding_scoringcriterion_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Application(TenantModel):
    """A company that wants to become a partner.

    `answers` is what was asked and answered then: a list of {question, text, kind, value}; of a file question the
    value lists {file, name}. `sheet` is the scoring sheet as it stood at the decision. `version` counts the changes,
    so that a decision taken on an old page is noticed.
    """

    number = models.CharField(_("number"), max_length=20, editable=False)
    status = models.CharField(
        _("status"), max_length=12, choices=ApplicationStatus, default=ApplicationStatus.UNCONFIRMED
    )
    company = models.CharField(_("company"), max_length=200)
    normalised_name = models.CharField(max_length=200, editable=False)
    website = models.URLField(_("website"), blank=True)
    domain = models.CharField(max_length=253, blank=True, editable=False)
    country = models.CharField(_("country"), max_length=2)
    type = models.CharField(_("kind of partner"), max_length=20, choices=PartnerType)
    person = models.CharField(_("contact person"), max_length=150)
    job_title = models.CharField(_("job title"), max_length=100, blank=True)
    email = models.EmailField(_("e-mail address"))
    phone = models.CharField(_("telephone"), max_length=50, blank=True)
    language = models.CharField(max_length=8, blank=True, editable=False)
    answers = models.JSONField(default=list)
    sheet = models.JSONField(default=list)
    manager = TenantForeignKey(
        Membership, models.PROTECT, null=True, related_name="+", verbose_name=_("looked after by")
    )
    referred_by = TenantForeignKey(
        Partner, models.PROTECT, null=True, related_name="+", verbose_name=_("referred by")
    )
    partner = TenantForeignKey(Partner, models.PROTECT, null=True, related_name="applications")
    submitted_at = models.DateTimeField(_("applied"), null=True)
    review_started_at = models.DateTimeField(null=True)
    more_asked = models.TextField(_("what is missing"), max_length=2000, blank=True)
    more_given = models.TextField(_("the applicant's answer"), max_length=4000, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    decided_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(_("reason"), max_length=2000, blank=True)
    note = models.TextField(_("note for colleagues"), max_length=2000, blank=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            *tenant_constraints("onboarding_application", "manager", "referred_by", "partner", "decided_by"),
            models.UniqueConstraint(fields=["tenant", "number"], name="onboarding_application_number"),
            models.CheckConstraint(
                condition=~models.Q(status="approved") | models.Q(partner__isnull=False),
                name="onboarding_application_approved",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "status", "submitted_at"], name="onboarding_application_inbox"),
            models.Index(fields=["tenant", "email"], name="onboarding_application_email"),
            models.Index(fields=["tenant", "partner"], name="onboarding_application_of"),
        ]

    def __str__(self) -> str:
        return f"{self.company} ({self.number})"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_APPLICATIONS


class ApplicationScore(TenantModel):
    """The points that an application got for a criterion."""

    application = TenantForeignKey(Application, models.CASCADE, related_name="scores")
    criterion = TenantForeignKey(ScoringCriterion, models.CASCADE, related_name="scores")
    points = models.PositiveSmallIntegerField(_("points"), validators=[MaxValueValidator(MOST_POINTS)])
    note = models.CharField(_("why"), max_length=500, blank=True)
    scored_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")
    scored_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            *tenant_constraints("onboarding_applicationscore", "application", "criterion", "scored_by"),
            models.UniqueConstraint(
                fields=["tenant", "application", "criterion"], name="onboarding_applicationscore_once"
            ),
            models.CheckConstraint(
                condition=models.Q(points__lte=MOST_POINTS), name="onboarding_applicationscore_points"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion_id}: {self.points}"


class Referral(TenantModel):
    """A company that a partner sent. The partner reads this row and nothing of the application behind it."""

    partner = TenantForeignKey(Partner, models.CASCADE, related_name="referrals")
    member = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    company = models.CharField(_("company"), max_length=200)
    person = models.CharField(_("contact person"), max_length=150, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    message = models.TextField(_("message"), max_length=1000, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ReferralState, default=ReferralState.INVITED)
    moved_at = models.DateTimeField(_("since"), auto_now=True)
    application_id = models.UUIDField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            *tenant_constraints("onboarding_referral", "partner", "member"),
            PartnerIsolation(privileges="SELECT", name="onboarding_referral_partner"),
        ]
        indexes = [
            models.Index(fields=["tenant", "partner"], name="onboarding_referral_partner_ix"),
            models.Index(fields=["tenant", "application_id"], name="onboarding_referral_of"),
            models.Index(fields=["tenant", "email"], name="onboarding_referral_email"),
        ]

    def __str__(self) -> str:
        return self.company


class ApplicantLetter(TenantModel):
    """A letter to somebody who is no member: it is written down with what it tells about, and posted by a worker."""

    kind = models.CharField(_("letter"), max_length=10, choices=LetterKind)
    application = TenantForeignKey(Application, models.CASCADE, null=True, related_name="letters")
    referral = TenantForeignKey(Referral, models.CASCADE, null=True, related_name="letters")
    to = models.EmailField(_("to"))
    words = models.JSONField(default=dict)
    due_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [*tenant_constraints("onboarding_applicantletter", "application", "referral")]
        indexes = [
            models.Index(
                fields=["tenant", "due_at"],
                condition=models.Q(due_at__isnull=False),
                name="onboarding_applicantletter_due",
            ),
            models.Index(fields=["tenant", "application"], name="onboarding_applicantletter_of"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.to}"


def snapshot(application: Application) -> dict[str, Any]:
    """What an event keeps of an application."""
    return {"company": application.company, "number": application.number, "status": application.status}

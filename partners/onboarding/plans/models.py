"""Plans for getting started, and how far each new partner is with its own."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from partners.onboarding.agreements.models import Agreement
from partners.onboarding.documents.models import DocumentKind
from partners.onboarding.enums import StepKind, StepOwner
from partners.training.models import Course
from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class Plan(TenantModel):
    """The steps that partners of some types get started with; the first plan that fits is taken."""

    name = models.CharField(_("name"), max_length=100)
    position = models.PositiveSmallIntegerField(editable=False)
    partner_types = models.JSONField(_("for partner types"), default=list, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            *tenant_constraints("onboarding_plan"),
            models.UniqueConstraint(fields=["tenant", "name"], name="onboarding_plan_name"),
            models.UniqueConstraint(
                fields=["tenant", "position"],
                name="onboarding_plan_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StepFields(models.Model):
    """What a step says, in a plan and in a partner's copy of it."""

    position = models.PositiveSmallIntegerField(editable=False)
    title = models.CharField(_("step"), max_length=150)
    help = models.TextField(_("explanation"), max_length=1000, blank=True)
    kind = models.CharField(_("what is to be done"), max_length=10, choices=StepKind)
    owner = models.CharField(_("who does it"), max_length=10, choices=StepOwner, default=StepOwner.PARTNER)
    agreement = TenantForeignKey(Agreement, models.PROTECT, null=True, blank=True, related_name="+")
    document_kind = TenantForeignKey(DocumentKind, models.PROTECT, null=True, blank=True, related_name="+")
    course = TenantForeignKey(Course, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.title


class PlanStep(StepFields, TenantModel):
    """A step of a plan, due so many days after the start. `after` lists the steps (ids) that come first; those with
    nothing before them run side by side."""

    plan = TenantForeignKey(Plan, models.CASCADE, related_name="steps")
    due_days = models.PositiveSmallIntegerField(
        _("due, days after the start"), default=14, validators=[MaxValueValidator(730)]
    )
    after = models.JSONField(_("only after"), default=list, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            *tenant_constraints("onboarding_planstep", "plan", "agreement", "document_kind", "course"),
            models.UniqueConstraint(
                fields=["tenant", "plan", "position"],
                name="onboarding_planstep_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]


class Onboarding(TenantModel):
    """A partner's own run through a plan, as the plan was when it began."""

    partner = TenantForeignKey(Partner, models.PROTECT, related_name="onboardings")
    plan_name = models.CharField(_("plan"), max_length=100)
    started_on = models.DateField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started_on", "-id"]
        constraints = [
            *tenant_constraints("onboarding_onboarding", "partner"),
            PartnerIsolation(privileges="SELECT", name="onboarding_onboarding_partner"),
            models.UniqueConstraint(
                fields=["tenant", "partner"],
                condition=models.Q(finished_at__isnull=True, stopped_at__isnull=True),
                name="onboarding_onboarding_one_at_a_time",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "started_on"], name="onboarding_onboarding_since")]

    def __str__(self) -> str:
        return self.plan_name

    @property
    def is_running(self) -> bool:
        return self.finished_at is None and self.stopped_at is None


class OnboardingStep(StepFields, TenantModel):
    """A step of a partner's own. `after` lists the positions of the steps that come first; `reminded` says of which
    day its owner was told: 0 none, 1 that it comes, 2 that it has passed. Written by the portal alone."""

    onboarding = TenantForeignKey(Onboarding, models.CASCADE, related_name="steps")
    partner = TenantForeignKey(Partner, models.PROTECT, related_name="+")
    due_on = models.DateField(_("due"))
    after = models.JSONField(default=list)
    done_at = models.DateTimeField(_("done"), null=True)
    done_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    skipped = models.CharField(_("left out because"), max_length=500, blank=True)
    reminded = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [
            *tenant_constraints(
                "onboarding_onboardingstep",
                "onboarding",
                "partner",
                "agreement",
                "document_kind",
                "course",
                "done_by",
            ),
            PartnerIsolation(privileges="SELECT", name="onboarding_onboardingstep_partner"),
            models.UniqueConstraint(
                fields=["tenant", "onboarding", "position"], name="onboarding_onboardingstep_position"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "due_on"],
                condition=models.Q(done_at__isnull=True),
                name="onboarding_step_open",
            ),
            models.Index(fields=["tenant", "partner"], name="onboarding_step_of"),
        ]

    @property
    def is_closed(self) -> bool:
        return self.done_at is not None

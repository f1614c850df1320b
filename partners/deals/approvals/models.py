"""What decides on registrations: the rules in order, the lists an admin keeps, and what was decided."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import (
    ConflictCondition,
    Deciders,
    Decision,
    RequestKind,
    RequestState,
)
from portal.accounts.models import Membership
from portal.tenancy.constraints import (
    AppendOnly,
    PartnerIsolation,
    PartnerReadable,
    tenant_constraints,
)
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class ApprovalRule(TenantModel):
    """Who decides on the registrations that meet its conditions. The first active one that fits applies.

    An empty list or amount is no condition. `min_amount` counts as met, `max_amount` does not (`[from, to)`);
    both are minor units of the tenant's currency. `segments` are the codes of `registry.partner_segments`.
    """

    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("order"))
    is_active = models.BooleanField(_("in use"), default=True)
    min_amount = models.BigIntegerField(_("from"), null=True, blank=True)
    max_amount = models.BigIntegerField(_("below"), null=True, blank=True)
    segments = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    partner_types = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    regions = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    families = ArrayField(models.UUIDField(), default=list, blank=True)
    products = ArrayField(models.UUIDField(), default=list, blank=True)
    conflict = models.CharField(_("conflict"), max_length=3, choices=ConflictCondition, blank=True)
    decision = models.CharField(_("decision"), max_length=4, choices=Decision, default=Decision.ONE)
    deciders = models.CharField(_("who decides"), max_length=8, choices=Deciders, default=Deciders.MANAGER)
    decision_days = models.PositiveSmallIntegerField(
        _("business days to decide"), null=True, blank=True, validators=[MaxValueValidator(60)]
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("approval rule")
        ordering = ["position"]
        constraints = [
            *tenant_constraints("deals_approvalrule"),
            models.UniqueConstraint(
                fields=["tenant", "position"],
                name="deals_approvalrule_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(fields=["tenant", "name"], name="deals_approvalrule_name_once"),
            models.CheckConstraint(
                name="deals_approvalrule_amounts",
                condition=models.Q(min_amount__isnull=True)
                | models.Q(max_amount__isnull=True)
                | models.Q(min_amount__lt=models.F("max_amount")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RejectionReason(TenantModel):
    """A reason for rejecting that managers choose from."""

    name = models.CharField(_("reason"), max_length=120)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("rejection reason")
        ordering = ["name"]
        constraints = [
            *tenant_constraints("deals_rejectionreason"),
            models.UniqueConstraint(fields=["tenant", "name"], name="deals_rejectionreason_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Holiday(TenantModel):
    """A day on which the vendor does not work: it does not count towards the time to answer."""

    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("holiday")
        ordering = ["day"]
        constraints = [
            *tenant_constraints("deals_holiday"),
            PartnerReadable(name="deals_holiday_readable"),
            models.UniqueConstraint(fields=["tenant", "day"], name="deals_holiday_once"),
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.name}"


class DealRequest(TenantModel):
    """Something the partner asks about a decided registration: an appeal, or more time. It is kept for good."""

    partner = TenantForeignKey("directory.Partner", models.PROTECT, related_name="+")
    deal = TenantForeignKey("deals.Deal", models.PROTECT, related_name="requests")
    kind = models.CharField(_("kind"), max_length=10, choices=RequestKind)
    state = models.CharField(_("state"), max_length=10, choices=RequestState, default=RequestState.WAITING)
    grounds = models.TextField(_("grounds"), max_length=2000)
    asked_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")
    answer = models.TextField(_("answer"), blank=True, max_length=2000)
    answered_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)

    class Meta:
        verbose_name = _("request")
        ordering = ["-created_at", "-id"]
        constraints = [
            *tenant_constraints("deals_dealrequest", "partner", "deal", "asked_by", "answered_by"),
            PartnerIsolation(name="deals_dealrequest_partner"),
            # However often and fast a partner asks: one appeal a deal, one request for time at once.
            models.UniqueConstraint(
                fields=["tenant", "deal"],
                condition=models.Q(kind=RequestKind.APPEAL),
                name="deals_dealrequest_one_appeal",
            ),
            models.UniqueConstraint(
                fields=["tenant", "deal"],
                condition=models.Q(kind=RequestKind.EXTENSION, state=RequestState.WAITING),
                name="deals_dealrequest_one_extension",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "deal", "-created_at"], name="deals_dealrequest_of")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.get_state_display()}"


class DealDecision(TenantModel):
    """One decision and its grounds, for the vendor's eyes: it names the conflicting deals that were seen."""

    deal = TenantForeignKey("deals.Deal", models.PROTECT, related_name="decisions")
    verb = models.CharField(_("decision"), max_length=16)
    by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    rule_name = models.CharField(_("rule"), max_length=80, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    conflicts = models.JSONField(default=list)

    class Meta:
        verbose_name = _("decision")
        ordering = ["created_at", "id"]
        constraints = [
            *tenant_constraints("deals_dealdecision", "deal", "by"),
            AppendOnly(name="deals_dealdecision_append_only"),
        ]
        indexes = [models.Index(fields=["tenant", "deal", "created_at"], name="deals_dealdecision_of")]

    def __str__(self) -> str:
        return f"{self.verb} {self.deal_id}"

"""Tiers, who holds which and since when, and what the system proposes."""

import datetime as dt
from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from incentives.tiers.enums import (
    BADGE_FILLS,
    BadgeColour,
    Direction,
    OverrideStatus,
    PromotionTime,
    ProposalStatus,
    Repeat,
    SupportLevel,
)
from incentives.tiers.requirements import Group, parse
from metrics.periods import PeriodKind
from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel

FRACTION = [MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))]


class Tier(TenantModel):
    """A level of the programme. The lowest rank asks for nothing: every partner holds at least that."""

    name = models.CharField(_("name"), max_length=60)
    rank = models.PositiveSmallIntegerField(_("order"))
    description = models.CharField(_("in one sentence"), max_length=200, blank=True)
    colour = models.CharField(_("badge"), max_length=10, choices=BadgeColour, default=BadgeColour.BLUE)
    discount = models.DecimalField(
        _("discount"), max_digits=7, decimal_places=6, default=Decimal(0), validators=FRACTION
    )
    rebate_rate = models.DecimalField(
        _("rebate rate"), max_digits=7, decimal_places=6, default=Decimal(0), validators=FRACTION
    )
    lead_priority = models.PositiveSmallIntegerField(_("lead priority"), default=0)
    support_level = models.CharField(
        _("support"), max_length=10, choices=SupportLevel, default=SupportLevel.STANDARD
    )
    requirements = models.JSONField(_("requirements"), default=dict, blank=True)
    # Empty where keeping the tier asks for the same as reaching it.
    maintenance = models.JSONField(_("requirements for keeping it"), default=dict, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("tier")
        ordering = ["rank"]
        constraints = [
            *tenant_constraints("incentives_tier"),
            PartnerReadable(name="incentives_tier_readable"),
            models.UniqueConstraint(
                fields=["tenant", "rank"],
                name="incentives_tier_rank_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(fields=["tenant", "name"], name="incentives_tier_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def tree(self) -> Group:
        return parse(self.requirements)

    @property
    def upkeep(self) -> Group:
        """What keeping the tier asks for."""
        return parse(self.maintenance) if self.maintenance else self.tree

    def tree_from(self, rank: int) -> Group:
        """What it asks of a partner that holds the tier of `rank`: to be kept, or to be reached."""
        return self.upkeep if self.rank <= rank else self.tree

    @property
    def trees(self) -> list[Group]:
        return [self.tree, parse(self.maintenance)] if self.maintenance else [self.tree]

    @property
    def fill(self) -> str:
        return BADGE_FILLS[BadgeColour(self.colour)]


class TierPolicy(TenantModel):
    """How partners move between tiers; one for each tenant."""

    period = models.CharField(
        _("evaluation period"), max_length=10, choices=PeriodKind, default=PeriodKind.QUARTER
    )
    promotion = models.CharField(
        _("promote"), max_length=10, choices=PromotionTime, default=PromotionTime.AT_ONCE
    )
    automatic_promotion = models.BooleanField(_("promote without confirmation"), default=False)
    automatic_demotion = models.BooleanField(_("demote without confirmation"), default=False)
    grace_days = models.PositiveSmallIntegerField(
        _("days of grace"),
        default=90,
        help_text=_("How long after the first period's end below the requirements a tier is kept."),
    )
    only_at_year_end = models.BooleanField(_("demote only at the end of the programme year"), default=False)

    class Meta:
        verbose_name = _("tier policy")
        constraints = [
            *tenant_constraints("incentives_tierpolicy"),
            models.UniqueConstraint(fields=["tenant"], name="incentives_tierpolicy_once"),
        ]

    def __str__(self) -> str:
        return str(_("Tier policy"))


class TierProposal(TenantModel):
    """A move that the system proposes, with what it was decided on."""

    partner = TenantForeignKey("directory.Partner", models.CASCADE, related_name="tier_proposals")
    direction = models.CharField(_("direction"), max_length=10, choices=Direction)
    from_tier = TenantForeignKey(Tier, models.PROTECT, related_name="+", verbose_name=_("from"))
    to_tier = TenantForeignKey(Tier, models.PROTECT, related_name="+", verbose_name=_("to"))
    status = models.CharField(
        _("status"), max_length=10, choices=ProposalStatus, default=ProposalStatus.WAITING
    )
    period_start = models.DateField(_("period"))
    effective_on = models.DateField(_("takes effect on"))
    evidence = models.JSONField(default=dict)
    decided_by = TenantForeignKey(Membership, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("tier proposal")
        ordering = ["-id"]
        constraints = [
            *tenant_constraints("incentives_tierproposal", "partner", "from_tier", "to_tier", "decided_by"),
            models.UniqueConstraint(
                fields=["tenant", "partner"],
                condition=models.Q(status=ProposalStatus.WAITING),
                name="incentives_tierproposal_one_waiting",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "status", "-id"], name="incentives_tierproposal_ix")]

    def __str__(self) -> str:
        return f"{self.partner}: {self.from_tier} → {self.to_tier}"


class TierAssignment(TenantModel):
    """The tier a partner holds on the days of `during`. Days without one are of the lowest tier."""

    partner = TenantForeignKey("directory.Partner", models.CASCADE, related_name="tier_assignments")
    tier = TenantForeignKey(Tier, models.PROTECT, related_name="+")
    during = DateRangeField(_("from, until"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    proposal = TenantForeignKey(TierProposal, models.SET_NULL, null=True, related_name="+")
    assigned_by = TenantForeignKey(Membership, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("tier assignment")
        constraints = [
            *tenant_constraints("incentives_tierassignment", "partner", "tier", "proposal", "assigned_by"),
            PartnerIsolation(privileges="SELECT", name="incentives_tierassignment_partner"),
            ExclusionConstraint(
                name="incentives_tierassignment_one_at_a_time",
                expressions=[
                    ("tenant", RangeOperators.EQUAL),
                    ("partner", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.tier_id} {self.during}"


class TierStanding(TenantModel):
    """Where a partner stands, as last evaluated; what pages read. One row for each partner.

    `results` holds for each tier's id the evaluated requirement tree of today, `next_tier` the lowest
    tier above the one held, `progress` (0..1) how much of what it asks is there.
    """

    partner = TenantForeignKey("directory.Partner", models.CASCADE, related_name="tier_standings")
    tier = TenantForeignKey(Tier, models.PROTECT, related_name="+")
    next_tier = TenantForeignKey(Tier, models.PROTECT, null=True, related_name="+")
    reached_tier = TenantForeignKey(Tier, models.PROTECT, related_name="+")
    held_since = models.DateField(null=True)
    progress = models.DecimalField(max_digits=7, decimal_places=6, default=Decimal(0))
    results = models.JSONField(default=dict)
    below_since = models.DateField(null=True)
    evaluated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("tier standing")
        constraints = [
            *tenant_constraints("incentives_tierstanding", "partner", "tier", "next_tier", "reached_tier"),
            PartnerIsolation(privileges="SELECT", name="incentives_tierstanding_partner"),
            models.UniqueConstraint(fields=["tenant", "partner"], name="incentives_tierstanding_once"),
        ]
        indexes = [models.Index(fields=["tenant", "-progress"], name="incentives_tierstanding_ix")]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.tier_id}"


class ManualCheck(TenantModel):
    """Something that a person of the vendor confirms for a partner, such as references that were called."""

    name = models.CharField(_("name"), max_length=100)
    description = models.CharField(_("what is looked at"), max_length=300, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("manual check")
        ordering = ["name"]
        constraints = [
            *tenant_constraints("incentives_manualcheck"),
            PartnerReadable(name="incentives_manualcheck_readable"),
            models.UniqueConstraint(fields=["tenant", "name"], name="incentives_manualcheck_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class CheckMark(TenantModel):
    """A check that somebody has confirmed for a partner, from `given_on` up to and including `expires_on`.

    A mark that was withdrawn no longer holds from `withdrawn_on`; the days before stay as they were.
    """

    partner = TenantForeignKey("directory.Partner", models.CASCADE, related_name="+")
    # Named `item`, as Django keeps `check` to itself.
    item = TenantForeignKey(ManualCheck, models.PROTECT, related_name="marks", verbose_name=_("check"))
    given_on = models.DateField(_("from"))
    expires_on = models.DateField(_("valid until"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=500)
    given_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")
    withdrawn_on = models.DateField(null=True)
    withdrawn_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("confirmed check")
        ordering = ["-id"]
        constraints = [
            *tenant_constraints("incentives_checkmark", "partner", "item", "given_by", "withdrawn_by"),
            PartnerIsolation(privileges="SELECT", name="incentives_checkmark_partner"),
            models.UniqueConstraint(
                fields=["tenant", "partner", "item"],
                condition=models.Q(withdrawn_on__isnull=True),
                name="incentives_checkmark_one_at_a_time",
            ),
            models.CheckConstraint(
                name="incentives_checkmark_forward",
                condition=models.Q(expires_on__isnull=True) | models.Q(expires_on__gte=models.F("given_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.item_id}"

    def holds_on(self, day: dt.date) -> bool:
        return (
            self.given_on <= day
            and (self.expires_on is None or day <= self.expires_on)
            and (self.withdrawn_on is None or day < self.withdrawn_on)
        )


class TierOverride(TenantModel):
    """A tier that two people give a partner whatever its figures say, until a day.

    It counts from the day of the approval (`starts_on`) up to but not including `ends_on`, when the partner falls
    back to `fallback`, the tier held before.
    """

    partner = TenantForeignKey(
        "directory.Partner", models.CASCADE, related_name="+", verbose_name=_("partner")
    )
    tier = TenantForeignKey(Tier, models.PROTECT, related_name="+", verbose_name=_("tier"))
    fallback = TenantForeignKey(Tier, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=500)
    starts_on = models.DateField(_("from"), null=True)
    ends_on = models.DateField(_("until"))
    status = models.CharField(
        _("status"), max_length=10, choices=OverrideStatus, default=OverrideStatus.WAITING
    )
    proposed_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")
    decided_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(_("why"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("tier by hand")
        ordering = ["-id"]
        constraints = [
            *tenant_constraints(
                "incentives_tieroverride", "partner", "tier", "fallback", "proposed_by", "decided_by"
            ),
            models.UniqueConstraint(
                fields=["tenant", "partner"],
                condition=models.Q(status=OverrideStatus.WAITING),
                name="incentives_tieroverride_one_waiting",
            ),
            models.UniqueConstraint(
                fields=["tenant", "partner"],
                condition=models.Q(status=OverrideStatus.APPROVED),
                name="incentives_tieroverride_one_running",
            ),
            models.CheckConstraint(
                name="incentives_tieroverride_two_people",
                condition=~models.Q(status__in=[OverrideStatus.APPROVED, OverrideStatus.ENDED])
                | models.Q(decided_by__isnull=False, starts_on__isnull=False)
                & ~models.Q(decided_by=models.F("proposed_by")),
            ),
            models.CheckConstraint(
                name="incentives_tieroverride_forward",
                condition=models.Q(starts_on__isnull=True) | models.Q(ends_on__gt=models.F("starts_on")),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "status", "-id"], name="incentives_tieroverride_ix")]

    def __str__(self) -> str:
        return f"{self.partner}: {self.tier}"


class TierBenefit(TenantModel):
    """Something that partners of a tier are owed, once or every programme year, such as a joint press release."""

    tier = TenantForeignKey(Tier, models.CASCADE, related_name="owed_benefits")
    name = models.CharField(_("benefit"), max_length=120)
    repeats = models.CharField(_("owed"), max_length=10, choices=Repeat, default=Repeat.ONCE)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("benefit")
        ordering = ["id"]
        constraints = [
            *tenant_constraints("incentives_tierbenefit", "tier"),
            PartnerReadable(name="incentives_tierbenefit_readable"),
            models.UniqueConstraint(fields=["tenant", "tier", "name"], name="incentives_tierbenefit_once"),
        ]

    def __str__(self) -> str:
        return self.name


class BenefitDelivery(TenantModel):
    """A benefit that a partner was given. `due_from` is the day from which it was owed."""

    partner = TenantForeignKey("directory.Partner", models.CASCADE, related_name="+")
    benefit = TenantForeignKey(TierBenefit, models.PROTECT, related_name="deliveries")
    due_from = models.DateField(_("owed from"))
    delivered_on = models.DateField(_("delivered on"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    delivered_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("delivered benefit")
        ordering = ["-id"]
        constraints = [
            *tenant_constraints("incentives_benefitdelivery", "partner", "benefit", "delivered_by"),
            PartnerIsolation(privileges="SELECT", name="incentives_benefitdelivery_partner"),
            models.UniqueConstraint(
                fields=["tenant", "partner", "benefit", "due_from"], name="incentives_benefitdelivery_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.benefit_id}"

"""Leads, the offers made of them, and how the tenant distributes and qualifies them."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import MarketingChannel
from partners.deals.models import Deal
from partners.directory.models import Partner, Product, ProductFamily
from partners.leads.enums import (
    WITH_PARTNER,
    WITHOUT_PARTNER,
    AfterMoves,
    AnswerUnit,
    CriteriaKind,
    LeadOrigin,
    LeadStatus,
    OfferMeans,
    OfferState,
    RuleOutcome,
    RulePreference,
)
from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, PartnerReadable, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


def texts(length: int) -> ArrayField:
    return ArrayField(models.CharField(max_length=length), default=list, blank=True)


class LeadRule(TenantModel):
    """Where leads of a kind go. The first active rule whose conditions a lead meets applies.

    An empty list or amount is no condition. The second half says which partners may have them: `segments` are codes
    of `registry.partner_segments`, `max_open` is the load from which on a partner is passed over. Amounts are minor
    units of the tenant's currency; industries are kept in lower case.
    """

    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("order"))
    is_active = models.BooleanField(_("in use"), default=True)
    countries = texts(2)
    regions = texts(100)
    industries = texts(100)
    families = ArrayField(models.UUIDField(), default=list, blank=True)
    products = ArrayField(models.UUIDField(), default=list, blank=True)
    min_budget = models.BigIntegerField(_("budget from"), null=True, blank=True)
    outcome = models.CharField(_("then"), max_length=8, choices=RuleOutcome, default=RuleOutcome.OFFER)
    partner_types = texts(20)
    partner_regions = texts(100)
    segments = texts(64)
    same_country = models.BooleanField(_("only partners in the lead’s country"), default=False)
    same_region = models.BooleanField(_("only partners in the lead’s region"), default=False)
    max_open = models.PositiveSmallIntegerField(_("most open leads a partner"), null=True, blank=True)
    preference = models.CharField(
        _("who comes first"), max_length=8, choices=RulePreference, default=RulePreference.PRIORITY
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("distribution rule")
        ordering = ["position"]
        constraints = [
            *tenant_constraints("leads_leadrule"),
            models.UniqueConstraint(
                fields=["tenant", "position"],
                name="leads_leadrule_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(fields=["tenant", "name"], name="leads_leadrule_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class LeadPolicy(TenantModel):
    """How long partners have to answer, and what happens when they do not; one row a tenant."""

    answer_within = models.PositiveSmallIntegerField(
        _("time to answer"), default=2, validators=[MinValueValidator(1), MaxValueValidator(240)]
    )
    answer_unit = models.CharField(_("counted in"), max_length=5, choices=AnswerUnit, default=AnswerUnit.DAYS)
    max_offers = models.PositiveSmallIntegerField(
        _("partners asked, one after the other"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )
    after_offers = models.CharField(
        _("after that the lead"), max_length=8, choices=AfterMoves, default=AfterMoves.POOL
    )
    automatic = models.BooleanField(_("distribute leads as soon as they come in"), default=True)

    class Meta:
        verbose_name_plural = "lead policies"
        constraints = [
            *tenant_constraints("leads_leadpolicy"),
            models.UniqueConstraint(fields=["tenant"], name="leads_leadpolicy_once"),
        ]

    def __str__(self) -> str:
        return "Lead policy"


class LeadCriteria(TenantModel):
    """What a lead must be to count as qualified, or as marketing-qualified. Empty is no condition."""

    kind = models.CharField(max_length=10, choices=CriteriaKind)
    is_active = models.BooleanField(default=True)
    industries = texts(100)
    countries = texts(2)
    channels = texts(10)
    min_employees = models.PositiveIntegerField(null=True, blank=True)
    min_budget = models.BigIntegerField(null=True, blank=True)
    needs_contact = models.BooleanField(default=False)
    needs_consent = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "lead criteria"
        constraints = [
            *tenant_constraints("leads_leadcriteria"),
            # A partner's own leads are judged in the partner's session.
            PartnerReadable(name="leads_leadcriteria_readable"),
            models.UniqueConstraint(fields=["tenant", "kind"], name="leads_leadcriteria_once"),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class Lead(TenantModel):
    """A person or company that may become a deal.

    A partner's own lead is its own from the start. A vendor's lead has a partner only while one is offered it or works
    on it; nothing of what one partner wrote may reach the next. `budget` is in minor units of the tenant's currency.
    """

    number = models.CharField(_("number"), max_length=20, editable=False)
    origin = models.CharField(_("origin"), max_length=8, choices=LeadOrigin)
    status = models.CharField(_("status"), max_length=12, choices=LeadStatus)
    partner = TenantForeignKey(
        Partner, models.PROTECT, null=True, blank=True, related_name="leads", verbose_name=_("partner")
    )
    owner = TenantForeignKey(
        Membership, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who works on it")
    )

    company = models.CharField(_("company"), max_length=200, blank=True)
    domain = models.CharField(_("website"), max_length=253, blank=True)
    person = models.CharField(_("contact person"), max_length=150, blank=True)
    job_title = models.CharField(_("job title"), max_length=100, blank=True)
    email = models.EmailField(_("e-mail address"), blank=True)
    phone = models.CharField(_("telephone"), max_length=50, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    region = models.CharField(_("region"), max_length=100, blank=True)
    industry = models.CharField(_("industry"), max_length=100, blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    budget = models.BigIntegerField(_("budget"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    product = TenantForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    family = TenantForeignKey(
        ProductFamily,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product family"),
    )
    need = models.TextField(_("need"), blank=True, max_length=5000)
    source = models.CharField(_("source"), max_length=100, blank=True)
    channel = models.CharField(_("channel"), max_length=8, choices=MarketingChannel, blank=True)
    consent = models.CharField(_("consent"), max_length=500, blank=True)
    notes = models.TextField(_("notes"), blank=True, max_length=5000)

    qualified = models.BooleanField(_("qualified"), default=False, editable=False)
    marketing_qualified = models.BooleanField(_("marketing-qualified"), default=False, editable=False)
    # Why not, by kind of criteria: lists of {"code": ..., and what the sentence needs}.
    verdict = models.JSONField(default=dict, editable=False)

    submitted_at = models.DateTimeField(_("submitted"), null=True, editable=False)
    # By which rule it was distributed last; it decides who may pick it from the pool.
    rule = TenantForeignKey(LeadRule, models.SET_NULL, null=True, related_name="+", editable=False)
    offers_made = models.PositiveSmallIntegerField(default=0, editable=False)
    pooled_at = models.DateTimeField(null=True, editable=False)
    offered_at = models.DateTimeField(_("received"), null=True, editable=False)
    answer_due_at = models.DateTimeField(_("answer by"), null=True, editable=False)
    accepted_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    closing_reason = models.CharField(_("reason"), max_length=500, blank=True, editable=False)
    deal = TenantForeignKey(
        Deal, models.PROTECT, null=True, related_name="leads", editable=False, verbose_name=_("deal")
    )

    external_id = models.CharField(_("external id"), max_length=100, blank=True)
    import_id = models.UUIDField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            *tenant_constraints("leads_lead", "partner", "owner", "product", "family", "rule", "deal"),
            PartnerIsolation(name="leads_lead_partner"),
            models.UniqueConstraint(fields=["tenant", "number"], name="leads_lead_number"),
            models.UniqueConstraint(
                fields=["tenant", "external_id"],
                condition=~models.Q(external_id=""),
                name="leads_lead_external_id",
            ),
            models.CheckConstraint(
                name="leads_lead_holder",
                condition=models.Q(status__in=sorted(WITH_PARTNER), partner__isnull=False)
                | models.Q(status__in=sorted(WITHOUT_PARTNER), partner__isnull=True)
                | models.Q(status=LeadStatus.DISQUALIFIED),
            ),
            models.CheckConstraint(
                name="leads_lead_own_has_partner",
                condition=~models.Q(origin=LeadOrigin.OWN)
                | models.Q(partner__isnull=False, submitted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="leads_lead_offer_has_deadline",
                condition=~models.Q(status=LeadStatus.OFFERED) | models.Q(answer_due_at__isnull=False),
            ),
            models.CheckConstraint(
                name="leads_lead_converted_has_deal",
                condition=~models.Q(status=LeadStatus.CONVERTED)
                | models.Q(deal__isnull=False, closed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="leads_lead_somebody", condition=~(models.Q(company="") & models.Q(person=""))
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "-created_at", "-id"], name="leads_lead_newest"),
            models.Index(
                fields=["tenant", "partner", "-created_at", "-id"], name="leads_lead_partner_newest"
            ),
            models.Index(fields=["tenant", "partner", "submitted_at"], name="leads_lead_submitted"),
            models.Index(fields=["tenant", "partner", "closed_at"], name="leads_lead_closed"),
            models.Index(
                fields=["tenant", "answer_due_at"],
                condition=models.Q(status=LeadStatus.OFFERED),
                name="leads_lead_due",
            ),
            models.Index(
                fields=["tenant", "status", "-created_at"],
                condition=models.Q(status__in=sorted(WITHOUT_PARTNER)),
                name="leads_lead_to_distribute",
            ),
            models.Index(fields=["tenant", "deal"], name="leads_lead_deal_ix"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.headline}"

    @property
    def headline(self) -> str:
        return self.company or self.person

    @property
    def subline(self) -> str:
        """The person, where the company is the headline."""
        return self.person if self.company else ""

    @property
    def is_own(self) -> bool:
        return self.origin == LeadOrigin.OWN

    @property
    def received_at(self) -> datetime | None:
        """Since when its partner has it."""
        return self.submitted_at if self.is_own else self.offered_at

    @property
    def wanted(self) -> str:
        """What they are interested in."""
        return str(self.product or self.family or "")


class LeadOffer(TenantModel):
    """That a lead was given to a partner to answer, and what came of it. It is kept for good."""

    lead = TenantForeignKey(Lead, models.CASCADE, related_name="offers")
    partner = TenantForeignKey(Partner, models.PROTECT, related_name="+", verbose_name=_("partner"))
    state = models.CharField(_("answer"), max_length=10, choices=OfferState, default=OfferState.WAITING)
    means = models.CharField(_("how"), max_length=8, choices=OfferMeans)
    offered_at = models.DateTimeField(_("offered"))
    due_at = models.DateTimeField(_("answer by"), null=True)
    answered_at = models.DateTimeField(_("answered"), null=True)
    answered_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        ordering = ["-offered_at", "-id"]
        constraints = [
            *tenant_constraints("leads_leadoffer", "lead", "partner", "answered_by"),
            PartnerIsolation(privileges="SELECT", name="leads_leadoffer_partner"),
            # However many distribute at the same moment, one partner is asked at a time.
            models.UniqueConstraint(
                fields=["tenant", "lead"],
                condition=models.Q(state=OfferState.WAITING),
                name="leads_leadoffer_one_waiting",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "lead", "-offered_at"], name="leads_leadoffer_of"),
            models.Index(fields=["tenant", "partner", "-offered_at"], name="leads_leadoffer_partner_ix"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id} → {self.partner_id}: {self.state}"

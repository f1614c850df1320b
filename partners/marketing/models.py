"""Partners' campaigns and what they brought, day by day."""

import datetime as dt

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import MarketingChannel
from partners.directory.models import Partner, once
from portal.tenancy.constraints import PartnerIsolation, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel

COUNTS = ("impressions", "clicks", "visits", "conversions", "new_customers", "social_engagements")
AMOUNTS = ("spend", "revenue")
FIGURES = (*COUNTS, *AMOUNTS)


class Campaign(TenantModel):
    """Something that a partner does to be found. The budget is in minor units of the tenant's currency.

    `is_cobranded`: under both names; `is_joint`: run together with the vendor.
    """

    name = models.CharField(_("name"), max_length=150)
    partner = TenantForeignKey(Partner, models.PROTECT, related_name="campaigns", verbose_name=_("partner"))
    is_cobranded = models.BooleanField(_("co-branded"), default=False)
    is_joint = models.BooleanField(_("together with the vendor"), default=False)
    starts_on = models.DateField(_("begins"))
    ends_on = models.DateField(_("ends"), null=True, blank=True)
    budget = models.BigIntegerField(_("budget"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    goal = models.TextField(_("goal"), max_length=1000, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    external_id = models.CharField(_("external id"), max_length=100, blank=True)
    import_id = models.UUIDField(null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-starts_on"]
        constraints = [
            *tenant_constraints("marketing_campaign", "partner"),
            PartnerIsolation(name="marketing_campaign_partner"),
            once("external_id", name="marketing_campaign_external_id"),
            models.UniqueConstraint(fields=["tenant", "partner", "name"], name="marketing_campaign_name"),
            models.CheckConstraint(
                name="marketing_campaign_days",
                condition=models.Q(ends_on=None) | models.Q(ends_on__gte=models.F("starts_on")),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "partner", "starts_on"], name="marketing_campaign_of")]

    def __str__(self) -> str:
        return self.name

    def is_running(self, today: dt.date) -> bool:
        return self.starts_on <= today and (self.ends_on is None or today <= self.ends_on)


class DailyFigure(TenantModel):
    """What a campaign brought on a day from one source through one channel. Amounts in minor units of the tenant's
    currency."""

    campaign = TenantForeignKey(Campaign, models.CASCADE, related_name="figures")
    partner = TenantForeignKey(Partner, models.PROTECT, related_name="+")
    day = models.DateField(_("day"))
    source = models.CharField(_("source"), max_length=60, blank=True)
    channel = models.CharField(_("channel"), max_length=10, choices=MarketingChannel)
    impressions = models.PositiveBigIntegerField(_("impressions"), default=0)
    clicks = models.PositiveBigIntegerField(_("clicks"), default=0)
    visits = models.PositiveBigIntegerField(_("visits"), default=0)
    conversions = models.PositiveBigIntegerField(_("conversions"), default=0)
    new_customers = models.PositiveBigIntegerField(_("new customers"), default=0)
    social_engagements = models.PositiveBigIntegerField(_("social engagements"), default=0)
    spend = models.BigIntegerField(_("spend"), default=0)
    revenue = models.BigIntegerField(_("revenue"), default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["day", "source"]
        constraints = [
            *tenant_constraints("marketing_dailyfigure", "campaign", "partner"),
            PartnerIsolation(
                privileges="SELECT, INSERT, UPDATE, DELETE", name="marketing_dailyfigure_partner"
            ),
            models.UniqueConstraint(
                fields=["tenant", "campaign", "day", "source", "channel"], name="marketing_dailyfigure_once"
            ),
            models.CheckConstraint(
                condition=models.Q(spend__gte=0, revenue__gte=0), name="marketing_dailyfigure_amounts"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "partner", "day"], name="marketing_dailyfigure_of")]

    def __str__(self) -> str:
        return f"{self.day} {self.source}"

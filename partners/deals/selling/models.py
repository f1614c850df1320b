"""What a lost deal is explained with: reasons that the admin keeps, and competitors by name."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from portal.tenancy.constraints import PartnerReadable, tenant_constraints
from portal.tenancy.models import TenantModel


class LossReason(TenantModel):
    """A reason that can be given for a loss. One that is hidden stays on the deals that have it."""

    name = models.CharField(_("reason"), max_length=100)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(_("offered"), default=True)

    class Meta:
        app_label = "deals"
        ordering = ["position", "name"]
        constraints = [
            *tenant_constraints("deals_lossreason"),
            PartnerReadable(name="deals_lossreason_readable"),
            models.UniqueConstraint("tenant", Lower("name"), name="deals_lossreason_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Competitor(TenantModel):
    """A competitor that everyone is offered. Names that partners type stay with their deals until someone of
    the vendor takes them into the list: a name may tell who else works on a customer."""

    name = models.CharField(_("competitor"), max_length=200)
    is_active = models.BooleanField(_("offered"), default=True)

    class Meta:
        app_label = "deals"
        ordering = ["name"]
        constraints = [
            *tenant_constraints("deals_competitor"),
            PartnerReadable(name="deals_competitor_readable"),
            models.UniqueConstraint("tenant", Lower("name"), name="deals_competitor_name"),
        ]

    def __str__(self) -> str:
        return self.name

"""What the programme costs, by day and category, for all of it or for one partner."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner, once
from portal.tenancy.constraints import tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class Category(models.TextChoices):
    PEOPLE = "people", _("People")
    TOOLS = "tools", _("Tools")
    TRAINING = "training", _("Training")
    EVENTS = "events", _("Events")
    MARKETING = "marketing", _("Marketing")
    SUPPORT = "support", _("Support")
    OTHER = "other", _("Other")


class Cost(TenantModel):
    """Money spent on the programme, in minor units of the tenant's currency. Without a partner it is for all of it.

    Partner sessions cannot read it: what the vendor spends is its own affair.
    """

    spent_on = models.DateField(_("spent on"))
    category = models.CharField(_("category"), max_length=12, choices=Category)
    partner = TenantForeignKey(
        Partner, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("partner")
    )
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    note = models.CharField(_("note"), max_length=300, blank=True)
    external_id = models.CharField(_("external id"), max_length=100, blank=True)
    import_id = models.UUIDField(null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    goes_with_partner = _("Programme costs")

    class Meta:
        ordering = ["-spent_on"]
        constraints = [
            *tenant_constraints("metrics_costs_cost", "partner"),
            once("external_id", name="metrics_costs_cost_external_id"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="metrics_costs_cost_positive"),
        ]
        indexes = [
            models.Index(fields=["tenant", "spent_on"], name="metrics_costs_cost_day"),
            models.Index(fields=["tenant", "partner", "spent_on"], name="metrics_costs_cost_of"),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()} {self.spent_on}"

"""What other currencies are worth in the programme's own."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.tenancy.constraints import tenant_constraints
from portal.tenancy.models import TenantModel


class ExchangeRate(TenantModel):
    """`rate` units of the tenant's currency for one of `currency`, from `starts_on` until the next rate begins.

    What was converted keeps the rate it was converted at, so a rate can be taken away without harm.
    """

    currency = models.CharField(_("currency"), max_length=3)
    rate = models.DecimalField(_("rate"), max_digits=20, decimal_places=10)
    starts_on = models.DateField(_("from"))

    class Meta:
        verbose_name = _("exchange rate")
        ordering = ["currency", "-starts_on"]
        constraints = [
            *tenant_constraints("rates_exchangerate"),
            models.UniqueConstraint(
                fields=["tenant", "currency", "starts_on"], name="rates_exchangerate_once_a_day"
            ),
            models.CheckConstraint(name="rates_exchangerate_positive", condition=models.Q(rate__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.rate.normalize():f} ({self.starts_on})"

"""What customers have ordered from partners: the goods, their delivery and what came back."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Customer, Partner, Product, once
from partners.orders.enums import OrderStatus
from portal.accounts.models import Membership
from portal.tenancy.constraints import PartnerIsolation, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


class Order(TenantModel):
    """An order. Amounts are in minor units of `currency`, those ending in `_base` in the tenant's at `rate`.

    `total`, `cost` and `units` are the lines' sums; an imported order may have them without lines. `cost` is empty
    where that of some line is not known.
    """

    number = models.CharField(_("number"), max_length=20, editable=False)
    partner = TenantForeignKey(Partner, models.PROTECT, related_name="orders", verbose_name=_("partner"))
    customer = TenantForeignKey(
        Customer, models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("customer")
    )
    status = models.CharField(
        _("status"), max_length=10, choices=OrderStatus, default=OrderStatus.PLACED, editable=False
    )
    ordered_at = models.DateTimeField(_("ordered"))
    shipped_at = models.DateTimeField(_("shipped"), null=True, blank=True)
    fulfilled_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    cancelled_on = models.DateField(_("cancelled"), null=True, blank=True)
    cancel_reason = models.CharField(_("reason"), max_length=300, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    rate = models.DecimalField(
        _("exchange rate"), max_digits=20, decimal_places=10, default=Decimal(1), editable=False
    )
    units = models.PositiveIntegerField(_("units"), default=0)
    total = models.BigIntegerField(_("amount"))
    total_base = models.BigIntegerField(editable=False)
    cost = models.BigIntegerField(_("cost"), null=True, blank=True)
    cost_base = models.BigIntegerField(null=True, editable=False)
    note = models.CharField(_("note"), max_length=500, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    external_id = models.CharField(_("external id"), max_length=100, blank=True)
    import_id = models.UUIDField(null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-ordered_at"]
        constraints = [
            *tenant_constraints("orders_order", "partner", "customer"),
            PartnerIsolation(name="orders_order_partner"),
            models.UniqueConstraint(fields=["tenant", "number"], name="orders_order_number"),
            once("external_id", name="orders_order_external_id"),
            models.CheckConstraint(
                name="orders_order_amounts",
                condition=models.Q(total__gte=0, total_base__gte=0)
                & (models.Q(cost__gte=0) | models.Q(cost=None)),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "partner", "ordered_at"], name="orders_order_of"),
            models.Index(fields=["tenant", "ordered_at"], name="orders_order_day"),
        ]

    def __str__(self) -> str:
        return self.number


class OrderLine(TenantModel):
    """Goods of an order: how many, for how much each and at what cost each, in minor units of the order's currency."""

    order = TenantForeignKey(Order, models.CASCADE, related_name="lines")
    partner = TenantForeignKey(Partner, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    product = TenantForeignKey(Product, models.PROTECT, related_name="+", verbose_name=_("product"))
    quantity = models.PositiveIntegerField(_("quantity"), validators=[MinValueValidator(1)])
    unit_price = models.BigIntegerField(_("price each"))
    unit_cost = models.BigIntegerField(_("cost each"), null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            *tenant_constraints("orders_orderline", "order", "partner", "product"),
            PartnerIsolation(privileges="SELECT, INSERT, UPDATE, DELETE", name="orders_orderline_partner"),
            models.UniqueConstraint(fields=["tenant", "order", "position"], name="orders_orderline_position"),
            models.CheckConstraint(
                name="orders_orderline_positive",
                condition=models.Q(quantity__gt=0, unit_price__gte=0)
                & (models.Q(unit_cost__gte=0) | models.Q(unit_cost=None)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product_id}"

    @property
    def total(self) -> int:
        return self.quantity * self.unit_price


class OrderReturn(TenantModel):
    """Units of a delivered order that came back."""

    order = TenantForeignKey(Order, models.CASCADE, related_name="returns")
    partner = TenantForeignKey(Partner, models.PROTECT, related_name="+")
    returned_on = models.DateField(_("returned on"))
    quantity = models.PositiveIntegerField(_("units"), validators=[MinValueValidator(1)])
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    recorded_by = TenantForeignKey(Membership, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["returned_on"]
        constraints = [
            *tenant_constraints("orders_orderreturn", "order", "partner", "recorded_by"),
            PartnerIsolation(privileges="SELECT, INSERT", name="orders_orderreturn_partner"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="orders_orderreturn_positive"),
        ]
        indexes = [models.Index(fields=["tenant", "partner", "returned_on"], name="orders_orderreturn_of")]

    def __str__(self) -> str:
        return f"{self.quantity} {self.returned_on}"

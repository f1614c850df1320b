"""Where an order stands, and what may be done with it then."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class OrderStatus(models.TextChoices):
    PLACED = "placed", _("Placed")
    SHIPPED = "shipped", _("Shipped")
    DELIVERED = "delivered", _("Delivered")
    CANCELLED = "cancelled", _("Cancelled")


# verb -> (from, to)
TRANSITIONS: dict[str, tuple[frozenset[str], str]] = {
    "change": (frozenset({OrderStatus.PLACED}), OrderStatus.PLACED),
    "ship": (frozenset({OrderStatus.PLACED}), OrderStatus.SHIPPED),
    "deliver": (frozenset({OrderStatus.PLACED, OrderStatus.SHIPPED}), OrderStatus.DELIVERED),
    "cancel": (frozenset({OrderStatus.PLACED, OrderStatus.SHIPPED}), OrderStatus.CANCELLED),
    "return": (frozenset({OrderStatus.DELIVERED}), OrderStatus.DELIVERED),
}

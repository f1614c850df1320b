"""Reads of orders."""

from django.db.models import QuerySet, Sum

from partners.directory.models import Partner
from partners.directory.queries import visible_partners
from partners.orders.models import Order
from portal.accounts.models import Membership


def visible_orders(member: Membership) -> QuerySet[Order]:
    """A partner's own orders; the vendor's people see all."""
    orders = Order.objects.select_related("partner", "customer")
    return orders.filter(partner_id=member.partner_id) if member.is_partner else orders


def partners_to_act_for(member: Membership) -> QuerySet[Partner]:
    """For which partners the member may enter orders."""
    partners = visible_partners(member).order_by("name")
    if member.is_partner:
        return partners.filter(pk=member.partner_id)
    return partners if member.role == "admin" else partners.filter(manager=member)


def returned_units(order: Order) -> int:
    return order.returns.aggregate(units=Sum("quantity"))["units"] or 0

"""What an event of an order says in a timeline or the audit trail."""

from django.utils.translation import gettext as _

from portal.events.describe import describes
from portal.events.models import Event
from portal.money import format_money


@describes("order.placed")
def order_placed(event: Event) -> str:
    new = event.data["new"]
    return _("Entered the order %(number)s of %(amount)s.") % {
        "number": new["number"],
        "amount": format_money(new["total"], new["currency"]),
    }


@describes("order.changed")
def order_changed(event: Event) -> str:
    new = event.data["new"]
    return _("Changed the order; it now amounts to %s.") % format_money(new["total"], new["currency"])


@describes("order.shipped")
def order_shipped(event: Event) -> str:
    return _("Shipped the order.")


@describes("order.delivered")
def order_delivered(event: Event) -> str:
    return _("Delivered the order.")


@describes("order.cancelled")
def order_cancelled(event: Event) -> str:
    return _("Cancelled the order: %s") % event.data["reason"]


@describes("order.returned")
def order_returned(event: Event) -> str:
    return _("Noted a return of %(quantity)s units.") % event.data["new"]


@describes("orders.imported")
def orders_imported(event: Event) -> str:
    return _("Imported orders: %d.") % event.data["count"]

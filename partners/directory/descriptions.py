"""What an event of a partner, customer or product says in a timeline or the audit trail."""

from django.utils.translation import gettext as _

from partners.directory.enums import PartnerStatus
from portal.events.describe import describes
from portal.events.models import Event


def _name(event: Event) -> str:
    return event.data.get("new", {}).get("name") or ""


def _fields(event: Event) -> str:
    return ", ".join(name.replace("_", " ") for name in event.data.get("new", {}))


@describes("partner.created")
def partner_created(event: Event) -> str:
    return _("Added the partner %s.") % _name(event)


@describes("partner.updated")
def partner_updated(event: Event) -> str:
    return _("Changed the partner: %s.") % _fields(event)


@describes("partner.status_changed")
def partner_status_changed(event: Event) -> str:
    label = PartnerStatus(event.data["new"]["status"]).label
    reason = event.data.get("reason", "")
    sentence = _("The partner is now: %s") % label
    return f"{sentence}. {reason}" if reason else f"{sentence}."


@describes("customer.created")
def customer_created(event: Event) -> str:
    return _("Added the customer %s.") % _name(event)


@describes("customer.updated")
def customer_updated(event: Event) -> str:
    return _("Changed the customer: %s.") % _fields(event)


@describes("product.created")
def product_created(event: Event) -> str:
    return _("Added the product %s.") % _name(event)


@describes("product.updated")
def product_updated(event: Event) -> str:
    return _("Changed the product: %s.") % _fields(event)


@describes("product.family_created")
def family_created(event: Event) -> str:
    return _("Added the product family %s.") % _name(event)


@describes("product.family_updated")
def family_updated(event: Event) -> str:
    return _("Renamed the product family to %s.") % _name(event)

"""What an event of a partner, customer or product says in a timeline or the audit trail."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

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


@describes("customer.ended")
def customer_ended(event: Event) -> str:
    return _("Ended the business with %(name)s on %(day)s: %(reason)s") % {
        "name": event.data["name"],
        "day": event.data["new"]["ended_on"],
        "reason": event.data["reason"],
    }


@describes("customer.resumed")
def customer_resumed(event: Event) -> str:
    return _("Resumed the business with %(name)s: %(reason)s") % event.data


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


@describes("partner.terminated")
def partner_terminated(event: Event) -> str:
    return ngettext(
        "The partnership has ended; %(count)s person lost their access.",
        "The partnership has ended; %(count)s people lost their access.",
        len(event.data.get("members", ())),
    ) % {"count": len(event.data.get("members", ()))}


@describes("partner.reinstated")
def partner_reinstated(event: Event) -> str:
    return _("The partnership goes on again. %s") % event.data.get("reason", "")


@describes("partner.merged")
def partner_merged(event: Event) -> str:
    if event.data.get("late"):
        return (
            _("What %(merged)s had begun while it became part of this company has come as well.") % event.data
        )
    return _("%(merged)s became part of this company. %(reason)s") % event.data


@describes("company.became_part")
def partner_became_part(event: Event) -> str:
    return _("The company became part of %(kept)s. %(reason)s") % event.data


_PROFILE = {
    "description": gettext_lazy("description"),
    "regions": gettext_lazy("regions served"),
    "competences": gettext_lazy("competences"),
    "public_email": gettext_lazy("public e-mail address"),
    "public_phone": gettext_lazy("public telephone number"),
}


@describes("company.profile_changed")
def company_profile_changed(event: Event) -> str:
    names = ", ".join(str(_PROFILE.get(name, name)) for name in event.data.get("fields", ()))
    return _("Changed the company profile: %s.") % names


@describes("company.logo_changed")
def company_logo_changed(event: Event) -> str:
    return _("Changed the logo.")


@describes("company.logo_removed")
def company_logo_removed(event: Event) -> str:
    return _("Removed the logo.")


@describes("company.listed")
def company_listed(event: Event) -> str:
    return _("Agreed that customers find the company in the partner locator.")


@describes("company.unlisted")
def company_unlisted(event: Event) -> str:
    return _("Took the company from the partner locator.")


@describes("company.address_saved")
def company_address_saved(event: Event) -> str:
    return _("Saved the address %s.") % event.data.get("name", "")


@describes("company.address_removed")
def company_address_removed(event: Event) -> str:
    return _("Removed the address %s.") % event.data.get("name", "")


@describes("company.contact_saved")
def company_contact_saved(event: Event) -> str:
    return _("Saved the contact %s.") % event.data.get("name", "")


@describes("company.contact_removed")
def company_contact_removed(event: Event) -> str:
    return _("Removed the contact %s.") % event.data.get("name", "")


@describes("competence.saved")
def competence_saved(event: Event) -> str:
    return _("Saved the competence %s.") % _name(event)


@describes("locator.changed")
def locator_changed(event: Event) -> str:
    if event.data.get("new", {}).get("is_open"):
        return _("The partner locator is open to the public.")
    return _("The partner locator is closed.")

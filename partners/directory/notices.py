"""What a partner company's events tell whom."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES
from portal.events.models import Event
from portal.shell.audience import people_of
from portal.shell.notices import Notice, Words, notifies

PARTNERS = gettext_lazy("Partners")


def status_changed(events: list[Event]) -> Iterable[Notice]:
    """The company's own people."""
    people = people_of({event.partner_id for event in events if event.partner_id})
    for event in events:
        if event.partner_id:
            words = {"status": event.data["new"]["status"], "reason": event.data.get("reason", "")}
            yield Notice(event, people[event.partner_id], words, "directory:company")


def status_text(words: Words) -> str:
    sentence = _("Your company is now: %(status)s") % {"status": PartnerStatus(words["status"]).label}
    return f"{sentence}. {words['reason']}" if words["reason"] else f"{sentence}."


def many_statuses(count: int) -> str:
    return ngettext(
        "Your company's status was changed", "Your company's status was changed %(count)s times", count
    ) % {"count": count}


def assigned(events: list[Event]) -> Iterable[Notice]:
    """The manager who looks after the partner from now on."""
    given = [event for event in events if event.data.get("new", {}).get("manager")]
    partners = Partner.objects.in_bulk({event.subject_id for event in given})
    for event in given:
        partner = partners.get(event.subject_id)
        if partner and partner.manager_id:
            words = {"partner": partner.name}
            yield Notice(event, {partner.manager_id}, words, "directory:partner", (partner.pk,))


def assigned_text(words: Words) -> str:
    return _("You now look after %(partner)s") % words


def many_assigned(count: int) -> str:
    return ngettext(
        "You now look after %(count)s more partner", "You now look after %(count)s more partners", count
    ) % {"count": count}


notifies(
    "partner.status",
    gettext_lazy("Your company's status"),
    group=PARTNERS,
    events=("partner.status_changed",),
    tell=status_changed,
    text=status_text,
    many=many_statuses,
    many_url="directory:company",
    roles=PARTNER_ROLES,
    icon="building",
    order=300,
)
notifies(
    "partner.assigned",
    gettext_lazy("Partners you are given to look after"),
    group=PARTNERS,
    events=("partner.created", "partner.updated"),
    tell=assigned,
    text=assigned_text,
    many=many_assigned,
    many_url="directory:partners",
    roles=VENDOR_ROLES,
    icon="building-store",
    order=300,
)

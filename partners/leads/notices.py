"""What a lead's events tell whom.

What a partner is told names no company or person: the notice outlives the time in which the partner may see the lead.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.leads.enums import LeadStatus
from partners.leads.models import Lead
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES
from portal.events.models import Event
from portal.shell.audience import people_of, vendor_people
from portal.shell.formats import short_time
from portal.shell.notices import ByMail, Notice, Words, notifies

LEADS = gettext_lazy("Leads")


def _leads_of(events: Iterable[Event]) -> dict[UUID, Lead]:
    """The leads that events are about, in one query."""
    return Lead.objects.select_related("partner").in_bulk({event.subject_id for event in events})


def _words(lead: Lead, event: Event) -> Words:
    """What a partner may keep of it."""
    return {"event": event.type, "number": lead.number, "due": event.data.get("due", "")}


def offered(events: list[Event]) -> Iterable[Notice]:
    """Offers that still wait for an answer."""
    leads = _leads_of(events)
    people = people_of({event.partner_id for event in events if event.partner_id})
    for event in events:
        lead = leads.get(event.subject_id)
        partner_id = event.partner_id
        if lead and partner_id and partner_id == lead.partner_id and lead.status == LeadStatus.OFFERED:
            yield Notice(event, people[partner_id], _words(lead, event), "leads:detail", (lead.pk,))


def offered_text(words: Words) -> str:
    return _("You are offered the lead %(number)s: accept or decline it by %(due)s") % {
        "number": words["number"],
        "due": short_time(datetime.fromisoformat(words["due"])),
    }


def many_offered(count: int) -> str:
    return ngettext("%(count)s lead waits for your answer", "%(count)s leads wait for your answer", count) % {
        "count": count
    }


def left(events: list[Event]) -> Iterable[Notice]:
    """To the partner that no longer has it."""
    leads = _leads_of(events)
    people = people_of({event.partner_id for event in events if event.partner_id})
    for event in events:
        if (lead := leads.get(event.subject_id)) and event.partner_id:
            yield Notice(event, people[event.partner_id], _words(lead, event), "leads:list")


def left_text(words: Words) -> str:
    if words["event"] == "lead.taken_back":
        return _("The vendor has taken the lead %s back") % words["number"]
    return _("You did not answer the lead %s in time; it went to someone else") % words["number"]


def many_left(count: int) -> str:
    return ngettext("%(count)s lead is no longer yours", "%(count)s leads are no longer yours", count) % {
        "count": count
    }


def answered(events: list[Event]) -> Iterable[Notice]:
    """To the channel manager of the partner that acted."""
    leads = _leads_of(events)
    partners = {lead.partner_id: lead.partner for lead in leads.values() if lead.partner}
    everybody = set(vendor_people(VENDOR_ROLES))
    for event in events:
        lead, partner = leads.get(event.subject_id), partners.get(event.partner_id)
        if lead and partner and partner.manager_id in everybody:
            words = {"event": event.type, "lead": lead.headline, "partner": partner.name}
            yield Notice(event, [partner.manager_id], words, "leads:detail", (lead.pk,))


def answered_text(words: Words) -> str:
    named = {"lead": words["lead"], "partner": words["partner"]}
    match words["event"]:
        case "lead.accepted":
            return _("%(partner)s has accepted the lead %(lead)s") % named
        case "lead.picked":
            return _("%(partner)s has picked the lead %(lead)s") % named
        case "lead.converted":
            return _("%(partner)s has made a deal of the lead %(lead)s") % named
        case "lead.qualified":
            return _("The lead %(lead)s of %(partner)s counts as qualified") % named
    return _("%(partner)s has closed the lead %(lead)s without a deal") % named


def many_answered(count: int) -> str:
    return ngettext("News of %(count)s lead", "News of %(count)s leads", count) % {"count": count}


def waiting(events: list[Event]) -> Iterable[Notice]:
    """To everybody who distributes: the lead is nobody's, or came back."""
    leads = _leads_of(events)
    people = vendor_people(VENDOR_ROLES)
    for event in events:
        lead = leads.get(event.subject_id)
        if lead and lead.status == LeadStatus.UNASSIGNED:
            yield Notice(event, people, {"lead": lead.headline}, "leads:detail", (lead.pk,))


def waiting_text(words: Words) -> str:
    return _("The lead %s waits to be distributed") % words["lead"]


def many_waiting(count: int) -> str:
    return ngettext(
        "%(count)s lead waits to be distributed", "%(count)s leads wait to be distributed", count
    ) % {"count": count}


notifies(
    "leads.offered",
    gettext_lazy("Leads that you are offered"),
    group=LEADS,
    events=("lead.offered",),
    tell=offered,
    text=offered_text,
    many=many_offered,
    many_url="leads:list",
    roles=PARTNER_ROLES,
    icon="user-search",
    order=20,
)
notifies(
    "leads.left",
    gettext_lazy("Leads that went to someone else"),
    group=LEADS,
    events=("lead.moved_on", "lead.taken_back"),
    tell=left,
    text=left_text,
    many=many_left,
    many_url="leads:list",
    roles=PARTNER_ROLES,
    mail=ByMail.DIGEST,
    icon="user-minus",
    order=21,
)
notifies(
    "leads.answered",
    gettext_lazy("What partners do with leads"),
    group=LEADS,
    events=("lead.accepted", "lead.picked", "lead.converted", "lead.disqualified", "lead.qualified"),
    tell=answered,
    text=answered_text,
    many=many_answered,
    many_url="leads:list",
    roles=VENDOR_ROLES,
    mail=ByMail.DIGEST,
    icon="user-check",
    order=22,
)
notifies(
    "leads.waiting",
    gettext_lazy("Leads to distribute"),
    group=LEADS,
    events=("lead.held",),
    tell=waiting,
    text=waiting_text,
    many=many_waiting,
    many_url="leads:to_distribute",
    roles=VENDOR_ROLES,
    mail=ByMail.DIGEST,
    icon="arrows-split",
    order=23,
)

"""What an event of a lead says in a timeline or the audit trail. A partner reads only those told to it."""

from datetime import datetime

from django.utils.translation import gettext as _

from partners.leads.enums import CriteriaKind, OfferMeans
from portal.events.describe import describes
from portal.events.models import Event
from portal.shell.formats import short_time


def _with_reason(sentence: str, reason: str) -> str:
    return f"{sentence}: {reason}" if reason else f"{sentence}."


@describes("lead.created")
def created(event: Event) -> str:
    return _("Submitted the lead.") if event.partner_id else _("Entered the lead.")


@describes("lead.updated")
def updated(event: Event) -> str:
    names = {
        "company": _("the company"),
        "domain": _("the website"),
        "person": _("the contact person"),
        "job_title": _("the job title"),
        "email": _("the e-mail address"),
        "phone": _("the telephone"),
        "country": _("the country"),
        "region": _("the region"),
        "industry": _("the industry"),
        "employees": _("the company’s size"),
        "budget": _("the budget"),
        "product": _("the product"),
        "family": _("the product family"),
        "need": _("the need"),
        "source": _("the source"),
        "channel": _("the channel"),
        "consent": _("the consent"),
        "notes": _("the notes"),
        "owner": _("who works on it"),
    }
    changed = [names[name] for name in event.data.get("fields", []) if name in names]
    return _("Changed %s.") % ", ".join(changed) if changed else _("Changed the lead.")


@describes("lead.offered")
def offered(event: Event) -> str:
    names = {
        "partner": event.data.get("partner", ""),
        "due": short_time(datetime.fromisoformat(event.data["due"])),
    }
    if event.data.get("means") == OfferMeans.HAND:
        return _("Offered to %(partner)s, to answer by %(due)s.") % names
    return _("Offered to %(partner)s by the rules, to answer by %(due)s.") % names


@describes("lead.pooled")
def pooled(event: Event) -> str:
    rule = event.data.get("rule")
    return _("Put in the pool by the rule “%s”.") % rule if rule else _("Put in the pool.")


@describes("lead.held")
def held(event: Event) -> str:
    rule = event.data.get("rule")
    return (
        _("Waits for a manager (rule “%s”).") % rule if rule else _("Waits for a manager: no rule takes it.")
    )


@describes("lead.accepted")
def accepted(event: Event) -> str:
    return _("Accepted the lead.")


@describes("lead.declined")
def declined(event: Event) -> str:
    sentence = _("%s declined the lead") % event.data.get("partner", "")
    return _with_reason(sentence, event.data.get("reason", ""))


@describes("lead.moved_on")
def moved_on(event: Event) -> str:
    return _("%s did not answer in time; the lead moved on.") % event.data.get("partner", "")


@describes("lead.picked")
def picked(event: Event) -> str:
    return _("%s picked the lead from the pool.") % event.data.get("partner", "")


@describes("lead.taken_back")
def taken_back(event: Event) -> str:
    return _("Took the lead back.")


@describes("lead.converted")
def converted(event: Event) -> str:
    return _("Became the deal %s.") % event.data.get("deal", "")


@describes("lead.conversion_undone")
def conversion_undone(event: Event) -> str:
    return _("The registration was withdrawn, so the lead is open again.")


@describes("lead.disqualified")
def disqualified(event: Event) -> str:
    return _with_reason(_("Disqualified the lead"), event.data.get("reason", ""))


@describes("lead.reopened")
def reopened(event: Event) -> str:
    return _("Took the lead up again.")


@describes("lead.qualified")
def qualified(event: Event) -> str:
    if event.data.get("kind") == CriteriaKind.MARKETING:
        return _("The lead now counts as marketing-qualified.")
    return _("The lead now counts as qualified.")


@describes("lead.unqualified")
def unqualified(event: Event) -> str:
    if event.data.get("kind") == CriteriaKind.MARKETING:
        return _("The lead no longer counts as marketing-qualified.")
    return _("The lead no longer counts as qualified.")


@describes("leads.imported")
def imported(event: Event) -> str:
    return _("Imported leads (%s).") % event.data.get("count", 0)


@describes("leads.rules_changed")
def rules_changed(event: Event) -> str:
    if event.data.get("deleted"):
        return _("Removed the distribution rule “%s”.") % event.data["rule"]
    return _("Changed the distribution rule “%s”.") % event.data["rule"]


@describes("leads.policy_changed")
def policy_changed(event: Event) -> str:
    return _("Changed the terms for offered leads.")


@describes("leads.criteria_changed")
def criteria_changed(event: Event) -> str:
    return _("Changed what makes a lead qualified.")

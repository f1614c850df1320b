"""What a deal's events tell whom."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.deals.enums import WAITING_STATUSES
from partners.deals.models import Deal
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role
from portal.events.models import Event
from portal.shell.audience import people_of, vendor_people
from portal.shell.formats import quick_money, short_date
from portal.shell.notices import ByMail, Notice, Words, notifies

DEALS = gettext_lazy("Deals")


def deals_of(events: Iterable[Event]) -> dict[UUID, Deal]:
    """The deals that events are about, with customer and partner, in one query."""
    ids = {event.subject_id for event in events}
    return Deal.objects.select_related("partner", "customer").in_bulk(ids)


def sellers(deals: Iterable[Deal]) -> dict[UUID, set[UUID]]:
    """Who sells each deal: its contact, or the partner's owners where it has none any more. One query."""
    deals = list(deals)
    people = people_of({deal.partner_id for deal in deals})
    owners = people_of({deal.partner_id for deal in deals}, {Role.PARTNER_OWNER})
    return {
        deal.pk: {deal.owner_id} if deal.owner_id in people[deal.partner_id] else set(owners[deal.partner_id])
        for deal in deals
    }


def deciders(deals: Iterable[Deal]) -> dict[UUID, set[UUID]]:
    """Who decides each deal: the partner's manager; everybody of the vendor where there is none. One query."""
    everybody = set(vendor_people(VENDOR_ROLES))
    return {
        deal.pk: {deal.partner.manager_id} if deal.partner.manager_id in everybody else everybody
        for deal in deals
    }


def words_of(deal: Deal, event: Event) -> Words:
    new = event.data.get("new", {})
    protection = new.get("protection") or [None, None]
    return {
        "event": event.type,
        "number": deal.number,
        "about": deal.customer.name if deal.customer else deal.title,
        "partner": deal.partner.name,
        "reason": event.data.get("reason") or new.get("decision_reason") or new.get("loss_reason") or "",
        "until": protection[1],
        "revenue": new.get("revenue"),
        "currency": deal.currency,
        "excerpt": event.data.get("excerpt", ""),
    }


def name_of(words: Words) -> str:
    return f"{words['number']} · {words['about']}" if words["about"] else words["number"]


def _because(sentence: str, words: Words) -> str:
    return f"{sentence}: {words['reason']}" if words["reason"] else f"{sentence}."


def to_sellers(events: list[Event]) -> Iterable[Notice]:
    deals = deals_of(events)
    people = sellers(deals.values())
    for event in events:
        if deal := deals.get(event.subject_id):
            yield Notice(event, people[deal.pk], words_of(deal, event), "deals:detail", (deal.pk,))


def to_deciders(events: list[Event]) -> Iterable[Notice]:
    deals = deals_of(events)
    people = deciders(deals.values())
    for event in events:
        if deal := deals.get(event.subject_id):
            yield Notice(event, people[deal.pk], words_of(deal, event), "deals:detail", (deal.pk,))


def waiting(events: list[Event]) -> Iterable[Notice]:
    """What still waits: a rule may have decided it in the same moment."""
    deals = deals_of(events)
    for notice in to_deciders(events):
        deal = deals[notice.event.subject_id]
        if deal.status in WAITING_STATUSES or deal.win_claim:
            yield notice


def to_both(events: list[Event]) -> Iterable[Notice]:
    deals = deals_of(events)
    theirs, ours = sellers(deals.values()), deciders(deals.values())
    for event in events:
        if deal := deals.get(event.subject_id):
            manager = ours[deal.pk] if deal.partner.manager_id else set()
            yield Notice(event, theirs[deal.pk] | manager, words_of(deal, event), "deals:detail", (deal.pk,))


def decided_text(words: Words) -> str:
    name = {"deal": name_of(words)}
    match words["event"]:
        case "deal.approved":
            sentence = _("%(deal)s is approved") % name
            if words["until"]:
                day = short_date(datetime.fromisoformat(words["until"]))
                sentence = _("%(deal)s is approved and protected until %(day)s") % {**name, "day": day}
        case "deal.returned":
            sentence = _("%(deal)s needs something more from you") % name
        case "deal.rejected":
            sentence = _("%(deal)s is rejected") % name
        case "deal.cancelled":
            sentence = _("The registration of %(deal)s is cancelled") % name
        case "deal.win_declined":
            sentence = _("The reported win of %(deal)s is declined") % name
        case "deal.reversed":
            sentence = _("The win of %(deal)s is reversed") % name
        case _other:
            sentence = _("%(deal)s is won") % name
    return _because(sentence, words)


def many_decided(count: int) -> str:
    return ngettext("%(count)s decision on your deals", "%(count)s decisions on your deals", count) % {
        "count": count
    }


def waiting_text(words: Words) -> str:
    named = {"deal": name_of(words), "partner": words["partner"]}
    if words["event"] == "deal.win_reported":
        return _("%(partner)s reports %(deal)s won; it waits for your confirmation") % named
    return _("%(partner)s has registered %(deal)s; it waits for your decision") % named


def many_waiting(count: int) -> str:
    return ngettext(
        "%(count)s registration waits for your decision",
        "%(count)s registrations wait for your decision",
        count,
    ) % {"count": count}


def outcome_text(words: Words) -> str:
    named = {"deal": name_of(words), "partner": words["partner"]}
    match words["event"]:
        case "deal.won":
            sentence = _("%(partner)s has won %(deal)s") % named
            if words["revenue"]:
                return f"{sentence}: {quick_money(words['revenue'], words['currency'])}"
            return f"{sentence}."
        case "deal.lost":
            return _because(_("%(partner)s has lost %(deal)s") % named, words)
        case _other:
            return _because(_("%(partner)s has withdrawn %(deal)s") % named, words)


def many_outcomes(count: int) -> str:
    return ngettext(
        "%(count)s deal of your partners was closed", "%(count)s deals of your partners were closed", count
    ) % {"count": count}


def expired_text(words: Words) -> str:
    return _("The protection of %(deal)s has ended, and the registration has expired.") % {
        "deal": name_of(words)
    }


def many_expired(count: int) -> str:
    return ngettext(
        "The protection of %(count)s registration has ended",
        "The protection of %(count)s registrations has ended",
        count,
    ) % {"count": count}


def commented_text(words: Words) -> str:
    return _("There is a new comment on %(deal)s: “%(excerpt)s”") % {
        "deal": name_of(words),
        "excerpt": words["excerpt"],
    }


def many_comments(count: int) -> str:
    return ngettext("%(count)s new comment on your deals", "%(count)s new comments on your deals", count) % {
        "count": count
    }


def imported(events: list[Event]) -> Iterable[Notice]:
    """One for each partner and part of the file; the partner's owners hear of it."""
    owners = people_of({event.partner_id for event in events if event.partner_id}, {Role.PARTNER_OWNER})
    for event in events:
        if event.partner_id:
            words = {"count": event.data.get("count", 0)}
            yield Notice(event, owners[event.partner_id], words, "deals:list")


def imported_text(words: Words) -> str:
    return ngettext(
        "%(count)s deal was imported for you", "%(count)s deals were imported for you", words["count"]
    ) % {"count": words["count"]}


def many_imported(count: int) -> str:
    return _("Deals were imported for you")


notifies(
    "deals.decided",
    gettext_lazy("Decisions on your deals"),
    group=DEALS,
    events=(
        "deal.approved",
        "deal.returned",
        "deal.rejected",
        "deal.cancelled",
        "deal.win_declined",
        "deal.reversed",
        "deal.won",
    ),
    tell=to_sellers,
    text=decided_text,
    many=many_decided,
    many_url="deals:list",
    roles=PARTNER_ROLES,
    icon="gavel",
    order=10,
)
notifies(
    "deals.comments",
    gettext_lazy("Comments on your deals"),
    group=DEALS,
    events=("deal.commented",),
    tell=to_both,
    text=commented_text,
    many=many_comments,
    many_url="deals:list",
    mail=ByMail.DIGEST,
    icon="message",
    order=220,
)
notifies(
    "deals.waiting",
    gettext_lazy("Registrations and wins that wait for your decision"),
    group=DEALS,
    events=("deal.submitted", "deal.win_reported"),
    tell=waiting,
    text=waiting_text,
    many=many_waiting,
    many_url="deals:inbox",
    roles=VENDOR_ROLES,
    icon="inbox",
    order=10,
)
notifies(
    "deals.expired",
    gettext_lazy("Protection that has ended"),
    group=DEALS,
    events=("deal.expired",),
    tell=to_both,
    text=expired_text,
    many=many_expired,
    many_url="deals:list",
    icon="clock-off",
    order=20,
)
notifies(
    "deals.outcome",
    gettext_lazy("Deals your partners win, lose or withdraw"),
    group=DEALS,
    events=("deal.won", "deal.lost", "deal.withdrawn"),
    tell=to_deciders,
    text=outcome_text,
    many=many_outcomes,
    many_url="deals:list",
    roles=VENDOR_ROLES,
    mail=ByMail.DIGEST,
    icon="trophy",
    order=30,
)
notifies(
    "deals.imported",
    gettext_lazy("Deals that the vendor imports for you"),
    group=DEALS,
    events=("deals.imported",),
    tell=imported,
    text=imported_text,
    many=many_imported,
    many_url="deals:list",
    roles={Role.PARTNER_OWNER},
    mail=ByMail.DIGEST,
    icon="file-import",
    order=40,
)

"""What a deal's events tell whom."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.deals.enums import WAITING_STATUSES, Deciders
from partners.deals.models import Deal
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role
from portal.events.models import Event
from portal.money import quick_money
from portal.shell.audience import people_of, vendor_people
from portal.shell.formats import short_date
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
    """Who decides each deal: the partner's manager, everybody of the vendor where there is none, and administrators
    where a rule keeps it for them. Two queries."""
    everybody, admins = set(vendor_people(VENDOR_ROLES)), set(vendor_people({Role.ADMIN}))

    def of(deal: Deal) -> set[UUID]:
        if deal.is_waiting and deal.deciders == Deciders.ADMIN:
            return admins
        manager = deal.partner.manager_id
        return {manager} if manager in everybody else everybody

    return {deal.pk: of(deal) for deal in deals}


def words_of(deal: Deal, event: Event) -> Words:
    new = event.data.get("new", {})
    protection = new.get("protection") or [None, None]
    return {
        "event": event.type,
        "number": deal.number,
        "about": deal.customer.name if deal.customer else deal.title,
        "partner": deal.partner.name,
        "reason": event.data.get("reason")
        or event.data.get("grounds")
        or event.data.get("note")
        or new.get("decision_reason")
        or new.get("loss_reason")
        or "",
        "until": protection[1] or event.data.get("until"),
        "due": event.data.get("due"),
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
        if deal.status in WAITING_STATUSES or deal.win_claim or deal.request:
            yield notice


def seconders(events: list[Event]) -> Iterable[Notice]:
    """The other people who may give the second approval: the partner's manager and administrators."""
    admins = set(vendor_people({Role.ADMIN}))
    for notice in waiting(events):
        yield replace(notice, members={*notice.members, *admins})


def judges(events: list[Event]) -> Iterable[Notice]:
    """Administrators decide on appeals."""
    deals, admins = deals_of(events), set(vendor_people({Role.ADMIN}))
    for event in events:
        deal = deals.get(event.subject_id)
        if deal and deal.request:
            yield Notice(event, admins, words_of(deal, event), "deals:detail", (deal.pk,))


def late(events: list[Event]) -> Iterable[Notice]:
    """Those who decide; administrators as well once it takes too long."""
    admins = set(vendor_people({Role.ADMIN}))
    for notice in to_deciders(events):
        more = admins if notice.event.type == "deal.decision_overdue" else set()
        yield replace(notice, members={*notice.members, *more})


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
        case "deal.appeal_granted":
            day = short_date(datetime.fromisoformat(words["until"]))
            sentence = _("Your appeal is granted: %(deal)s is protected until %(day)s") % {**name, "day": day}
        case "deal.rejection_upheld":
            sentence = _("The rejection of %(deal)s stands after your appeal") % name
        case "deal.extended":
            day = short_date(datetime.fromisoformat(words["until"]))
            sentence = _("%(deal)s is protected longer, until %(day)s") % {**name, "day": day}
        case "deal.extension_declined":
            sentence = _("You get no more time for %(deal)s") % name
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
    match words["event"]:
        case "deal.win_reported":
            return _("%(partner)s reports %(deal)s won; it waits for your confirmation") % named
        case "deal.appealed":
            return _because(_("%(partner)s appeals against the rejection of %(deal)s") % named, words)
        case "deal.extension_asked":
            return _because(_("%(partner)s asks for more time for %(deal)s") % named, words)
        case "deal.first_approved":
            return _("%(deal)s of %(partner)s has one approval and waits for a second, yours") % named
    return _("%(partner)s has registered %(deal)s; it waits for your decision") % named


def many_waiting(count: int) -> str:
    return ngettext(
        "%(count)s registration waits for your decision",
        "%(count)s registrations wait for your decision",
        count,
    ) % {"count": count}


def late_text(words: Words) -> str:
    named = {"deal": name_of(words), "partner": words["partner"]}
    named["day"] = short_date(datetime.fromisoformat(words["due"]))
    if words["event"] == "deal.decision_overdue":
        return _("%(partner)s has waited too long for an answer on %(deal)s: it was due on %(day)s") % named
    return _("%(partner)s waits for an answer on %(deal)s, due on %(day)s") % named


def many_late(count: int) -> str:
    return ngettext("%(count)s answer is due or late", "%(count)s answers are due or late", count) % {
        "count": count
    }


def ending_text(words: Words) -> str:
    day = short_date(datetime.fromisoformat(words["until"]))
    return _("The protection of %(deal)s ends on %(day)s: report it won or lost, or ask for more time") % {
        "deal": name_of(words),
        "day": day,
    }


def many_ending(count: int) -> str:
    return ngettext(
        "The protection of %(count)s deal ends soon", "The protection of %(count)s deals ends soon", count
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
        "deal.appeal_granted",
        "deal.rejection_upheld",
        "deal.extended",
        "deal.extension_declined",
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
    events=("deal.submitted", "deal.left_to_person", "deal.win_reported", "deal.extension_asked"),
    tell=waiting,
    text=waiting_text,
    many=many_waiting,
    many_url="deals:inbox",
    roles=VENDOR_ROLES,
    icon="inbox",
    order=10,
)
notifies(
    "deals.second_approval",
    gettext_lazy("Registrations that need a second approval"),
    group=DEALS,
    events=("deal.first_approved",),
    tell=seconders,
    text=waiting_text,
    many=many_waiting,
    many_url="deals:inbox",
    roles=VENDOR_ROLES,
    icon="users",
    order=12,
)
notifies(
    "deals.appealed",
    gettext_lazy("Appeals that wait for your decision"),
    group=DEALS,
    events=("deal.appealed",),
    tell=judges,
    text=waiting_text,
    many=many_waiting,
    many_url="deals:inbox",
    roles={Role.ADMIN},
    icon="scale",
    order=14,
)
notifies(
    "deals.late",
    gettext_lazy("Reminders of decisions that are due or late"),
    group=DEALS,
    events=("deal.decision_due", "deal.decision_overdue"),
    tell=late,
    text=late_text,
    many=many_late,
    many_url="deals:inbox",
    roles=VENDOR_ROLES,
    icon="alarm",
    order=16,
)
notifies(
    "deals.ending",
    gettext_lazy("Protection that ends soon"),
    group=DEALS,
    events=("deal.protection_ending",),
    tell=to_sellers,
    text=ending_text,
    many=many_ending,
    many_url="deals:list",
    roles=PARTNER_ROLES,
    icon="hourglass",
    order=18,
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

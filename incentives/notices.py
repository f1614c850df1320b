"""What tiers and earnings tell whom."""

import datetime as dt
from collections.abc import Callable, Iterable
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.directory.models import Partner
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role
from portal.events.models import Event
from portal.money import quick_money
from portal.shell.audience import people_of, vendor_people
from portal.shell.formats import short_date
from portal.shell.notices import ByMail, Notice, Words, notifies

TIERS = gettext_lazy("Tiers")
EARNINGS = gettext_lazy("Earnings")
Tell = Callable[[list[Event]], Iterable[Notice]]


def proposed(events: list[Event]) -> Iterable[Notice]:
    """Administrators, who confirm, and the partner's manager."""
    partners = Partner.objects.in_bulk({event.subject_id for event in events})
    admins = set(vendor_people({Role.ADMIN}))
    for event in events:
        if partner := partners.get(event.subject_id):
            people = admins | ({partner.manager_id} if partner.manager_id else set())
            yield Notice(event, people, {**event.data, "partner": partner.name}, "incentives:proposals")


def proposed_text(words: Words) -> str:
    return _("%(partner)s may move from %(from)s to %(to)s: a proposal waits") % words


def many_proposed(count: int) -> str:
    return ngettext(
        "%(count)s move between tiers is proposed", "%(count)s moves between tiers are proposed", count
    ) % {"count": count}


def declined(events: list[Event]) -> Iterable[Notice]:
    """The partner's manager. The partner has not been told of the proposal."""
    partners = Partner.objects.exclude(manager=None).in_bulk({event.subject_id for event in events})
    for event in events:
        if partner := partners.get(event.subject_id):
            words = {**event.data, "partner": partner.name}
            manager = {partner.manager_id} if partner.manager_id else set()
            yield Notice(event, manager, words, "incentives:proposals")


def declined_text(words: Words) -> str:
    return _("The move of %(partner)s to %(to)s was declined: %(reason)s") % words


def many_declined(count: int) -> str:
    return ngettext(
        "%(count)s proposed move was declined", "%(count)s proposed moves were declined", count
    ) % {"count": count}


def assigned(events: list[Event]) -> Iterable[Notice]:
    """The partner's people."""
    people = people_of({event.partner_id for event in events if event.partner_id})
    for event in events:
        if event.partner_id:
            words = {"tier": event.data["tier"], "on": event.data["on"]}
            yield Notice(event, people[event.partner_id], words, "incentives:mine")


def assigned_text(words: Words) -> str:
    day = short_date(dt.date.fromisoformat(words["on"]))
    return _("Your company is in tier %(tier)s from %(day)s") % {"tier": words["tier"], "day": day}


def many_assigned(count: int) -> str:
    return ngettext("Your tier has changed", "Your tier has changed %(count)s times", count) % {
        "count": count
    }


def posted(events: list[Event]) -> Iterable[Notice]:
    """The partner's people; what adds up to nothing is no news."""
    people = people_of({event.partner_id for event in events if event.partner_id})
    for event in events:
        amounts = {currency: amount for currency, amount in event.data["amounts"].items() if amount}
        if event.partner_id and amounts:
            words = {"amounts": amounts, "event": event.type, "on": event.data.get("on")}
            yield Notice(event, people[event.partner_id], words, "incentives:earnings")


def posted_text(words: Words) -> str:
    amounts = ", ".join(quick_money(amount, currency) for currency, amount in words["amounts"].items())
    if words["event"] == "ledger.payable":
        return _("%(amounts)s of your earnings can be paid out") % {"amounts": amounts}
    if all(amount > 0 for amount in words["amounts"].values()):
        return _("You have earned %(amounts)s") % {"amounts": amounts}
    return _("Your earnings have changed by %(amounts)s") % {"amounts": amounts}


def many_posted(count: int) -> str:
    return ngettext("Your earnings have changed", "Your earnings have changed %(count)s times", count) % {
        "count": count
    }


notifies(
    "tiers.proposed",
    gettext_lazy("Moves between tiers that are proposed"),
    group=TIERS,
    events=("tier.proposed",),
    tell=proposed,
    text=proposed_text,
    many=many_proposed,
    many_url="incentives:proposals",
    roles=VENDOR_ROLES,
    mail=ByMail.DIGEST,
    icon="arrows-up-down",
    order=400,
)
notifies(
    "tiers.declined",
    gettext_lazy("Proposed moves that are declined"),
    group=TIERS,
    events=("tier.declined",),
    tell=declined,
    text=declined_text,
    many=many_declined,
    many_url="incentives:proposals",
    roles=VENDOR_ROLES,
    mail=ByMail.DIGEST,
    icon="arrows-up-down",
    order=410,
)
notifies(
    "tiers.assigned",
    gettext_lazy("Your tier"),
    group=TIERS,
    events=("tier.assigned",),
    tell=assigned,
    text=assigned_text,
    many=many_assigned,
    many_url="incentives:mine",
    roles=PARTNER_ROLES,
    icon="medal",
    order=400,
)
notifies(
    "earnings.posted",
    gettext_lazy("What you earn, and what can be paid out"),
    group=EARNINGS,
    events=("ledger.posted", "ledger.payable"),
    tell=posted,
    text=posted_text,
    many=many_posted,
    many_url="incentives:earnings",
    roles=PARTNER_ROLES,
    mail=ByMail.DIGEST,
    icon="coin",
    order=500,
)


def to_other_admins(address: str) -> Tell:
    """The administrators, but for who proposed it."""

    def tell(events: list[Event]) -> Iterable[Notice]:
        admins = set(vendor_people({Role.ADMIN}))
        for event in events:
            others = {pk for pk in admins if str(pk) != event.data["proposed_by"]}
            yield Notice(event, others, event.data, address, (event.subject_id,))

    return tell


def to_proposer(address: str) -> Tell:
    """Who proposed it."""

    def tell(events: list[Event]) -> Iterable[Notice]:
        for event in events:
            people = {UUID(event.data["proposed_by"])}
            yield Notice(event, people, {**event.data, "event": event.type}, address, (event.subject_id,))

    return tell


def adjustment_waits_text(words: Words) -> str:
    amount = quick_money(words["amount"], words["currency"])
    return _("An adjustment of %(amount)s for %(partner)s waits for you: %(reason)s") % {
        **words,
        "amount": amount,
    }


def adjustment_decided_text(words: Words) -> str:
    said = {**words, "amount": quick_money(words["amount"], words["currency"])}
    if words["event"] == "adjustment.approved":
        return _("The adjustment of %(amount)s for %(partner)s is posted") % said
    return _("The adjustment of %(amount)s for %(partner)s was declined: %(answer)s") % said


def dispute_raised(events: list[Event]) -> Iterable[Notice]:
    """The partner's manager and the administrators."""
    partners = Partner.objects.in_bulk({event.partner_id for event in events if event.partner_id})
    admins = set(vendor_people({Role.ADMIN}))
    for event in events:
        if event.partner_id and (partner := partners.get(event.partner_id)):
            people = admins | ({partner.manager_id} if partner.manager_id else set())
            words = {**event.data, "partner": partner.name}
            yield Notice(event, people, words, "incentives:dispute", (event.subject_id,))


def dispute_raised_text(words: Words) -> str:
    return _("%(partner)s disputes the earnings of %(for)s") % words


def dispute_answered(events: list[Event]) -> Iterable[Notice]:
    """The partner's people."""
    people = people_of({event.partner_id for event in events if event.partner_id})
    for event in events:
        if event.partner_id:
            words = {**event.data, "event": event.type}
            yield Notice(event, people[event.partner_id], words, "incentives:dispute", (event.subject_id,))


def dispute_answered_text(words: Words) -> str:
    if words["event"] == "dispute.accepted":
        return _("You were right about %(for)s: %(answer)s") % words
    return _("Your dispute about %(for)s was not accepted: %(answer)s") % words


def many_adjustments(count: int) -> str:
    return ngettext("%(count)s adjustment", "%(count)s adjustments", count) % {"count": count}


def many_disputes(count: int) -> str:
    return ngettext("%(count)s dispute about earnings", "%(count)s disputes about earnings", count) % {
        "count": count
    }


notifies(
    "adjustments.proposed",
    gettext_lazy("Adjustments that wait for approval"),
    group=EARNINGS,
    events=("adjustment.proposed",),
    tell=to_other_admins("incentives:adjustment"),
    text=adjustment_waits_text,
    many=many_adjustments,
    many_url="incentives:adjustments",
    roles=(Role.ADMIN,),
    icon="pencil",
    order=510,
)
notifies(
    "adjustments.decided",
    gettext_lazy("Adjustments that you have proposed"),
    group=EARNINGS,
    events=("adjustment.approved", "adjustment.declined"),
    tell=to_proposer("incentives:adjustment"),
    text=adjustment_decided_text,
    many=many_adjustments,
    many_url="incentives:adjustments",
    roles=VENDOR_ROLES,
    icon="pencil",
    order=520,
)
notifies(
    "disputes.raised",
    gettext_lazy("Disputes about earnings"),
    group=EARNINGS,
    events=("dispute.raised",),
    tell=dispute_raised,
    text=dispute_raised_text,
    many=many_disputes,
    many_url="incentives:disputes",
    roles=VENDOR_ROLES,
    icon="message-question",
    order=530,
)
notifies(
    "disputes.answered",
    gettext_lazy("Answers to your disputes"),
    group=EARNINGS,
    events=("dispute.accepted", "dispute.rejected"),
    tell=dispute_answered,
    text=dispute_answered_text,
    many=many_disputes,
    many_url="incentives:disputes",
    roles=PARTNER_ROLES,
    icon="message-question",
    order=540,
)


def by_hand_waits_text(words: Words) -> str:
    return _("Tier %(tier)s by hand for %(partner)s waits for you: %(reason)s") % words


def by_hand_decided_text(words: Words) -> str:
    if words["event"] == "tier.override_approved":
        return _("Tier %(tier)s by hand for %(partner)s is approved") % words
    return _("Tier %(tier)s by hand for %(partner)s was declined: %(answer)s") % words


def many_by_hand(count: int) -> str:
    return ngettext("%(count)s tier by hand", "%(count)s tiers by hand", count) % {"count": count}


notifies(
    "tiers.by_hand_proposed",
    gettext_lazy("Tiers by hand that wait for approval"),
    group=TIERS,
    events=("tier.override_proposed",),
    tell=to_other_admins("incentives:override"),
    text=by_hand_waits_text,
    many=many_by_hand,
    many_url="incentives:overrides",
    roles=(Role.ADMIN,),
    icon="hand-stop",
    order=420,
)
notifies(
    "tiers.by_hand_decided",
    gettext_lazy("Tiers by hand that you proposed"),
    group=TIERS,
    events=("tier.override_approved", "tier.override_declined"),
    tell=to_proposer("incentives:override"),
    text=by_hand_decided_text,
    many=many_by_hand,
    many_url="incentives:overrides",
    roles=VENDOR_ROLES,
    icon="hand-stop",
    order=430,
)

"""What engagement tells whom: invitations, reminders, and what is to be followed up."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.accounts.enums import PARTNER_ROLES
from portal.accounts.models import Membership
from portal.events.models import Event
from portal.shell.formats import short_date, short_time
from portal.shell.notices import Notice, Words, notifies

ENGAGEMENT = gettext_lazy("Events and interactions")


def _new(event: Event) -> Words:
    return {"event": event.type, "reason": event.data.get("reason", ""), **event.data["new"]}


def to_guests(events: list[Event]) -> Iterable[Notice]:
    """To the partner's people whom the event names."""
    for event in events:
        words = _new(event)
        members = words.pop("members", [])
        yield Notice(event, [UUID(pk) for pk in members], words, "engagement:gathering", (event.subject_id,))


def to_owner(events: list[Event]) -> Iterable[Notice]:
    """To whoever follows up, of the vendor or of the partner who reads the interaction."""
    owners = {UUID(event.data["new"]["owner"]) for event in events if event.data["new"].get("owner")}
    partners = dict(Membership.objects.filter(pk__in=owners).values_list("pk", "partner_id"))
    for event in events:
        words = _new(event)
        if words.get("owner") and UUID(words["owner"]) in partners:
            owner = UUID(words["owner"])
            yield Notice(
                event,
                [owner],
                words,
                "engagement:interaction",
                (event.subject_id,),
                partner_id=partners[owner],
            )


def _moment(words: Words) -> str:
    return short_time(datetime.fromisoformat(words["starts_at"]))


def gathering_text(words: Words) -> str:
    named = {"title": words["title"], "when": _moment(words), "reason": words["reason"]}
    match words["event"]:
        case "gathering.invited":
            return _("You are invited to %(title)s on %(when)s: say whether you come") % named
        case "gathering.reminder":
            return _("%(title)s begins on %(when)s") % named
        case "gathering.moved":
            return _("%(title)s has another time or place; it begins on %(when)s") % named
    return _("%(title)s is cancelled: %(reason)s") % named


def follow_up_text(words: Words) -> str:
    named = {"what": words["follow_up"], "subject": words["subject"]}
    if words["due_on"]:
        named["day"] = short_date(date.fromisoformat(words["due_on"]))
    if words["event"] == "interaction.follow_up_due":
        return _("To be done by %(day)s: %(what)s (%(subject)s)") % named
    return _("You are to follow up by %(day)s: %(what)s (%(subject)s)") % named


def _many(one: str, many: str) -> Callable[[int], str]:
    return lambda count: ngettext(one, many, count) % {"count": count}


notifies(
    "engagement.invited",
    gettext_lazy("Invitations to events"),
    group=ENGAGEMENT,
    events=("gathering.invited",),
    tell=to_guests,
    text=gathering_text,
    many=_many("%(count)s invitation waits for your answer", "%(count)s invitations wait for your answer"),
    many_url="engagement:gatherings",
    roles=PARTNER_ROLES,
    icon="calendar-plus",
    order=60,
)
notifies(
    "engagement.events",
    gettext_lazy("Reminders and changes of events"),
    group=ENGAGEMENT,
    events=("gathering.reminder", "gathering.moved", "gathering.cancelled"),
    tell=to_guests,
    text=gathering_text,
    many=_many("News of %(count)s event", "News of %(count)s events"),
    many_url="engagement:gatherings",
    roles=PARTNER_ROLES,
    icon="calendar-event",
    order=61,
)
notifies(
    "engagement.follow_ups",
    gettext_lazy("What you are to follow up"),
    group=ENGAGEMENT,
    events=("interaction.logged", "interaction.follow_up_due"),
    tell=to_owner,
    text=follow_up_text,
    many=_many("%(count)s follow-up waits for you", "%(count)s follow-ups wait for you"),
    many_url="engagement:interactions",
    icon="checkbox",
    order=62,
)

"""What training tells whom: the person it is about, and those who look after the company's people."""

from collections.abc import Callable, Iterable
from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.accounts.enums import PARTNER_ROLES, Role
from portal.events.models import Event
from portal.shell.audience import people_of
from portal.shell.formats import short_date
from portal.shell.notices import ByMail, Notice, Words, notifies

TRAINING = gettext_lazy("Training")


def _new(event: Event) -> Words:
    return {"event": event.type, "reason": event.data.get("reason", ""), **event.data.get("new", {})}


def _course_page(words: Words) -> tuple[str, tuple[UUID, ...]]:
    key = words.get("course_id")
    return ("training:course", (UUID(key),)) if key else ("training:list", ())


def to_person(events: list[Event]) -> Iterable[Notice]:
    """To the person whom it is about."""
    for event in events:
        words = _new(event)
        if words.get("member"):
            yield Notice(event, [UUID(words["member"])], words, *_course_page(words))


def to_seats(events: list[Event]) -> Iterable[Notice]:
    """To everybody with a seat in the session, whatever their company."""
    for event in events:
        words = _new(event)
        for partner, members in words.pop("seats", {}).items():
            yield Notice(
                event,
                [UUID(pk) for pk in members],
                words,
                *_course_page(words),
                partner_id=UUID(partner),
            )


def to_completed(events: list[Event]) -> Iterable[Notice]:
    """To the person, and to the owners of the person's company."""
    owners = people_of({event.partner_id for event in events if event.partner_id}, {Role.PARTNER_OWNER})
    for event in events:
        words = _new(event)
        told = {UUID(words["member"]), *(owners[event.partner_id] if event.partner_id else ())}
        yield Notice(event, told, words, "training:completion", (event.subject_id,))


def to_team(events: list[Event]) -> Iterable[Notice]:
    """To the person; what is late, to the owners of the person's company as well."""
    owners = people_of({event.partner_id for event in events if event.partner_id}, {Role.PARTNER_OWNER})
    for event in events:
        words = _new(event)
        told = {UUID(words["member"])}
        if words.get("late") and event.partner_id:
            told |= set(owners[event.partner_id])
        yield Notice(event, told, words, *_course_page(words))


def _day(text: str | None) -> str:
    return short_date(date.fromisoformat(text)) if text else ""


def enrolled_text(words: Words) -> str:
    if words["event"] == "course.attempt_given":
        return _("You can try the quiz %s once more") % words["course"]
    if words.get("due_on"):
        named = {"course": words["course"], "day": _day(words["due_on"])}
        return _("You are enrolled in %(course)s, to be done by %(day)s") % named
    return _("You are enrolled in %s") % words["course"]


def session_text(words: Words) -> str:
    match words["event"]:
        case "session.cancelled":
            return _("A session of %(course)s is cancelled: %(reason)s") % words
        case "session.moved_up":
            return _("You have got a seat in a session of %s") % words["course"]
    return _("A session of %s has another time or place") % words["course"]


def completed_text(words: Words) -> str:
    if words["event"] == "path.completed":
        return _("%(person)s has completed the learning path %(path)s") % words
    if words["event"] == "course.completion_revoked":
        return _("%(person)s's completion of %(course)s was revoked: %(reason)s") % words
    return _("%(person)s has completed %(course)s") % words


def due_text(words: Words) -> str:
    named = {"person": words["person"], "course": words["course"], "day": _day(words["due_on"])}
    if words["late"]:
        return _("%(course)s is overdue for %(person)s since %(day)s") % named
    return _("%(course)s is to be done by %(day)s") % named


def expiring_text(words: Words) -> str:
    named = {**words, "day": _day(words["valid_until"])}
    return _("%(person)s's %(course)s counts until %(day)s: take it again in time") % named


def _many(one: str, many: str) -> Callable[[int], str]:
    return lambda count: ngettext(one, many, count) % {"count": count}


notifies(
    "training.enrolled",
    gettext_lazy("Courses you are enrolled in by others"),
    group=TRAINING,
    events=("course.enrolled", "course.attempt_given"),
    tell=to_person,
    text=enrolled_text,
    many=_many("%(count)s course waits for you", "%(count)s courses wait for you"),
    many_url="training:list",
    roles=PARTNER_ROLES,
    icon="school",
    order=50,
)
notifies(
    "training.moved_up",
    gettext_lazy("Seats from the waiting list"),
    group=TRAINING,
    events=("session.moved_up",),
    tell=to_person,
    text=session_text,
    many=_many("You have got %(count)s seat", "You have got %(count)s seats"),
    many_url="training:list",
    roles=PARTNER_ROLES,
    icon="calendar-check",
    order=51,
)
notifies(
    "training.sessions",
    gettext_lazy("Changes of sessions you have a seat in"),
    group=TRAINING,
    events=("session.cancelled", "session.changed"),
    tell=to_seats,
    text=session_text,
    many=_many("%(count)s session has changed", "%(count)s sessions have changed"),
    many_url="training:list",
    roles=PARTNER_ROLES,
    icon="calendar-exclamation",
    order=52,
)
notifies(
    "training.completed",
    gettext_lazy("What your people complete"),
    group=TRAINING,
    events=("course.completed", "path.completed", "course.completion_revoked"),
    tell=to_completed,
    text=completed_text,
    many=_many("%(count)s completion", "%(count)s completions"),
    many_url="training:completions",
    roles=PARTNER_ROLES,
    mail=ByMail.DIGEST,
    icon="certificate",
    order=53,
)
notifies(
    "training.due",
    gettext_lazy("Required courses that fall due"),
    group=TRAINING,
    events=("course.duty_due",),
    tell=to_team,
    text=due_text,
    many=_many("%(count)s required course falls due", "%(count)s required courses fall due"),
    many_url="training:duties",
    roles=PARTNER_ROLES,
    icon="alarm",
    order=54,
)
notifies(
    "training.expiring",
    gettext_lazy("Completions and certificates that run out"),
    group=TRAINING,
    events=("course.completion_expiring",),
    tell=to_completed,
    text=expiring_text,
    many=_many("%(count)s completion runs out soon", "%(count)s completions run out soon"),
    many_url="training:completions",
    roles=PARTNER_ROLES,
    icon="clock-exclamation",
    order=55,
)

"""What an event of engagement says in a timeline or the audit trail."""

from typing import Any

from django.utils.translation import gettext as _

from partners.engagement.enums import Answer, InteractionKind
from portal.events.describe import describes
from portal.events.models import Event


def _new(event: Event) -> dict[str, Any]:
    return event.data.get("new", {})


def _named(event: Event) -> dict[str, Any]:
    new = _new(event)
    return {"kind": InteractionKind(new["kind"]).label, "subject": new["subject"]}


@describes("interaction.logged")
def interaction_logged(event: Event) -> str:
    return _("%(kind)s: %(subject)s") % _named(event)


@describes("interaction.changed")
def interaction_changed(event: Event) -> str:
    return _("Changed: %(subject)s") % _named(event)


@describes("interaction.removed")
def interaction_removed(event: Event) -> str:
    return _("Took out: %(subject)s") % _named(event)


@describes("interaction.followed_up")
def interaction_followed_up(event: Event) -> str:
    return _("Followed up: %s") % _new(event)["follow_up"]


@describes("interaction.follow_up_due", routine=True)
def interaction_follow_up_due(event: Event) -> str:
    return _("To be followed up: %s") % _new(event)["follow_up"]


@describes("interactions.imported")
def interactions_imported(event: Event) -> str:
    return _("Imported interactions: %s.") % event.data["count"]


@describes("attendance.imported")
def attendance_imported(event: Event) -> str:
    return _("Imported who came to events: %s.") % event.data["count"]


@describes("activity.seen", routine=True)
def activity_seen(event: Event) -> str:
    return _("Used the portal.")


@describes("gathering.created")
def gathering_created(event: Event) -> str:
    return _("Added the event %s.") % _new(event)["title"]


@describes("gathering.updated")
def gathering_updated(event: Event) -> str:
    return _("Changed the event %s.") % _new(event)["title"]


@describes("gathering.published")
def gathering_published(event: Event) -> str:
    return _("Invited to the event %s.") % _new(event)["title"]


@describes("gathering.called_off", "gathering.cancelled")
def gathering_cancelled(event: Event) -> str:
    return _("Cancelled the event %(title)s: %(reason)s") % {
        "title": _new(event)["title"],
        "reason": event.data.get("reason", ""),
    }


@describes("gathering.invited", "gathering.added", routine=True)
def gathering_invited(event: Event) -> str:
    return _("Invited people to the event %s.") % _new(event)["title"]


@describes("gathering.moved")
def gathering_moved(event: Event) -> str:
    return _("The event %s has another time or place.") % _new(event)["title"]


@describes("gathering.reminder", routine=True)
def gathering_reminder(event: Event) -> str:
    return _("Reminded of the event %s.") % _new(event)["title"]


@describes("gathering.answered")
def gathering_answered(event: Event) -> str:
    new = _new(event)
    if new["answer"] == Answer.ACCEPTED:
        return _("%(person)s comes to %(title)s.") % new
    return _("%(person)s does not come to %(title)s.") % new


@describes("gathering.attended")
def gathering_attended(event: Event) -> str:
    return _("Recorded who came to %s.") % _new(event)["title"]

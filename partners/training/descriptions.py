"""What an event of training says in a timeline or the audit trail."""

from typing import Any

from django.utils.translation import gettext as _

from partners.training.enums import CourseStatus
from portal.events.describe import describes
from portal.events.models import Event


def _new(event: Event) -> dict[str, Any]:
    return event.data.get("new", {})


@describes("course.created")
def course_created(event: Event) -> str:
    return _("Added the course %s.") % _new(event).get("title", "")


@describes("course.updated")
def course_updated(event: Event) -> str:
    return _("Changed the course: %s.") % ", ".join(name.replace("_", " ") for name in _new(event))


@describes("course.status_changed")
def course_status_changed(event: Event) -> str:
    label = CourseStatus(_new(event)["status"]).label
    return _("%(course)s is now: %(status)s.") % {"course": _new(event)["title"], "status": label}


@describes("course.questions_changed")
def course_questions_changed(event: Event) -> str:
    return _("Changed the questions of %s.") % _new(event)["title"]


@describes("course.enrolled")
def course_enrolled(event: Event) -> str:
    return _("Enrolled %(person)s in %(course)s.") % _new(event)


@describes("course.left")
def course_left(event: Event) -> str:
    return _("%(person)s left the course %(course)s.") % _new(event)


@describes("course.quiz_submitted")
def course_quiz_submitted(event: Event) -> str:
    new = _new(event)
    if new["passed"]:
        return _("%(person)s passed the quiz %(course)s with %(score)s%%.") % new
    return _("%(person)s tried the quiz %(course)s and got %(score)s%%.") % new


@describes("course.completed")
def course_completed(event: Event) -> str:
    return _("%(person)s has completed %(course)s.") % _new(event)


@describes("course.completion_revoked")
def course_completion_revoked(event: Event) -> str:
    sentence = _("Revoked %(person)s's completion of %(course)s.") % _new(event)
    return f"{sentence} {event.data.get('reason', '')}".strip()


@describes("session.scheduled")
def session_scheduled(event: Event) -> str:
    return _("Offered a session of %s.") % _new(event)["course"]


@describes("session.changed")
def session_changed(event: Event) -> str:
    return _("Changed a session of %s.") % _new(event)["course"]


@describes("session.cancelled")
def session_cancelled(event: Event) -> str:
    return _("Cancelled a session of %(course)s: %(reason)s") % {
        "course": _new(event)["course"],
        "reason": event.data.get("reason", ""),
    }


@describes("session.booked")
def session_booked(event: Event) -> str:
    return _("%(person)s booked a session of %(course)s.") % _new(event)


@describes("session.seat_given_up")
def session_seat_given_up(event: Event) -> str:
    return _("%(person)s gave up a seat in a session of %(course)s.") % _new(event)


@describes("session.moved_up")
def session_moved_up(event: Event) -> str:
    return _("%(person)s got a seat from the waiting list of %(course)s.") % _new(event)


@describes("session.held")
def session_held(event: Event) -> str:
    return _("Recorded who came to a session of %s.") % _new(event)["course"]


@describes("course.attempt_given")
def course_attempt_given(event: Event) -> str:
    return _("Gave %(person)s another attempt at %(course)s.") % _new(event)


@describes("path.created")
def path_created(event: Event) -> str:
    return _("Added the learning path %s.") % _new(event)["title"]


@describes("path.updated")
def path_updated(event: Event) -> str:
    return _("Changed the learning path %s.") % _new(event)["title"]


@describes("path.status_changed")
def path_status_changed(event: Event) -> str:
    label = CourseStatus(_new(event)["status"]).label
    return _("The learning path %(path)s is now: %(status)s.") % {
        "path": _new(event)["title"],
        "status": label,
    }


@describes("path.completed")
def path_completed(event: Event) -> str:
    return _("%(person)s has completed the learning path %(path)s.") % _new(event)


@describes("course.completion_expiring")
def completion_expiring(event: Event) -> str:
    return _("%(person)s's completion of %(course)s runs out soon.") % _new(event)


@describes("course.duty_due")
def duty_due(event: Event) -> str:
    return _("%(person)s is to complete %(course)s.") % _new(event)


@describes("completions.imported")
def completions_imported(event: Event) -> str:
    return _("Imported completions: %s.") % event.data["count"]


@describes("duties.changed", routine=True)
def duties_changed(event: Event) -> str:
    return _("The courses that people must have have changed.")

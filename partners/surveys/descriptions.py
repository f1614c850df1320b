"""What an event of surveys says in a timeline or the audit trail."""

from typing import Any

from django.utils.translation import gettext as _

from partners.surveys.enums import FollowUpStatus
from portal.events.describe import describes
from portal.events.models import Event


def _new(event: Event) -> dict[str, Any]:
    return event.data.get("new", {})


@describes("survey.created")
def survey_created(event: Event) -> str:
    return _("Added the survey %s.") % _new(event)["title"]


@describes("survey.updated")
def survey_updated(event: Event) -> str:
    return _("Changed the survey: %s.") % ", ".join(name.replace("_", " ") for name in _new(event))


@describes("survey.questions_changed")
def survey_questions_changed(event: Event) -> str:
    return _("Changed the questions of %(title)s (version %(version)s).") % _new(event)


@describes("survey.changes_discarded")
def survey_changes_discarded(event: Event) -> str:
    return _("Gave up the changed questions of %s.") % _new(event)["title"]


@describes("survey.published")
def survey_published(event: Event) -> str:
    return _("Published %(title)s, version %(version)s.") % _new(event)


@describes("survey.closed")
def survey_closed(event: Event) -> str:
    return _("Closed the survey %s.") % _new(event)["title"]


@describes("survey.sent")
def survey_sent(event: Event) -> str:
    return _("Asked people to answer %(title)s: %(count)s.") % _new(event)


@describes("survey.invited")
def survey_invited(event: Event) -> str:
    return _("Was asked to answer %s.") % _new(event)["survey"]


@describes("survey.reminded")
def survey_reminded(event: Event) -> str:
    return _("Was reminded of %s.") % _new(event)["survey"]


@describes("survey.answered")
def survey_answered(event: Event) -> str:
    return _("Answered %s.") % _new(event)["survey"]


@describes("survey.exported")
def survey_exported(event: Event) -> str:
    return _("Exported the answers to %s.") % _new(event)["title"]


@describes("survey.theme_saved")
def survey_theme_saved(event: Event) -> str:
    return _("Named the theme %(theme)s in %(title)s.") % _new(event)


@describes("survey.theme_removed")
def survey_theme_removed(event: Event) -> str:
    return _("Took the theme %(theme)s out of %(title)s.") % _new(event)


@describes("surveys.policy_changed")
def surveys_policy_changed(event: Event) -> str:
    return _("Changed how often people are asked: %s.") % ", ".join(
        name.replace("_", " ") for name in _new(event)
    )


@describes("follow_up.created")
def follow_up_created(event: Event) -> str:
    return _("Something to do: %s") % _new(event)["title"]


@describes("follow_up.handed_over")
def follow_up_handed_over(event: Event) -> str:
    return _("Handed over: %s") % _new(event)["title"]


@describes("follow_up.changed")
def follow_up_changed(event: Event) -> str:
    new = _new(event)
    return _("%(title)s is now: %(status)s.") % {
        "title": new["title"],
        "status": FollowUpStatus(new["status"]).label,
    }


@describes("customer_contact.added")
def customer_contact_added(event: Event) -> str:
    return _("Noted %s as a contact.") % _new(event)["name"]


@describes("customer_contact.removed")
def customer_contact_removed(event: Event) -> str:
    return _("Removed the contact %s.") % _new(event)["name"]

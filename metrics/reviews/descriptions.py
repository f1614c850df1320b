"""What the events say in the audit trail."""

from django.utils.translation import gettext as _

from portal.events.describe import describes
from portal.events.models import Event


@describes("goal.set")
def goal_set(event: Event) -> str:
    return _("Goal set: %(kpi)s") % {"kpi": event.data["kpi"]}


@describes("goal.reached")
def goal_reached(event: Event) -> str:
    return _("Goal reached: %(kpi)s") % {"kpi": event.data["kpi"]}


@describes("goal.dropped")
def goal_dropped(event: Event) -> str:
    return _("Goal given up")


@describes("alert.rule_saved")
def rule_saved(event: Event) -> str:
    return _("Alert rule “%(name)s” saved") % {"name": event.data["name"]}


@describes("alert.opened")
def alert_opened(event: Event) -> str:
    return _("Alert: %(rule)s") % {"rule": event.data["rule"]}


@describes("alert.snoozed")
def alert_snoozed(event: Event) -> str:
    return _("Alert kept quiet until %(until)s") % {"until": event.data["until"]}


@describes("alert.closed")
def alert_closed(event: Event) -> str:
    return _("Alert closed")


@describes("review.prepared")
def review_prepared(event: Event) -> str:
    return _("Review prepared")


@describes("review.held")
def review_held(event: Event) -> str:
    return _("Review held on %(day)s") % {"day": event.data["on"]}


@describes("review.action_added")
def action_added(event: Event) -> str:
    return _("Action of a review: %(text)s") % {"text": event.data["text"]}


@describes("review.action_done")
def action_done(event: Event) -> str:
    return _("Action done: %(text)s") % {"text": event.data["text"]}

"""What goals, alerts and reviews tell whom."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from metrics.reviews.models import Alert
from partners.directory.models import Partner
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES
from portal.events.models import Event
from portal.shell.audience import people_of
from portal.shell.notices import ByMail, Notice, Words, notifies

RESULTS = gettext_lazy("Goals and reviews")


def alerted(events: list[Event]) -> Iterable[Notice]:
    """The partner's manager."""
    alerts = Alert.objects.select_related("partner").in_bulk([event.subject_id for event in events])
    for event in events:
        alert = alerts.get(event.subject_id)
        if alert and alert.partner.manager_id:
            words = {"rule": event.data["rule"], "partner": alert.partner.name}
            yield Notice(event, [alert.partner.manager_id], words, "metrics_reviews:alerts")


def alerted_text(words: Words) -> str:
    return _("%(partner)s: %(rule)s") % words


def many_alerted(count: int) -> str:
    return ngettext("%(count)s new alert", "%(count)s new alerts", count) % {"count": count}


def reached(events: list[Event]) -> Iterable[Notice]:
    """The partner's people."""
    people = people_of({event.partner_id for event in events if event.partner_id})
    for event in events:
        if event.partner_id:
            yield Notice(event, people[event.partner_id], {"kpi": event.data["kpi"]}, "metrics_reviews:goals")


def reached_text(words: Words) -> str:
    return _("Congratulations: you have reached your goal for %(kpi)s") % words


def reached_by(events: list[Event]) -> Iterable[Notice]:
    """The manager of the partner that has reached it."""
    partners = Partner.objects.in_bulk({event.partner_id for event in events if event.partner_id})
    for event in events:
        partner = partners.get(event.partner_id) if event.partner_id else None
        if partner and partner.manager_id:
            words = {"kpi": event.data["kpi"], "partner": partner.name}
            yield Notice(event, [partner.manager_id], words, "metrics_reviews:goals")


def reached_by_text(words: Words) -> str:
    return _("%(partner)s has reached its goal for %(kpi)s") % words


def many_reached(count: int) -> str:
    return ngettext("%(count)s goal reached", "%(count)s goals reached", count) % {"count": count}


def promised(events: list[Event]) -> Iterable[Notice]:
    """Who is to do it, where it is one of the vendor's."""
    for event in events:
        if event.partner_id is None:
            review = UUID(event.data["review"])
            words = {"text": event.data["text"]}
            yield Notice(event, [UUID(event.data["owner"])], words, "metrics_reviews:review", (review,))


def given(events: list[Event]) -> Iterable[Notice]:
    """Who is to do it, where it is one of the partner's people."""
    for event in events:
        if event.partner_id is not None:
            words = {"text": event.data["text"]}
            yield Notice(event, [UUID(event.data["owner"])], words, "metrics_reviews:goals")


def kept(events: list[Event]) -> Iterable[Notice]:
    """The manager of the partner whose person has done it."""
    partners = Partner.objects.in_bulk({event.partner_id for event in events if event.partner_id})
    for event in events:
        partner = partners.get(event.partner_id) if event.partner_id else None
        if partner and partner.manager_id:
            words = {"text": event.data["text"], "partner": partner.name}
            review = UUID(event.data["review"])
            yield Notice(event, [partner.manager_id], words, "metrics_reviews:review", (review,))


def kept_text(words: Words) -> str:
    return _("%(partner)s has done: %(text)s") % words


def many_kept(count: int) -> str:
    return ngettext("%(count)s action done", "%(count)s actions done", count) % {"count": count}


def promised_text(words: Words) -> str:
    return _("Yours to do from a review: %(text)s") % words


def many_promised(count: int) -> str:
    return ngettext("%(count)s action from reviews", "%(count)s actions from reviews", count) % {
        "count": count
    }


notifies(
    "reviews.alerts",
    gettext_lazy("Alerts of your partners’ figures"),
    group=RESULTS,
    events=("alert.opened",),
    tell=alerted,
    text=alerted_text,
    many=many_alerted,
    many_url="metrics_reviews:alerts",
    roles=VENDOR_ROLES,
    mail=ByMail.DIGEST,
    icon="alert-triangle",
    order=500,
)
notifies(
    "reviews.reached",
    gettext_lazy("Goals you reach"),
    group=RESULTS,
    events=("goal.reached",),
    tell=reached,
    text=reached_text,
    many=many_reached,
    many_url="metrics_reviews:goals",
    roles=PARTNER_ROLES,
    icon="target",
    order=510,
)
notifies(
    "reviews.reached_by",
    gettext_lazy("Goals your partners reach"),
    group=RESULTS,
    events=("goal.reached",),
    tell=reached_by,
    text=reached_by_text,
    many=many_reached,
    many_url="metrics_reviews:goals",
    roles=VENDOR_ROLES,
    mail=ByMail.DIGEST,
    icon="target",
    order=511,
)
notifies(
    "reviews.actions",
    gettext_lazy("Actions from reviews"),
    group=RESULTS,
    events=("review.action_added",),
    tell=promised,
    text=promised_text,
    many=many_promised,
    many_url="metrics_reviews:reviews",
    roles=VENDOR_ROLES,
    icon="checklist",
    order=520,
)
notifies(
    "reviews.given",
    gettext_lazy("Actions from reviews that are yours to do"),
    group=RESULTS,
    events=("review.action_added",),
    tell=given,
    text=promised_text,
    many=many_promised,
    many_url="metrics_reviews:goals",
    roles=PARTNER_ROLES,
    icon="checklist",
    order=521,
)
notifies(
    "reviews.kept",
    gettext_lazy("Actions that your partners’ people have done"),
    group=RESULTS,
    events=("review.action_done",),
    tell=kept,
    text=kept_text,
    many=many_kept,
    many_url="metrics_reviews:reviews",
    roles=VENDOR_ROLES,
    mail=ByMail.DIGEST,
    icon="checklist",
    order=522,
)

"""What happened to webhooks, in sentences."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.events.describe import describes
from portal.events.models import Event
from portal.webhooks.enums import TurnedOff


@describes("webhook.created")
def created(event: Event) -> str:
    return _("Added the webhook endpoint “%(endpoint)s”") % event.data["new"]


@describes("webhook.changed")
def changed(event: Event) -> str:
    if event.data.get("moved"):
        return _("Gave the webhook endpoint “%(endpoint)s” another address") % event.data["new"]
    return _("Changed the webhook endpoint “%(endpoint)s”") % event.data["new"]


@describes("webhook.secret_rotated")
def rotated(event: Event) -> str:
    return _("Gave the webhook endpoint “%(endpoint)s” a new secret") % event.data


@describes("webhook.turned_off")
def turned_off(event: Event) -> str:
    why = event.data.get("why")
    if why == TurnedOff.FAILING:
        return _("The webhook endpoint “%(endpoint)s” was turned off: nothing arrived for three days") % (
            event.data
        )
    if why == TurnedOff.GONE:
        return _("The webhook endpoint “%(endpoint)s” was turned off: it is gone for good") % event.data
    return _("Turned the webhook endpoint “%(endpoint)s” off") % event.data


@describes("webhook.turned_on")
def turned_on(event: Event) -> str:
    return _("Turned the webhook endpoint “%(endpoint)s” on") % event.data


@describes("webhook.removed")
def removed(event: Event) -> str:
    return _("Deleted the webhook endpoint “%(endpoint)s”") % event.data["old"]


@describes("webhook.sent_again")
def sent_again(event: Event) -> str:
    if "count" in event.data:
        return ngettext(
            "Sent %(count)s event that was missed to the webhook endpoint “%(endpoint)s” again",
            "Sent %(count)s events that were missed to the webhook endpoint “%(endpoint)s” again",
            event.data["count"],
        ) % (event.data)
    return _("Sent an event to the webhook endpoint “%(endpoint)s” again") % event.data

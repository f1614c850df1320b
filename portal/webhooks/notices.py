"""Administrators hear when the portal has given an endpoint up."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.accounts.enums import Role
from portal.events.models import Event
from portal.shell.audience import vendor_people
from portal.shell.notices import Notice, Words, notifies
from portal.webhooks.enums import TurnedOff


def given_up(events: list[Event]) -> Iterable[Notice]:
    """Every administrator, of what the portal did by itself."""
    own = [event for event in events if event.data.get("why") != TurnedOff.BY_HAND]
    admins = vendor_people({Role.ADMIN}) if own else set()
    for event in own:
        yield Notice(
            event,
            admins,
            {"endpoint": event.data.get("endpoint", ""), "why": event.data.get("why", "")},
            "webhooks:detail",
            (event.subject_id,),
        )


def given_up_text(words: Words) -> str:
    if words.get("why") == TurnedOff.GONE:
        return (
            _("The webhook endpoint “%(endpoint)s” is off: its server says that it is gone for good") % words
        )
    return _("The webhook endpoint “%(endpoint)s” is off: nothing arrived there for three days") % words


def many_given_up(count: int) -> str:
    return ngettext(
        "%(count)s webhook endpoint was turned off", "%(count)s webhook endpoints were turned off", count
    ) % {"count": count}


notifies(
    "webhook.turned_off",
    gettext_lazy("A webhook endpoint was turned off because nothing arrives there"),
    group=gettext_lazy("Settings"),
    events=("webhook.turned_off",),
    tell=given_up,
    text=given_up_text,
    many=many_given_up,
    many_url="webhooks:list",
    roles=(Role.ADMIN,),
    icon="webhook-off",
    order=830,
)

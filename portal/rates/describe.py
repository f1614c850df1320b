"""What happened to exchange rates, in sentences."""

from datetime import date

from django.utils.translation import gettext as _

from portal.events.describe import describes
from portal.events.models import Event
from portal.shell.formats import short_date


@describes("rate.added")
def added(event: Event) -> str:
    return _("Exchange rate from %(from)s: 1 %(currency)s is %(rate)s %(own)s") % _words(event)


@describes("rate.removed")
def removed(event: Event) -> str:
    return _("Removed the exchange rate from %(from)s: 1 %(currency)s is %(rate)s %(own)s") % _words(event)


def _words(event: Event) -> dict[str, str]:
    return event.data | {"from": short_date(date.fromisoformat(event.data["from"]))}

"""What the events of shares say."""

from django.utils.translation import gettext as _

from portal.discussion.sentences import describe_comments
from portal.events.describe import describes
from portal.events.models import Event

describe_comments("cosale")


def _words(event: Event) -> dict[str, object]:
    return {"who": event.data.get("who", ""), "percent": event.data.get("percent", "")}


@describes("deal.share_offered")
def offered(event: Event) -> str:
    return _("Invited %(who)s to sell %(percent)s%% of the deal.") % _words(event)


@describes("deal.share_joined")
def joined(event: Event) -> str:
    return _("%(who)s joined the deal with %(percent)s%%.") % _words(event)


@describes("deal.share_declined")
def declined(event: Event) -> str:
    return _("%(who)s declined to join the deal.") % _words(event)


@describes("deal.share_ended")
def ended(event: Event) -> str:
    return _("Sharing with %(who)s has ended.") % _words(event)


@describes("cosale.invited")
def seat_invited(event: Event) -> str:
    return _("You are invited to sell %(percent)s%% of a deal.") % _words(event)


@describes("cosale.joined")
def seat_joined(event: Event) -> str:
    return _("Joined the deal with %(percent)s%%.") % _words(event)


@describes("cosale.declined")
def seat_declined(event: Event) -> str:
    return _("Declined to join the deal.")


@describes("cosale.ended")
def seat_ended(event: Event) -> str:
    return _("Selling this deal together has ended.")

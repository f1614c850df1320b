"""This room's events in sentences."""

from django.utils.translation import gettext as _

from metrics.periods import Period
from portal.events.describe import describes
from portal.events.models import Event
from portal.money import quick_money


def _words(event: Event, name: str = "amount") -> dict[str, str]:
    return {**event.data, "money": quick_money(event.data[name], event.data["currency"])}


@describes("fund.saved")
def saved(event: Event) -> str:
    template = _("Fund %(name)s was added") if event.data.get("new") else _("Fund %(name)s was changed")
    return template % event.data


@describes("fund.budget_given", routine=True)
def given(event: Event) -> str:
    period = Period.parse(event.data["period"]).label()
    return _("Budget of %(money)s from %(fund)s for %(period)s") % {**_words(event), "period": period}


@describes("fund.budget_closed")
def closed(event: Event) -> str:
    period = Period.parse(event.data["period"]).label()
    return _("The budget of %(fund)s for %(period)s was closed; %(money)s was forfeited") % {
        **_words(event, "forfeited"),
        "period": period,
    }


@describes("fund.request_drafted")
def drafted(event: Event) -> str:
    return _("Began a request for %(money)s: %(title)s") % _words(event)


@describes("fund.request_changed")
def changed(event: Event) -> str:
    return _("Changed the request for %(money)s: %(title)s") % _words(event)


@describes("fund.requested")
def requested(event: Event) -> str:
    return _("Asked for %(money)s: %(title)s") % _words(event)


@describes("fund.measured")
def measured(event: Event) -> str:
    if event.data["new"]:
        return _("Measures the results in the campaign “%(new)s”") % event.data
    return _("No longer measures the results in a campaign")


@describes("fund.request_withdrawn")
def withdrawn(event: Event) -> str:
    return _("Withdrew the request %(number)s") % event.data


@describes("fund.request_approved")
def approved(event: Event) -> str:
    return _("Approved %(money)s for %(title)s") % _words(event, "approved")


@describes("fund.request_returned")
def returned(event: Event) -> str:
    return _("Returned the request %(number)s: %(reason)s") % event.data


@describes("fund.request_rejected")
def rejected(event: Event) -> str:
    return _("Rejected the request %(number)s: %(reason)s") % event.data


@describes("fund.request_forfeited")
def forfeited(event: Event) -> str:
    return _("The request %(number)s was not claimed in time and is forfeited") % event.data


@describes("fund.claimed")
def claimed(event: Event) -> str:
    return _("Claimed %(money)s for %(title)s") % _words(event)


@describes("fund.claim_settled")
def settled(event: Event) -> str:
    return _("Settled %(money)s for %(title)s") % _words(event, "settled")


@describes("fund.claim_returned")
def claim_returned(event: Event) -> str:
    return _("Returned the claim for %(title)s: %(reason)s") % event.data


@describes("fund.claim_rejected")
def claim_rejected(event: Event) -> str:
    return _("Rejected the claim for %(title)s: %(reason)s") % event.data

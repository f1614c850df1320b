"""What an event of a deal says in a timeline or the audit trail."""

from datetime import date

from django.utils.translation import gettext as _

from partners.deals.enums import SalesStage
from portal.events.describe import describes
from portal.events.models import Event
from portal.shell.formats import short_date


def _with_reason(sentence: str, reason: str) -> str:
    return f"{sentence}: {reason}" if reason else f"{sentence}."


def _new(event: Event, name: str) -> str:
    return event.data.get("new", {}).get(name) or ""


@describes("deal.created")
def created(event: Event) -> str:
    return _("Began the registration.")


@describes("deal.updated")
def updated(event: Event) -> str:
    names = {
        "title": _("the title"),
        "customer_id": _("the customer"),
        "product_id": _("the product"),
        "amount": _("the expected amount"),
        "expected_close": _("the expected close"),
        "stage": _("the stage"),
        "notes": _("the notes"),
        "owner_id": _("the contact"),
    }
    changed = [names[name] for name in event.data.get("new", {}) if name in names]
    return _("Changed %s.") % ", ".join(changed) if changed else _("Changed the deal.")


@describes("deal.submitted")
def submitted(event: Event) -> str:
    again = event.data.get("new", {}).get("resubmissions")
    return _("Submitted the registration again.") if again else _("Submitted the registration.")


@describes("deal.review_started")
def review_started(event: Event) -> str:
    return _("Started the review.")


@describes("deal.approved")
def approved(event: Event) -> str:
    _start, end = event.data["new"]["protection"]
    sentence = _("Approved the registration, protected until %s") % short_date(date.fromisoformat(end[:10]))
    return _with_reason(sentence, _new(event, "decision_reason"))


@describes("deal.returned")
def returned(event: Event) -> str:
    return _with_reason(_("Returned the registration"), _new(event, "decision_reason"))


@describes("deal.rejected")
def rejected(event: Event) -> str:
    return _with_reason(_("Rejected the registration"), _new(event, "decision_reason"))


@describes("deal.withdrawn")
def withdrawn(event: Event) -> str:
    return _with_reason(_("Withdrew the registration"), event.data.get("reason", ""))


@describes("deal.cancelled")
def cancelled(event: Event) -> str:
    return _with_reason(_("Cancelled the registration"), _new(event, "decision_reason"))


@describes("deal.expired")
def expired(event: Event) -> str:
    return _("The protection ended, and the registration expired.")


@describes("deal.win_reported")
def win_reported(event: Event) -> str:
    return _("Reported the deal won; a manager confirms it.")


@describes("deal.win_declined")
def win_declined(event: Event) -> str:
    return _with_reason(_("Declined the reported win"), event.data.get("reason", ""))


@describes("deal.won")
def won(event: Event) -> str:
    day = _new(event, "closed_on")
    return _("Won on %s.") % short_date(date.fromisoformat(day)) if day else _("Won.")


@describes("deal.lost")
def lost(event: Event) -> str:
    return _with_reason(_("Lost"), _new(event, "loss_reason"))


@describes("deal.reversed")
def reversed_(event: Event) -> str:
    return _with_reason(_("Reversed the win"), event.data.get("reason", ""))


@describes("deal.stage_moved")
def stage_moved(event: Event) -> str:
    labels = dict(SalesStage.choices)
    old, new = event.data["old"]["stage"], event.data["new"]["stage"]
    return _("Moved from %(old)s to %(new)s.") % {"old": labels[old], "new": labels[new]}


@describes("deals.policy_changed")
def policy_changed(event: Event) -> str:
    return _("Changed the rules for registrations.")


@describes("deals.imported")
def imported(event: Event) -> str:
    return _("Imported deals (%s).") % event.data.get("count", 0)

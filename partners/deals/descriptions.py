"""What an event of a deal says in a timeline or the audit trail."""

from datetime import date

from django.utils.translation import gettext as _

from partners.deals.enums import Missing, Notice, SalesStage
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


@describes("deal.opened")
def opened(event: Event) -> str:
    return _("Opened the deal from a lead.")


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
        "lines": _("the products"),
        "owner_id": _("the contact"),
        "forecast": _("the forecast"),
        "next_step": _("the next step"),
        "next_step_on": _("the day of the next step"),
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
    words = {"day": _protected_until(event), "rule": event.data.get("rule", "")}
    if event.actor_id is None and words["rule"]:
        return _("Approved at once by the rule “%(rule)s”, protected until %(day)s.") % words
    sentence = _("Approved the registration, protected until %(day)s") % words
    return _with_reason(sentence, _new(event, "decision_reason"))


def _protected_until(event: Event) -> str:
    _start, end = event.data["new"]["protection"]
    return short_date(date.fromisoformat(end[:10]))


@describes("deal.first_approved")
def first_approved(event: Event) -> str:
    return _with_reason(
        _("Gave the first of two approvals; a second person completes it"), event.data.get("note", "")
    )


@describes("deal.left_to_person")
def left_to_person(event: Event) -> str:
    return _("A person decides, because another registration conflicts with this one.")


@describes("deal.appealed")
def appealed(event: Event) -> str:
    return _with_reason(_("Appealed against the rejection"), event.data.get("grounds", ""))


@describes("deal.appeal_granted")
def appeal_granted(event: Event) -> str:
    sentence = _("Granted the appeal and approved the registration, protected until %s") % _protected_until(
        event
    )
    return _with_reason(sentence, _new(event, "decision_reason"))


@describes("deal.rejection_upheld")
def rejection_upheld(event: Event) -> str:
    return _with_reason(_("Upheld the rejection"), event.data.get("reason", ""))


@describes("deal.extension_asked")
def extension_asked(event: Event) -> str:
    return _with_reason(_("Asked for more time"), event.data.get("reason", ""))


@describes("deal.extended")
def extended(event: Event) -> str:
    sentence = _("Extended the protection until %s") % _protected_until(event)
    return _with_reason(sentence, event.data.get("note", ""))


@describes("deal.extension_declined")
def extension_declined(event: Event) -> str:
    return _with_reason(_("Declined more time"), event.data.get("reason", ""))


@describes("deal.decision_due")
def decision_due(event: Event) -> str:
    day = short_date(date.fromisoformat(event.data["due"][:10]))
    if event.data.get("notice") == Notice.BEFORE:
        return _("Reminded those who decide: the answer is due on %s.") % day
    return _("Reminded those who decide: the answer is due now.")


@describes("deal.decision_overdue")
def decision_overdue(event: Event) -> str:
    return _("Told the administrators that the answer is overdue.")


@describes("deal.protection_ending")
def protection_ending(event: Event) -> str:
    return _("The protection ends on %s.") % short_date(date.fromisoformat(event.data["until"][:10]))


@describes("deals.rule_saved")
def rule_saved(event: Event) -> str:
    return _("Saved the approval rule “%s”.") % _new(event, "name")


@describes("deals.rule_moved")
def rule_moved(event: Event) -> str:
    return _("Moved the approval rule “%s”.") % event.data.get("name", "")


@describes("deals.rule_removed")
def rule_removed(event: Event) -> str:
    return _("Removed the approval rule “%s”.") % event.data["old"]["name"]


@describes("deals.reason_saved")
def reason_saved(event: Event) -> str:
    return _("Saved the rejection reason “%s”.") % _new(event, "name")


@describes("deals.holiday_added")
def holiday_added(event: Event) -> str:
    day = short_date(date.fromisoformat(event.data["day"]))
    return _("Added the holiday %(name)s on %(day)s.") % {"name": event.data["name"], "day": day}


@describes("deals.holiday_removed")
def holiday_removed(event: Event) -> str:
    day = short_date(date.fromisoformat(event.data["day"]))
    return _("Removed the holiday %(name)s on %(day)s.") % {"name": event.data["name"], "day": day}


@describes("deal.returned")
def returned(event: Event) -> str:
    picked = [str(Missing(name).label) for name in _new(event, "missing") or () if name in Missing]
    words = "; ".join(part for part in (*picked, _new(event, "decision_reason")) if part)
    return _with_reason(_("Returned the registration"), words)


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


@describes("deals.list_changed")
def list_changed(event: Event) -> str:
    name = event.data.get("name", "")
    if event.data.get("offered"):
        return _("Offers “%s” when a deal is lost.") % name
    return _("No longer offers “%s” when a deal is lost.") % name

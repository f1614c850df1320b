"""This room's events in sentences."""

from typing import Any

from django.utils.translation import gettext as _

from metrics.periods import Period
from partners.directory.fields import country_name
from portal.events.describe import describes
from portal.events.models import Event
from portal.money import quick_money


def _period(event: Event) -> dict[str, str]:
    return {**event.data, "period": Period.parse(event.data["period"]).label()}


@describes("closing.begun")
def begun(event: Event) -> str:
    return _("The close of %(period)s was begun") % _period(event)


@describes("closing.proposed")
def proposed(event: Event) -> str:
    return _("The close of %(period)s was proposed") % _period(event)


@describes("closing.approved")
def approved(event: Event) -> str:
    return _("The close of %(period)s was approved: %(statements)s statements") % _period(event)


@describes("closing.cancelled")
def cancelled(event: Event) -> str:
    return _("The close of %(period)s was cancelled: %(reason)s") % _period(event)


def _amount(event: Event, name: str) -> dict[str, str]:
    return {**event.data, "money": quick_money(event.data[name], event.data["currency"])}


@describes("statement.approved")
def statement_approved(event: Event) -> str:
    if event.data["payable"]:
        return _("Statement %(number)s over %(money)s was approved") % _amount(event, "payable")
    return _("Statement %(number)s carries %(money)s forward") % _amount(event, "carried")


@describes("statement.paid")
def paid(event: Event) -> str:
    return _("Statement %(number)s was paid: %(money)s") % _amount(event, "amount")


@describes("statement.payment_failed")
def failed(event: Event) -> str:
    return _("The payment of statement %(number)s failed: %(reason)s") % event.data


@describes("batch.proposed")
def batch_proposed(event: Event) -> str:
    return _("Batch %(number)s of %(count)s payments was proposed: %(money)s") % _amount(event, "total")


@describes("batch.approved")
def batch_approved(event: Event) -> str:
    return _("Batch %(number)s was approved") % event.data


@describes("batch.sent")
def batch_sent(event: Event) -> str:
    return _("Batch %(number)s was sent to the bank") % event.data


@describes("batch.settled")
def batch_settled(event: Event) -> str:
    return _("Batch %(number)s was settled: %(paid)s paid, %(failed)s failed") % event.data


@describes("batch.cancelled")
def batch_cancelled(event: Event) -> str:
    return _("Batch %(number)s was cancelled: %(reason)s") % event.data


@describes("payout.details_changed")
def details_changed(event: Event) -> str:
    return _("The payout details were changed; the account ends in %(ends)s") % event.data


@describes("payout.details_verified")
def details_verified(event: Event) -> str:
    return _("The payout details were verified; the account ends in %(ends)s") % event.data


@describes("payout.held")
def held(event: Event) -> str:
    return _("Payments to the partner were held: %(reason)s") % event.data


@describes("payout.released")
def released(event: Event) -> str:
    return _("Payments to the partner go on: %(reason)s") % event.data


@describes("payout.terms_saved")
def terms_saved(event: Event) -> str:
    return _("The terms of payment were changed")


@describes("payout.tax_saved")
def tax_saved(event: Event) -> str:
    return _("Withholding for %(country)s is %(rate)s from %(from)s") % _named(event.data)


@describes("payout.tax_removed")
def tax_removed(event: Event) -> str:
    return _("The withholding for %(country)s from %(from)s was removed") % _named(event.data)


def _named(data: dict[str, Any]) -> dict[str, Any]:
    return data | {"country": country_name(data["country"])}

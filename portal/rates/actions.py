"""Writes of exchange rates."""

from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.money import CURRENCIES
from portal.rates.models import ExchangeRate
from portal.tenancy.models import current_tenant


@transaction.atomic
def add_rate(*, by: Membership, currency: str, rate: Decimal, starts_on: date) -> ExchangeRate:
    """A rate in force from a day on. One a currency and day."""
    check(by, "accounts.manage_settings")
    own = current_tenant().currency
    if currency not in CURRENCIES:
        raise ActionRefused(
            _("“%(code)s” is not a currency, such as USD.") % {"code": currency}, field="currency"
        )
    if currency == own:
        raise ActionRefused(
            _("%(code)s is the programme’s own currency: its rate is always 1.") % {"code": own},
            field="currency",
        )
    if rate <= 0:
        raise ActionRefused(_("A rate is more than nothing."), field="rate")
    try:
        with transaction.atomic():
            added = ExchangeRate.objects.create(currency=currency, rate=rate, starts_on=starts_on)
    except IntegrityError as error:
        raise ActionRefused(
            _("There is a rate from that day already. Remove it first."), field="starts_on"
        ) from error
    record("rate.added", subject=added, by=by, data=_told(added))
    return added


@transaction.atomic
def remove_rate(rate: ExchangeRate, *, by: Membership) -> None:
    """Take a rate away. What was converted with it stays as it is."""
    check(by, "accounts.manage_settings")
    found = ExchangeRate.objects.select_for_update(of=("self",)).get(pk=rate.pk)
    record("rate.removed", subject=found, by=by, data=_told(found))
    found.delete()


def _told(rate: ExchangeRate) -> dict[str, str]:
    return {
        "currency": rate.currency,
        "rate": f"{rate.rate.normalize():f}",
        "own": current_tenant().currency,
        "from": str(rate.starts_on),
    }

"""Writes of orders: the locked row decides, and events carry the days that figures hang on."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.directory.models import Customer, Partner, Product
from partners.orders.enums import TRANSITIONS, OrderStatus
from partners.orders.models import Order, OrderLine, OrderReturn
from partners.orders.queries import returned_units
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.money import convert
from portal.rates.queries import rates_on
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant_id, tenant_scope
from portal.tenancy.sequences import next_number

# What a column holds, with room for the sums of a programme.
MOST_LINES = 1000
MOST_UNITS = 10**9
MOST_AMOUNT = 10**15

_CANNOT: dict[str, Promise] = {
    "change": gettext_lazy("be changed"),
    "ship": gettext_lazy("be shipped"),
    "deliver": gettext_lazy("be delivered"),
    "cancel": gettext_lazy("be cancelled"),
    "return": gettext_lazy("have returns"),
}


@dataclass(frozen=True, slots=True)
class Goods:
    """A line as it is given: amounts each, in minor units of the order's currency."""

    product: Product
    quantity: int
    unit_price: int
    unit_cost: int | None = None


@transaction.atomic
def place_order(
    *,
    by: Membership,
    partner: Partner,
    goods: Sequence[Goods],
    ordered_at: dt.datetime,
    currency: str,
    customer: Customer | None = None,
    note: str = "",
) -> Order:
    """Enter an order of a partner's. ActionRefused without goods, for a time to come or a currency without a rate."""
    order = Order(partner=partner, customer=customer, currency=currency, note=note.strip())
    check(by, "orders.add_order", order)
    _refuse_future(ordered_at, "ordered_at")
    order.ordered_at = ordered_at
    _price(order, goods, by.tenant)
    order.number = next_number("O", year=timezone.localdate(ordered_at, by.tenant.zone).year)
    order.save()
    _write_lines(order, goods)
    record("order.placed", subject=order, by=by, partner_id=order.partner_id, data={"new": told(order)})
    return order


@transaction.atomic
def change_order(
    order: Order,
    *,
    by: Membership,
    version: int,
    goods: Sequence[Goods],
    ordered_at: dt.datetime,
    currency: str,
    customer: Customer | None = None,
    note: str = "",
) -> Order:
    """Correct an order that has not been shipped yet."""
    order = _begin(order, "change", by, version)
    _refuse_future(ordered_at, "ordered_at")
    before = told(order)
    order.ordered_at, order.currency, order.customer, order.note = (
        ordered_at,
        currency,
        customer,
        note.strip(),
    )
    _price(order, goods, by.tenant)
    order.lines.all().delete()
    _write_lines(order, goods)
    return _write(order, "order.changed", by, {"old": before, "new": told(order)})


@transaction.atomic
def ship_order(order: Order, *, by: Membership, version: int, at: dt.datetime) -> Order:
    """Say when it left."""
    order = _begin(order, "ship", by, version)
    _refuse_times(order, at)
    order.shipped_at, order.status = at, OrderStatus.SHIPPED
    return _write(order, "order.shipped", by, {"new": told(order)})


@transaction.atomic
def deliver_order(order: Order, *, by: Membership, version: int, at: dt.datetime) -> Order:
    """Say when it arrived. From then on it counts as fulfilled."""
    order = _begin(order, "deliver", by, version)
    _refuse_times(order, at)
    if order.shipped_at and at < order.shipped_at:
        raise ActionRefused(_("It cannot arrive before it was shipped."), field="at")
    order.fulfilled_at, order.status = at, OrderStatus.DELIVERED
    return _write(order, "order.delivered", by, {"new": told(order)})


@transaction.atomic
def cancel_order(order: Order, *, by: Membership, version: int, reason: str) -> Order:
    """Call an order off; it counts no longer, in no period."""
    order = _begin(order, "cancel", by, version)
    if not reason.strip():
        raise ActionRefused(_("Give the reason."), field="reason")
    order.cancelled_on = timezone.localdate(timezone=by.tenant.zone)
    order.cancel_reason, order.status = reason.strip(), OrderStatus.CANCELLED
    return _write(order, "order.cancelled", by, {"new": told(order), "reason": order.cancel_reason})


@transaction.atomic
def record_return(
    order: Order, *, by: Membership, version: int, returned_on: dt.date, quantity: int, reason: str = ""
) -> OrderReturn:
    """Note units that came back: no more than were sold, and not before they were delivered."""
    order = _begin(order, "return", by, version)
    left = order.units - returned_units(order)
    if quantity < 1 or quantity > left:
        raise ActionRefused(_("At most %(count)d units can come back.") % {"count": left}, field="quantity")
    today = timezone.localdate(timezone=by.tenant.zone)
    assert order.fulfilled_at is not None
    arrived = timezone.localdate(order.fulfilled_at, by.tenant.zone)
    if not arrived <= returned_on <= today:
        raise ActionRefused(_("The day lies between the delivery and today."), field="returned_on")
    found = OrderReturn.objects.create(
        order=order,
        partner_id=order.partner_id,
        returned_on=returned_on,
        quantity=quantity,
        reason=reason.strip(),
        recorded_by=by,
    )
    data = {"new": {**told(order), "returned_on": str(returned_on), "quantity": quantity}}
    _write(order, "order.returned", by, data)
    return found


def told(order: Order) -> dict[str, Any]:
    """What events say of an order: its days and amounts."""
    moments = {name: getattr(order, name) for name in ("ordered_at", "shipped_at", "fulfilled_at")}
    return {
        "number": order.number,
        "status": str(order.status),
        "total": order.total,
        "currency": order.currency,
        "units": order.units,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }


def rate_of(currency: str, day: dt.date, tenant: Tenant) -> Decimal:
    """What a unit of the currency is worth in the tenant's on a day. ActionRefused where no rate was given."""
    if currency == tenant.currency:
        return Decimal(1)
    # The rates are the vendor's; a partner's session cannot read them.
    with tenant_scope(current_tenant_id()):
        rate = rates_on(day).get(currency)
    if rate is None:
        raise ActionRefused(
            _("There is no exchange rate for %(currency)s on that day.") % {"currency": currency},
            field="currency",
        )
    return rate


def _price(order: Order, goods: Sequence[Goods], tenant: Tenant) -> None:
    if not goods:
        raise ActionRefused(_("An order has at least one line."))
    if len(goods) > MOST_LINES:
        raise ActionRefused(_("An order has at most %(count)d lines.") % {"count": MOST_LINES})
    costs = [line.quantity * line.unit_cost for line in goods if line.unit_cost is not None]
    order.rate = rate_of(order.currency, timezone.localdate(order.ordered_at, tenant.zone), tenant)
    order.units = sum(line.quantity for line in goods)
    order.total = sum(line.quantity * line.unit_price for line in goods)
    order.cost = sum(costs) if len(costs) == len(goods) else None
    _refuse_beyond_measure(order.total, order.cost or 0, units=order.units)
    order.total_base = convert(order.total, order.rate, order.currency, tenant.currency)
    order.cost_base = (
        None if order.cost is None else convert(order.cost, order.rate, order.currency, tenant.currency)
    )
    _refuse_beyond_measure(order.total_base, order.cost_base or 0)


def _refuse_beyond_measure(*amounts: int, units: int = 0) -> None:
    if units > MOST_UNITS or max(amounts) > MOST_AMOUNT:
        raise ActionRefused(_("This order is too large: check its quantities and prices."))


def _write_lines(order: Order, goods: Sequence[Goods]) -> None:
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            partner_id=order.partner_id,
            position=position,
            product=line.product,
            quantity=line.quantity,
            unit_price=line.unit_price,
            unit_cost=line.unit_cost,
        )
        for position, line in enumerate(goods)
    )


def _begin(order: Order, verb: str, by: Membership, version: int) -> Order:
    """The locked row, once the member may do this to it, has seen it as it is, and its status allows it."""
    locked = lock(order.pk)
    check(by, f"orders.{verb}_order", locked)
    if version != locked.version:
        raise ActionRefused(_("Someone has changed this order meanwhile. Look at it again."), code="stale")
    if locked.status not in TRANSITIONS[verb][0]:
        raise ActionRefused(
            _("An order that is “%(status)s” cannot %(verb)s.")
            % {"status": locked.get_status_display(), "verb": _CANNOT[verb]}
        )
    return locked


def lock(pk: UUID) -> Order:
    """The row as it is now, held until the transaction ends."""
    return Order.objects.select_for_update(of=("self",)).select_related("partner", "customer").get(pk=pk)


def _write(order: Order, event: str, by: Membership, data: dict[str, Any]) -> Order:
    order.version += 1
    order.save()
    record(event, subject=order, by=by, partner_id=order.partner_id, data=data)
    return order


def _refuse_future(moment: dt.datetime, field: str) -> None:
    if moment > timezone.now() + dt.timedelta(days=1):
        raise ActionRefused(_("The time cannot lie in the future."), field=field)


def _refuse_times(order: Order, at: dt.datetime) -> None:
    _refuse_future(at, "at")
    if at < order.ordered_at:
        raise ActionRefused(_("It cannot be before the order."), field="at")

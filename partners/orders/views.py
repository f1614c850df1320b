"""Pages of orders."""

from typing import Any
from uuid import UUID

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from partners.directory.pages import form_page
from partners.orders import forms, queries
from partners.orders.enums import TRANSITIONS, OrderStatus
from partners.orders.filters import OrderFilter, VendorOrderFilter
from partners.orders.models import Order
from partners.orders.tables import STATUS_TONES, OrderTable, OwnOrderTable
from portal.accounts.access import can, check, requires
from portal.accounts.models import Membership
from portal.events.queries import timeline
from portal.money import format_money
from portal.shell.addresses import turl
from portal.shell.formats import number, short_date, short_time
from portal.shell.lists import Action, ListPage, Preset

form_methods = require_http_methods(["GET", "HEAD", "POST"])
FORMS: dict[str, tuple[type[forms.VerbForm], Any, Any]] = {
    "ship": (forms.ShipForm, gettext_lazy("Ship the order"), gettext_lazy("Shipped.")),
    "deliver": (forms.DeliverForm, gettext_lazy("Deliver the order"), gettext_lazy("Delivered.")),
    "cancel": (forms.CancelForm, gettext_lazy("Cancel the order"), gettext_lazy("The order is cancelled.")),
    "return": (forms.ReturnForm, gettext_lazy("Record a return"), gettext_lazy("The return has been noted.")),
}


class OrderList(ListPage):
    title = gettext_lazy("Orders")
    permission = "orders.view_order"
    table_class = OrderTable
    filterset_class = VendorOrderFilter
    search_fields = ("number", "external_id", "partner__name", "customer__name")
    search_label = gettext_lazy("Search by number, partner or customer")
    export_name = "orders"
    actions = (
        Action(
            gettext_lazy("Enter an order"),
            "orders:create",
            "plus",
            permission="orders.add_order",
            primary=True,
        ),
    )
    presets = (
        Preset(gettext_lazy("All")),
        Preset(gettext_lazy("To deliver"), {"status": "placed"}),
        Preset(gettext_lazy("On the way"), {"status": "shipped"}),
        Preset(gettext_lazy("Delivered"), {"status": "delivered"}),
    )
    empty_icon = "shopping-cart"
    empty_title = gettext_lazy("No orders yet")
    empty_text = gettext_lazy("Enter one, or import a file of them.")
    empty_action = actions[0]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Order]:
        return queries.visible_orders(request.membership)

    def adapt_to(self, member: Membership) -> None:
        if member.is_partner:
            self.table_class, self.filterset_class = OwnOrderTable, OrderFilter


@form_methods
@requires("orders.add_order")
def create(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        forms.OrderForm(request.POST or None, by=request.membership),
        done=lambda order: (
            turl(request, "orders:detail", order.pk),
            _("Order %s has been entered.") % order.number,
        ),
        template="orders/form.html",
        context={
            "title": _("Enter an order"),
            "back_url": turl(request, "orders:list"),
            "back_label": _("Orders"),
            "submit_label": _("Enter the order"),
        },
    )


@require_GET
@requires("orders.view_order")
def detail(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    order = get_object_or_404(queries.visible_orders(request.membership), pk=pk)
    tone, icon = STATUS_TONES[OrderStatus(order.status)]
    lines = [
        {
            "product": line.product.name,
            "quantity": number(line.quantity),
            "price": format_money(line.unit_price, order.currency),
            "cost": format_money(line.unit_cost, order.currency),
            "total": format_money(line.total, order.currency),
        }
        for line in order.lines.select_related("product")
    ]
    context = {
        "title": order.number,
        "back_url": turl(request, "orders:list"),
        "back_label": _("Orders"),
        "order": order,
        "tone": tone,
        "icon": icon,
        "items": _items(request, order),
        "lines": lines,
        "total": format_money(order.total, order.currency),
        "returns": list(order.returns.all()),
        "verbs": _verbs(request, order),
        "may_change": order.status in TRANSITIONS["change"][0]
        and can(request.membership, "orders.change_order", order),
        "events": timeline(order)[:50],
    }
    return render(request, "orders/detail.html", context)


def _items(request: HttpRequest, order: Order) -> list[dict[str, Any]]:
    partner_url = (
        "" if request.membership.is_partner else turl(request, "directory:partner", order.partner_id)
    )
    items = [
        {"label": _("Partner"), "value": order.partner.name, "href": partner_url},
        {
            "label": _("Customer"),
            "value": order.customer.name if order.customer else "",
            "href": turl(request, "directory:customer", order.customer_id) if order.customer_id else "",
        },
        {"label": _("Ordered"), "value": short_time(order.ordered_at)},
        {"label": _("Shipped"), "value": short_time(order.shipped_at)},
        {"label": _("Delivered"), "value": short_time(order.fulfilled_at)},
        {
            "label": _("Amount"),
            "value": format_money(order.total, order.currency),
            "hint": _in_base(request, order),
        },
        {"label": _("Cost"), "value": format_money(order.cost, order.currency)},
        {"label": _("Note"), "value": order.note},
    ]
    if order.external_id:
        items.append(
            {
                "label": _("Number elsewhere"),
                "value": order.external_id,
                "hint": _("Another system reports this order and says what becomes of it."),
            }
        )
    if order.cancelled_on:
        items.append(
            {"label": _("Cancelled"), "value": short_date(order.cancelled_on), "hint": order.cancel_reason}
        )
    return items


def _in_base(request: HttpRequest, order: Order) -> str:
    own = request.tenant.currency
    if order.currency == own:
        return ""
    return _("%(amount)s at the rate %(rate)s") % {
        "amount": format_money(order.total_base, own),
        "rate": f"{order.rate.normalize():f}",
    }


def _verbs(request: HttpRequest, order: Order) -> list[dict[str, Any]]:
    """What may be done with the order now, by whom looks."""
    return [
        {"label": label, "url": turl(request, f"orders:{verb}", order.pk), "danger": verb == "cancel"}
        for verb, (_form, label, _said) in FORMS.items()
        if order.status in TRANSITIONS[verb][0] and can(request.membership, f"orders.{verb}_order", order)
    ]


@form_methods
@requires("orders.view_order")
def edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    order = get_object_or_404(queries.visible_orders(request.membership), pk=pk)
    check(request.membership, "orders.change_order", order)
    address = turl(request, "orders:detail", pk)
    return form_page(
        request,
        forms.OrderForm(request.POST or None, by=request.membership, order=order),
        done=lambda saved: (address, _("Saved.")),
        template="orders/form.html",
        context={"title": order.number, "back_url": address, "back_label": order.number},
    )


@form_methods
@requires("orders.view_order")
def verb(request: HttpRequest, tenant: str, pk: UUID, name: str) -> HttpResponse:
    """Ship, deliver or cancel an order, or record a return."""
    order = get_object_or_404(queries.visible_orders(request.membership), pk=pk)
    check(request.membership, f"orders.{name}_order", order)
    form_class, label, said = FORMS[name]
    address = turl(request, "orders:detail", pk)
    return form_page(
        request,
        form_class(request.POST or None, by=request.membership, order=order),
        done=lambda saved: (address, said),
        context={"title": label, "back_url": address, "back_label": order.number, "submit_label": label},
    )

"""Input of orders. A form's `save` calls an action."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _g
from django.utils.translation import gettext_lazy as _

from partners.directory.fields import AmountField, DateField
from partners.directory.models import Customer, Partner, Product
from partners.directory.queries import visible_customers
from partners.orders import actions, queries
from partners.orders.models import Order
from portal.accounts.models import Membership
from portal.money import offered_currencies


class MomentField(forms.DateTimeField):
    """A day and time in the page's time zone."""

    def __init__(self, **kwargs: Any):
        kwargs.setdefault(
            "widget", forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        )
        kwargs.setdefault("input_formats", ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"])
        super().__init__(**kwargs)


class LineForm(forms.Form):
    product = forms.ModelChoiceField(
        label=_("Product"), queryset=Product.objects.none(), required=False, empty_label=_("– none –")
    )
    quantity = forms.IntegerField(label=_("Quantity"), min_value=1, max_value=10_000_000, required=False)
    unit_price = AmountField(label=_("Price each"), required=False)
    unit_cost = AmountField(label=_("Cost each"), required=False)

    def __init__(self, *args: Any, currency: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["product"].queryset = Product.objects.order_by("name")
        for name in ("unit_price", "unit_cost"):
            self.fields[name].currency = currency
        for field in self.fields.values():
            css = "form-select" if isinstance(field, forms.ModelChoiceField) else "form-control"
            field.widget.attrs |= {"class": css, "aria-label": field.label}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("product"):
            for name in ("quantity", "unit_price"):
                if data.get(name) is None and name not in self.errors:
                    self.add_error(name, _g("Fill this in."))
        elif any(data.get(name) is not None for name in ("quantity", "unit_price", "unit_cost")):
            self.add_error("product", _g("Choose the product."))
        return data

    def goods(self) -> actions.Goods | None:
        data = self.cleaned_data
        if not data.get("product"):
            return None
        return actions.Goods(data["product"], data["quantity"], data["unit_price"], data["unit_cost"])


MOST_LINES = 50
# Empty lines below those that are there; saving brings as many again.
_SPARE = 3


class OrderForm(forms.Form):
    partner = forms.ModelChoiceField(label=_("Partner"), queryset=Partner.objects.none())
    customer_name = forms.CharField(
        label=_("Customer"), max_length=200, required=False, help_text=_("As it stands in the customer list.")
    )
    ordered_at = MomentField(label=_("Ordered"))
    currency = forms.ChoiceField(label=_("Currency"))
    note = forms.CharField(label=_("Note"), max_length=500, required=False)

    def __init__(self, *args: Any, by: Membership, order: Order | None = None, **kwargs: Any):
        self.by, self.order = by, order
        if order is not None:
            kwargs["initial"] = {
                "partner": order.partner_id,
                "customer_name": order.customer.name if order.customer else "",
                "ordered_at": order.ordered_at,
                "currency": order.currency,
                "note": order.note,
                "version": order.version,
            }
        super().__init__(*args, **kwargs)
        self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, required=order is not None)
        partners = queries.partners_to_act_for(by)
        if by.is_partner or order is not None:
            del self.fields["partner"]
        else:
            self.fields["partner"].queryset = partners
        currency = order.currency if order else by.tenant.currency
        self.fields["currency"].choices = offered_currencies(by.tenant.currency, currency)
        self.fields["currency"].initial = currency
        self.lines = self._line_forms(str(self.data.get("currency") or currency))

    def _line_forms(self, currency: str) -> list[LineForm]:
        if self.is_bound:
            sent = self.data.get("lines", "0")
            count = min(int(sent) if sent.isascii() and sent.isdigit() else 0, MOST_LINES)
            return [LineForm(self.data, prefix=f"line{n}", currency=currency) for n in range(count)]
        there = list(self.order.lines.all()) if self.order else []
        filled = [
            {
                "product": line.product_id,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "unit_cost": line.unit_cost,
            }
            for line in there
        ]
        return [
            LineForm(prefix=f"line{n}", initial=initial, currency=currency)
            for n, initial in enumerate([*filled, *({} for _n in range(_SPARE))])
        ]

    def is_valid(self) -> bool:
        lines = [line.is_valid() for line in self.lines]
        return super().is_valid() and all(lines)

    def clean_customer_name(self) -> Customer | None:
        name = " ".join(self.cleaned_data["customer_name"].split())
        if not name:
            return None
        found = visible_customers(self.by).filter(name__iexact=name).order_by("created_at").first()
        if found is None:
            raise ValidationError(_g("There is no customer of this name. Add it first, or leave this empty."))
        return found

    def save(self) -> Order:
        goods = [found for line in self.lines if (found := line.goods())]
        data = self.cleaned_data
        fields = {
            "goods": goods,
            "ordered_at": data["ordered_at"],
            "currency": data["currency"],
            "customer": data["customer_name"],
            "note": data["note"],
        }
        if self.order is None:
            partner = data.get("partner") or Partner.objects.get(pk=self.by.partner_id)
            return actions.place_order(by=self.by, partner=partner, **fields)
        return actions.change_order(self.order, by=self.by, version=data["version"], **fields)


class VerbForm(forms.Form):
    """What a verb asks for, with the version that the person has seen."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, by: Membership, order: Order, **kwargs: Any):
        self.by, self.order = by, order
        kwargs["initial"] = {"version": order.version, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)

    def save(self) -> Any:
        raise NotImplementedError


class ShipForm(VerbForm):
    at = MomentField(label=_("Shipped"), initial=timezone.now)

    def save(self) -> Any:
        return actions.ship_order(self.order, by=self.by, **self.cleaned_data)


class DeliverForm(VerbForm):
    at = MomentField(label=_("Delivered"), initial=timezone.now)

    def save(self) -> Any:
        return actions.deliver_order(self.order, by=self.by, **self.cleaned_data)


class CancelForm(VerbForm):
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def save(self) -> Any:
        return actions.cancel_order(self.order, by=self.by, **self.cleaned_data)


class ReturnForm(VerbForm):
    returned_on = DateField(label=_("Returned on"), initial=timezone.localdate)
    quantity = forms.IntegerField(label=_("Units"), min_value=1)
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)

    def save(self) -> Any:
        return actions.record_return(self.order, by=self.by, **self.cleaned_data)

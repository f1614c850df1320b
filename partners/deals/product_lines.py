"""The product lines of a form: those that a deal is registered with, and those that were sold."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.deals import actions
from partners.deals.models import Deal
from partners.directory.fields import AmountField
from partners.directory.models import Product
from partners.directory.queries import products_on_sale

MOST_LINES = 30
_LINE = re.compile(r"line-(\d{1,3})-product")


class ProductFields(forms.Form):
    """A product line. The product is optional: an empty line is left out. `number` is its place in the names."""

    number = 0

    product = forms.ModelChoiceField(
        label=_("Product"), queryset=Product.objects.none(), empty_label=_("Choose…"), required=False
    )
    quantity = forms.IntegerField(
        label=_("Quantity"),
        min_value=1,
        max_value=1_000_000,
        initial=1,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": "1"}),
    )
    unit_price = AmountField(label=_("Price each"), required=False)

    def offer(self, products: Any, currency: str) -> None:
        self.fields["product"].queryset = products
        self.fields["unit_price"].for_currency(currency)

    def line(self) -> actions.Line | None:
        data = self.cleaned_data
        product = data.get("product")
        if product is None:
            return None
        return actions.Line(product, data.get("quantity") or 1, data.get("unit_price"))


class ProductLines(ProductFields):
    """A form with product lines: the first stands in the form itself, further ones in `lines`. What was asked for
    is in `asked` once it is cleaned."""

    def offer_lines(self, deal: Deal | None, currency: str, source: Deal | None) -> None:
        """Let choose from what is on sale, and from what the deal has already; begin with the lines of `source`."""
        self.products = products_on_sale()
        if deal is not None:
            kept = [deal.product_id, *deal.lines.values_list("product_id", flat=True)]
            self.products = self.products | Product.objects.filter(pk__in=kept).select_related("family")
        self.currency = currency
        self.offer(self.products, currency)
        self.lines = list(self._lines(source))

    def read_lines(self, *, strict: bool) -> None:
        """Collect what was asked for; `strict` refuses a further line that cannot be read."""
        for form in self.lines:
            if not form.is_valid() and strict:
                self.add_error(None, _("One of the further products is not complete."))
        self.asked = [line for form in (self, *self.lines) if (line := form.line())]

    def _lines(self, source: Deal | None) -> Iterator[ProductFields]:
        """The further lines: those that came with the form, or those of the deal."""
        if self.is_bound:
            numbers = sorted({int(found[1]) for name in self.data if (found := _LINE.fullmatch(name))})
            further = [(n, ProductFields(self.data, prefix=f"line-{n}")) for n in numbers]
        else:
            rows = list(source.lines.order_by("position"))[1:] if source else []
            further = [
                (n, ProductFields(prefix=f"line-{n}", initial=line_initial(row)))
                for n, row in enumerate(rows, 1)
            ]
        for number, form in further[: MOST_LINES - 1]:
            form.number = number
            form.offer(self.products, self.currency)
            yield form


def with_another_line(data: Mapping[str, Any], wish: str) -> Any:
    """The form's data with one line more (`add`) or without one (`drop:3`)."""
    changed: Any = data.copy()  # type: ignore[attr-defined]
    numbers = [int(found[1]) for name in data if (found := _LINE.fullmatch(name))]
    if wish == "add" and len(numbers) < MOST_LINES - 1:
        number = max(numbers, default=0) + 1
        changed[f"line-{number}-product"], changed[f"line-{number}-quantity"] = "", "1"
    elif wish.startswith("drop:"):
        for name in ("product", "quantity", "unit_price"):
            changed.pop(f"line-{wish.removeprefix('drop:')}-{name}", None)
    return changed


def line_initial(row: Any) -> dict[str, Any]:
    return {"product": row.product_id, "quantity": row.quantity, "unit_price": row.unit_price}


def first_line(deal: Deal) -> dict[str, Any]:
    """What the form's own line begins with: the deal's first line, or its product."""
    first = deal.lines.order_by("position").first()
    return line_initial(first) if first else {"product": deal.product_id, "quantity": 1}

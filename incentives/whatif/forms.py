"""What somebody supposes, as typed: read from the address, so that a wish can be kept and sent on."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from incentives.fields import parse_money, parse_number
from incentives.plans.models import Plan
from incentives.whatif.outcome import Idea, Wish
from metrics.catalogue import CATALOGUE
from metrics.units import Unit
from partners.directory.models import ProductFamily
from portal.money import digits, to_minor

ROWS = 3


class WishForm(forms.Form):
    """Up to three deals, and a value for any figure of the scorecard."""

    def __init__(
        self, data: Mapping[str, Any] | None, *, currency: str, figures: list[tuple[str, str, float | None]]
    ):
        super().__init__(data)
        self.currency = currency
        families = [("", _("any product"))]
        families += [
            (str(pk), name) for pk, name in ProductFamily.objects.order_by("name").values_list("pk", "name")
        ]
        for number in range(1, ROWS + 1):
            self.fields[f"deal{number}"] = forms.CharField(
                label=_("Amount of deal %(number)d") % {"number": number},
                required=False,
                max_length=30,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num"}),
            )
            self.fields[f"family{number}"] = forms.ChoiceField(
                label=_("Product family"), choices=families, required=False
            )
            self.fields[f"registered{number}"] = forms.BooleanField(label=_("Registered"), required=False)
        self.codes = [code for code, _name, _value in figures]
        for code, name, value in figures:
            self.fields[f"kpi-{code}"] = forms.CharField(
                label=name,
                required=False,
                max_length=30,
                widget=forms.TextInput(
                    attrs={
                        "inputmode": "decimal",
                        "class": "num",
                        "placeholder": shown(code, value, currency),
                    }
                ),
            )

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [
            {
                "amount": self[f"deal{number}"],
                "family": self[f"family{number}"],
                "registered": self[f"registered{number}"],
            }
            for number in range(1, ROWS + 1)
        ]

    @property
    def figure_fields(self) -> list[Any]:
        return [self[f"kpi-{code}"] for code in self.codes]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in list(cleaned):
            text = str(cleaned[name] or "").strip()
            if name.startswith("deal") and text:
                self._read(cleaned, name, lambda text=text: parse_money(text, self.currency))
            if name.startswith("kpi-") and text:
                code = name.removeprefix("kpi-")
                self._read(cleaned, name, lambda text=text, code=code: stored(code, text, self.currency))
        return cleaned

    def _read(self, cleaned: dict[str, Any], name: str, read: Any) -> None:
        try:
            cleaned[name] = read()
        except ValidationError as error:
            self.add_error(name, error)

    def wish(self) -> Wish:
        """What was typed; what is no number is left out, and its field says so."""
        data = self.cleaned_data if self.is_bound and (self.is_valid() or True) else {}
        ideas = []
        for number in range(1, ROWS + 1):
            revenue = data.get(f"deal{number}")
            if isinstance(revenue, int) and revenue > 0:
                family = data.get(f"family{number}")
                ideas.append(
                    Idea(revenue, bool(data.get(f"registered{number}")), UUID(family) if family else None)
                )
        figures = {
            code: data[f"kpi-{code}"] for code in self.codes if isinstance(data.get(f"kpi-{code}"), float)
        }
        return Wish(tuple(ideas), figures)


def stored(code: str, text: str, currency: str) -> float:
    """A figure as typed in the unit that it is kept in: a fraction for %, minor units for money."""
    number = parse_number(text)
    unit = CATALOGUE[code].unit
    if unit == Unit.PERCENT:
        return float(number / 100)
    if unit == Unit.MONEY:
        return float(to_minor(number, currency))
    return float(number)


def shown(code: str, value: float | None, currency: str) -> str:
    """A figure as it is typed."""
    if value is None:
        return str(_("no data"))
    unit = CATALOGUE[code].unit
    number = Decimal(str(value))
    if unit == Unit.PERCENT:
        number *= 100
    if unit == Unit.MONEY:
        number = number.scaleb(-digits(currency))
    return f"{round(number, 2).normalize():f}"


class RatesForm(forms.Form):
    """Other rates and thresholds for a plan that is in force."""

    plan = forms.ModelChoiceField(label=_("Plan"), queryset=None)
    rates = forms.DecimalField(
        label=_("Rates and amounts, in per cent of today’s"),
        min_value=0,
        max_value=1000,
        max_digits=6,
        initial=100,
    )
    limits = forms.DecimalField(
        label=_("Limits of the bands, in per cent of today’s"),
        min_value=1,
        max_value=1000,
        max_digits=6,
        initial=100,
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["plan"].queryset = Plan.objects.order_by("name")  # type: ignore[attr-defined]

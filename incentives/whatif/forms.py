"""What somebody supposes, as typed: read from the address, so that a wish can be kept and sent on."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from incentives.fields import parse_money, parse_number
from incentives.plans.models import Plan
from incentives.tiers.builder import parse_threshold, threshold_text
from incentives.tiers.measures import measure_of
from incentives.tiers.models import Tier
from incentives.tiers.requirements import Condition, Group, dump, is_check, parse
from incentives.whatif.outcome import Figure, Idea, Wish
from metrics.units import Unit
from partners.directory.models import ProductFamily
from portal.money import digits, to_minor

ROWS = 3
MOST_PEOPLE = 10_000
NUMBER = {"inputmode": "decimal", "class": "num"}


class WishForm(forms.Form):
    """Up to three deals, more people with a certificate, and a value for any figure that counts."""

    certified = forms.IntegerField(
        label=_("More people with a certificate"),
        required=False,
        min_value=0,
        max_value=MOST_PEOPLE,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "num"}),
    )

    def __init__(self, data: Mapping[str, Any] | None, *, currency: str, figures: Sequence[Figure]):
        super().__init__(data)
        self.currency = currency
        self.figures = {f"kpi-{figure.code}": figure for figure in figures}
        families = [("", _("any product"))]
        families += [
            (str(pk), name) for pk, name in ProductFamily.objects.order_by("name").values_list("pk", "name")
        ]
        for number in range(1, ROWS + 1):
            self.fields[f"deal{number}"] = forms.CharField(
                label=_("Amount of deal %(number)d") % {"number": number},
                required=False,
                max_length=30,
                widget=forms.TextInput(attrs=NUMBER),
            )
            self.fields[f"family{number}"] = forms.ChoiceField(
                label=_("Product family"), choices=families, required=False
            )
            self.fields[f"registered{number}"] = forms.BooleanField(label=_("Registered"), required=False)
        for name, figure in self.figures.items():
            self.fields[name] = self._field(figure)

    def _field(self, figure: Figure) -> forms.Field:
        if figure.is_check:
            return forms.BooleanField(label=figure.name, required=False)
        label = f"{figure.name} (%)" if figure.unit == Unit.PERCENT else figure.name
        shows = shown(figure, self.currency)
        widget = forms.TextInput(attrs={**NUMBER, "placeholder": shows})
        return forms.CharField(label=label, required=False, max_length=30, widget=widget)

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
    def satisfaction_fields(self) -> list[Any]:
        return [self[name] for name, figure in self.figures.items() if figure.is_satisfaction]

    @property
    def check_fields(self) -> list[Any]:
        return [self[name] for name, figure in self.figures.items() if figure.is_check]

    @property
    def figure_fields(self) -> list[Any]:
        return [
            self[name]
            for name, figure in self.figures.items()
            if not figure.is_check and not figure.is_satisfaction
        ]

    @property
    def is_open(self) -> bool:
        """Whether other figures were typed, so that they are shown."""
        return any(field.value() for field in self.figure_fields)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in list(cleaned):
            figure = self.figures.get(name)
            if figure is not None and figure.is_check:
                continue
            text = str(cleaned[name] or "").strip()
            if name.startswith("deal") and text:
                self._read(cleaned, name, lambda text=text: parse_money(text, self.currency))
            if figure is not None and text:
                self._read(cleaned, name, lambda text=text, it=figure: stored(it, text, self.currency))
        return cleaned

    def _read(self, cleaned: dict[str, Any], name: str, read: Any) -> None:
        try:
            cleaned[name] = read()
        except ValidationError as error:
            self.add_error(name, error)

    def wish(self) -> Wish:
        """What was typed; what is no number is left out, and its field says so."""
        self.is_valid()
        data = self.cleaned_data if self.is_bound else {}
        ideas = []
        for number in range(1, ROWS + 1):
            revenue = data.get(f"deal{number}")
            if isinstance(revenue, int) and revenue > 0:
                family = data.get(f"family{number}")
                ideas.append(
                    Idea(revenue, bool(data.get(f"registered{number}")), UUID(family) if family else None)
                )
        figures = {
            figure.code: 1.0 if figure.is_check else data[name]
            for name, figure in self.figures.items()
            if (data.get(name) is True if figure.is_check else isinstance(data.get(name), float))
        }
        return Wish(tuple(ideas), figures, data.get("certified") or 0)


def stored(figure: Figure, text: str, currency: str) -> float:
    """A figure as typed in the unit that it is kept in: a fraction for %, minor units for money."""
    number = parse_number(text)
    if figure.unit == Unit.PERCENT:
        return float(number / 100)
    if figure.unit == Unit.MONEY:
        return float(to_minor(number, currency))
    return float(number)


def shown(figure: Figure, currency: str) -> str:
    """A figure as it is typed."""
    if figure.value is None:
        return str(_("no data"))
    number = Decimal(str(figure.value))
    if figure.unit == Unit.PERCENT:
        number *= 100
    if figure.unit == Unit.MONEY:
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


class ThresholdsForm(forms.Form):
    """Every threshold of the tiers, to be tried with another amount; what is left empty or is no number stays."""

    def __init__(self, data: Mapping[str, Any] | None, *, ladder: Sequence[Tier], currency: str):
        super().__init__(data)
        self.ladder, self.currency = ladder, currency
        self.asked: dict[str, Condition] = {}
        for tier in ladder:
            for part, tree in (("reach", tier.tree), ("keep", parse(tier.maintenance))):
                for number, condition in enumerate(tree.conditions()):
                    if not is_check(condition.measure):
                        self._add(f"{part}-{tier.pk}-{number}", condition, keeping=part == "keep")

    def _add(self, name: str, condition: Condition, *, keeping: bool) -> None:
        measure = measure_of(condition.measure)
        values = {
            "measure": f"{measure.name} (%)" if measure.unit == Unit.PERCENT else measure.name,
            "window": condition.window.label,
        }
        label = _("%(measure)s, %(window)s, to keep it") if keeping else _("%(measure)s, %(window)s")
        self.asked[name] = condition
        today = threshold_text(condition.measure, condition.threshold, self.currency)
        self.fields[name] = forms.CharField(
            label=label % values,
            required=False,
            max_length=30,
            initial=today,
            widget=forms.TextInput(attrs={**NUMBER, "placeholder": today}),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, condition in self.asked.items():
            text = str(cleaned.get(name) or "").strip()
            cleaned[name] = condition.threshold
            if not text:
                continue
            try:
                cleaned[name] = parse_threshold(condition.measure, text, self.currency)
            except ValidationError as error:
                self.add_error(name, error)
        return cleaned

    @property
    def groups(self) -> list[tuple[Tier, list[Any]]]:
        """Each tier that asks for something, from the highest down, with its fields."""
        fields = {tier: [self[name] for name in self.asked if str(tier.pk) in name] for tier in self.ladder}
        return [(tier, rows) for tier, rows in reversed(fields.items()) if rows]

    def drafted(self) -> list[Tier]:
        """The tiers with the thresholds as typed; nothing is saved."""
        self.is_valid()
        return [self._tier(tier) for tier in self.ladder]

    def _tier(self, tier: Tier) -> Tier:
        draft = copy(tier)
        draft.requirements = dump(self._tree("reach", tier, tier.tree))
        if tier.maintenance:
            draft.maintenance = dump(self._tree("keep", tier, parse(tier.maintenance)))
        return draft

    def _tree(self, part: str, tier: Tier, tree: Group) -> Group:
        typed = self.cleaned_data if self.is_bound else {}
        return _with(
            tree,
            iter(
                [
                    typed.get(f"{part}-{tier.pk}-{number}", condition.threshold)
                    for number, condition in enumerate(tree.conditions())
                ]
            ),
        )


def _with(tree: Group, thresholds: Iterator[Decimal]) -> Group:
    """The tree with these thresholds, in the order of its conditions."""
    items = tuple(
        _with(item, thresholds) if isinstance(item, Group) else replace(item, threshold=next(thresholds))
        for item in tree.items
    )
    return replace(tree, items=items)

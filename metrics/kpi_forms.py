"""A KPI of the tenant's as a form."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from metrics.defining import code_for, with_draft
from metrics.display import format_value
from metrics.formulas import MAX_LENGTH, FormulaError
from metrics.kpis.engagement import PARTS
from metrics.kpis.shape import Kpi
from metrics.models import OwnKpiVersion
from metrics.own import OWN_AREA
from metrics.periods import calendar_of
from metrics.revenue import RevenueBase, change_revenue_base, revenue_base
from metrics.units import DOWN, LAG, LEAD, UP, Unit
from metrics.weights import HEAVIEST
from portal.accounts.models import Membership
from portal.jobs.models import Job
from portal.money import digits
from portal.tenancy.models import current_tenant

UNITS = [
    (Unit.MONEY.value, _("Money")),
    (Unit.PERCENT.value, _("Percentage (0.5 is 50%)")),
    (Unit.COUNT.value, _("Count")),
    (Unit.DAYS.value, _("Days")),
    (Unit.HOURS.value, _("Hours")),
    (Unit.RATIO.value, _("Ratio")),
    (Unit.POINTS.value, _("Points")),
    (Unit.SCORE.value, _("Score (0 to 100)")),
]
BETTER = [(UP, _("More is better")), (DOWN, _("Less is better"))]
KINDS = [(LAG, _("Lagging: tells what came of it")), (LEAD, _("Leading: tells what is coming"))]
LEVELS = [("PG", _("Partners and groups")), ("P", _("Partners only")), ("G", _("Groups only"))]


class WeightsForm(forms.Form):
    """What each part of the engagement score weighs; its share of the whole follows from all of them."""

    number = forms.IntegerField(widget=forms.HiddenInput, required=False)
    valid_from = forms.DateField(
        label=_("Holds from"),
        help_text=_("For the periods that end after this day. Those before keep the weights that they had."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, weights: Mapping[str, int], number: int, today: dt.date, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for part in PARTS:
            self.fields[part.name] = forms.IntegerField(
                label=str(part.label), min_value=0, max_value=HEAVIEST, initial=weights[part.name]
            )
        self.order_fields([*(part.name for part in PARTS), "valid_from"])
        self.initial.update(number=number, valid_from=today)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if all(cleaned.get(part.name) == 0 for part in PARTS):
            raise forms.ValidationError(_("At least one part weighs more than 0."))
        return cleaned

    @property
    def weights(self) -> dict[str, int]:
        return {part.name: self.cleaned_data[part.name] for part in PARTS}


class OwnKpiForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=100)
    formula = forms.CharField(
        label=_("Formula"),
        max_length=MAX_LENGTH,
        strip=True,
        help_text=_("Facts and KPIs by name, + - * / and brackets, and the functions listed below."),
        widget=forms.Textarea(
            attrs={
                "rows": 3,
                "spellcheck": "false",
                "autocapitalize": "off",
                "autocomplete": "off",
                "class": "font-monospace",
                "data-formula": "",
                "role": "combobox",
                "aria-autocomplete": "list",
                "aria-expanded": "false",
                "aria-controls": "formula-list",
                "aria-describedby": "id_formula_helptext formula-status",
            }
        ),
    )
    unit = forms.ChoiceField(label=_("Unit"), choices=UNITS)
    better = forms.ChoiceField(label=_("Direction"), choices=BETTER)
    kind = forms.ChoiceField(label=_("Kind"), choices=KINDS)
    level = forms.ChoiceField(label=_("Measured for"), choices=LEVELS)
    meaning = forms.CharField(
        label=_("Meaning"),
        max_length=500,
        help_text=_("One sentence that a partner understands."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    number = forms.IntegerField(widget=forms.HiddenInput, required=False)
    valid_from = forms.DateField(
        label=_("Holds from"),
        help_text=_("For the periods that end after this day. Those before keep the formula that they had."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, version: OwnKpiVersion | None = None, today: dt.date, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.version = version
        currency = current_tenant().currency
        thousand = 1_000 * 10 ** digits(currency)
        money = _("Money is counted in the smallest unit: %(money)s is written %(number)s.")
        words = {"money": format_value(Unit.MONEY, thousand, currency), "number": thousand}
        self.fields["formula"].help_text = f"{self.fields['formula'].help_text} {money % words}"
        if version is None:
            del self.fields["valid_from"]
            return
        names = ("name", "formula", "unit", "better", "kind", "level", "meaning", "number")
        self.initial.update({name: getattr(version, name) for name in names}, valid_from=today)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "formula" in cleaned:
            try:
                with_draft(self.draft(), cleaned.get("valid_from") or dt.date.min)
            except FormulaError as error:
                self.add_error("formula", str(error))
        return cleaned

    def draft(self) -> Kpi:
        """The KPI as far as it has been typed."""
        cleaned = self.cleaned_data
        name = cleaned.get("name") or ""
        return Kpi(
            self.version.kpi.code if self.version else code_for(name or "draft"),
            name,
            cleaned["formula"],
            Unit(cleaned.get("unit") or Unit.COUNT),
            cleaned.get("better") or UP,
            cleaned.get("kind") or LAG,
            cleaned.get("level") or "PG",
            cleaned.get("meaning") or "",
            area=OWN_AREA,
        )


class RevenueForm(forms.Form):
    base = forms.ChoiceField(
        label=_("Revenue is"),
        choices=RevenueBase,
        widget=forms.RadioSelect,
        help_text=_("In scorecards, lists, goals and tiers. What plans pay for does not change."),
    )
    valid_from = forms.DateField(
        label=_("Holds from"),
        help_text=_("For the periods that end after this day. Those before keep what they had."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, by: Membership, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.by = by
        today = calendar_of(current_tenant()).today()
        self.initial.update(base=revenue_base().value, valid_from=today)

    def save(self) -> Job:
        data = self.cleaned_data
        return change_revenue_base(RevenueBase(data["base"]), by=self.by, valid_from=data["valid_from"])

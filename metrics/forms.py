"""A scorecard template as a form: one line for each KPI that counts."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.catalogue import CATALOGUE
from metrics.models import ScorecardTemplate, TemplateVersion
from metrics.periods import PeriodKind
from metrics.scoring import PEER, TARGET
from metrics.units import Unit
from partners.directory.enums import PartnerType
from portal.money import digits, parse_amount, to_decimal

METHODS = [(TARGET, gettext_lazy("Target")), (PEER, gettext_lazy("Rank among peers"))]


class BoundField(forms.DecimalField):
    """A target or floor as people type it: money in whole units, a percentage as 50."""

    def __init__(self, unit: str, currency: str, label: str):
        self.unit, self.currency = unit, currency
        places = digits(currency) if unit == Unit.MONEY else 2
        super().__init__(
            required=False,
            label=label,
            max_digits=15,
            decimal_places=places,
            widget=forms.TextInput(
                attrs={"inputmode": "decimal", "class": "form-control", "aria-label": label}
            ),
        )

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values:
            return None
        try:
            # Two decimals of anything, typed as amounts are.
            currency = self.currency if self.unit == Unit.MONEY else "EUR"
            return to_decimal(parse_amount(str(value), currency), currency)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def stored(self, value: Decimal | None) -> float | int | None:
        """What the template keeps: minor units, a fraction, or the number itself."""
        if value is None:
            return None
        if self.unit == Unit.MONEY:
            return int(value.scaleb(digits(self.currency)))
        return float(value / 100) if self.unit == Unit.PERCENT else float(value)

    def shown(self, value: float | int | None) -> Decimal | None:
        """What is typed for a stored value."""
        if value is None:
            return None
        if self.unit == Unit.MONEY:
            shown = to_decimal(int(value), self.currency)
        else:
            shown = Decimal(str(value)) * (100 if self.unit == Unit.PERCENT else 1)
        return shown.quantize(Decimal(1)) if shown == shown.to_integral_value() else shown.normalize()


class TemplateForm(forms.Form):
    """`kpis` of the cleaned data are the lines with a weight, as a template version keeps them."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    min_coverage = forms.IntegerField(
        label=gettext_lazy("Minimum coverage (%)"),
        min_value=0,
        max_value=100,
        help_text=gettext_lazy("With figures for less than this share of the weights there is no score."),
    )
    number = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        template: ScorecardTemplate,
        version: TemplateVersion | None,
        currency: str,
        **kwargs: Any,
    ):
        stored = {line["code"]: line for line in version.kpis} if version else {}
        super().__init__(*args, **kwargs)
        self.initial.setdefault("name", template.name)
        self.initial.setdefault("min_coverage", int(version.min_coverage * 100) if version else 50)
        self.initial.setdefault("number", version.number if version else 0)
        self.lines: list[dict[str, Any]] = []
        for code, kpi in CATALOGUE.items():
            line = stored.get(code, {})
            weight = forms.DecimalField(
                required=False,
                min_value=0,
                max_value=100,
                decimal_places=2,
                label=_("Weight of %(kpi)s") % {"kpi": kpi.name},
                widget=forms.TextInput(
                    attrs={
                        "inputmode": "decimal",
                        "class": "form-control",
                        "aria-label": _("Weight of %(kpi)s") % {"kpi": kpi.name},
                    }
                ),
            )
            method = forms.ChoiceField(
                choices=METHODS,
                required=False,
                label=_("Method of %(kpi)s") % {"kpi": kpi.name},
                widget=forms.Select(
                    attrs={"class": "form-select", "aria-label": _("Method of %(kpi)s") % {"kpi": kpi.name}}
                ),
            )
            floor = BoundField(kpi.unit, currency, _("Floor of %(kpi)s") % {"kpi": kpi.name})
            target = BoundField(kpi.unit, currency, _("Target of %(kpi)s") % {"kpi": kpi.name})
            fields = {"weight": weight, "method": method, "floor": floor, "target": target}
            for part, field in fields.items():
                self.fields[f"{code}-{part}"] = field
            self.initial[f"{code}-weight"] = _short(line.get("weight"))
            self.initial[f"{code}-method"] = line.get("method", TARGET)
            self.initial[f"{code}-floor"] = floor.shown(line.get("floor"))
            self.initial[f"{code}-target"] = target.shown(line.get("target"))
            self.lines.append({"kpi": kpi, **{part: self[f"{code}-{part}"] for part in fields}})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kpis = []
        for code, kpi in CATALOGUE.items():
            weight = cleaned.get(f"{code}-weight")
            if not weight:
                continue
            method = cleaned.get(f"{code}-method") or TARGET
            line: dict[str, Any] = {"code": code, "weight": _number(weight), "method": method}
            for part in ("target", "floor"):
                field: Any = self.fields[f"{code}-{part}"]
                line[part] = field.stored(cleaned.get(f"{code}-{part}")) if method == TARGET else None
            if method == TARGET and f"{code}-target" in cleaned and f"{code}-floor" in cleaned:
                self._check_bounds(code, kpi.better, line)
            kpis.append(line)
        cleaned["kpis"] = kpis
        total = sum(Decimal(str(line["weight"])) for line in kpis)
        if total != 100:
            self.add_error(
                None,
                _("The weights add up to %(total)s and must add up to 100.")
                % {"total": total.normalize() + 0},
            )
        return cleaned

    def _check_bounds(self, code: str, better: str, line: dict[str, Any]) -> None:
        if line["target"] is None:
            self.add_error(f"{code}-target", _("Give a target."))
            return
        if line["floor"] is None:
            if better == "down":
                self.add_error(f"{code}-floor", _("Give the value at which there are no points any more."))
                return
            line["floor"] = 0
        ascending = line["target"] > line["floor"]
        if line["target"] == line["floor"] or ascending != (better == "up"):
            message = (
                _("The target must be higher than the floor.")
                if better == "up"
                else _("Less is better here, so the target must be lower than the floor.")
            )
            self.add_error(f"{code}-target", message)


class NewTemplateForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    period_kind = forms.ChoiceField(label=gettext_lazy("Period"), choices=PeriodKind.choices)
    partner_type = forms.ChoiceField(
        label=gettext_lazy("Partner type"),
        required=False,
        choices=[("", gettext_lazy("All types")), *PartnerType.choices],
    )
    region = forms.CharField(
        label=gettext_lazy("Region"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("As it is written with the partners; empty for all regions."),
    )


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)

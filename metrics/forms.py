"""A scorecard template as a form: one line for each KPI that counts."""

from decimal import Decimal
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.models import ScorecardTemplate, TemplateVersion
from metrics.own import catalogue_now, choosable, grouped
from metrics.periods import Calendar, Period, PeriodKind
from metrics.publishing import check_rules
from metrics.scoring import PEER, STEPS, TARGET
from metrics.units import Unit
from partners.directory.enums import PartnerType
from portal.errors import ActionRefused
from portal.money import digits, parse_amount, to_decimal
from portal.shell.registry import segment_choices, segment_label

METHODS = [
    (TARGET, gettext_lazy("Target")),
    (PEER, gettext_lazy("Rank among peers")),
    (STEPS, gettext_lazy("Steps")),
]
# How many coming periods rules can be published for.
AHEAD = 4


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
    """A line for each KPI that counts. `kpis` of the cleaned data are the lines, as a template version keeps them."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    min_coverage = forms.IntegerField(
        label=gettext_lazy("Minimum coverage (%)"),
        min_value=0,
        max_value=100,
        help_text=gettext_lazy("With figures for less than this share of the weights there is no score."),
    )
    begins = forms.ChoiceField(
        label=gettext_lazy("Holds from"),
        required=False,
        help_text=gettext_lazy("Periods that are over keep the rules that they had."),
    )
    gate_score = forms.DecimalField(
        label=gettext_lazy("Score to pass"),
        required=False,
        min_value=0,
        max_value=100,
        decimal_places=2,
        help_text=gettext_lazy("Empty: no score is asked for."),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    gate_each = forms.BooleanField(
        label=gettext_lazy("To pass, every KPI that applies needs points"), required=False
    )
    number = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        template: ScorecardTemplate,
        version: TemplateVersion | None,
        currency: str,
        calendar: Calendar,
    ):
        super().__init__(data)
        self.currency = currency
        stored = {line["code"]: line for line in version.kpis} if version else {}
        # What a template measures can be measured on, also where it is not offered any more.
        catalogue = catalogue_now()
        self.known = {**choosable(), **{code: catalogue[code] for code in stored if code in catalogue}}
        codes = list(stored) if data is None else _codes_in(data)
        self.codes = [code for code in codes if code in self.known]
        self.more = grouped(kpi for code, kpi in self.known.items() if code not in self.codes)
        self.periods = _coming(calendar.current(PeriodKind(template.period_kind)))
        self.fields["begins"].choices = [  # type: ignore[attr-defined]
            (str(period.start), period.label()) for period in self.periods
        ]
        gate = version.gate_score if version else None
        self.initial.update(
            {
                "name": template.name,
                "min_coverage": int(version.min_coverage * 100) if version else 50,
                "number": version.number if version else 0,
                "gate_score": f"{gate.normalize():f}" if gate else None,
                "gate_each": version.gate_each if version else False,
            }
        )
        self.lines = [self._line(code, stored.get(code, {})) for code in self.codes]

    def _line(self, code: str, line: dict[str, Any]) -> dict[str, Any]:
        """The fields of one line, with what is stored in them."""
        kpi = self.known[code]
        bounds = {
            "floor": BoundField(kpi.unit, self.currency, _("Floor of %(kpi)s") % {"kpi": kpi.name}),
            "target": BoundField(kpi.unit, self.currency, _("Target of %(kpi)s") % {"kpi": kpi.name}),
            "units": BoundField(kpi.unit, self.currency, _("Units of a step of %(kpi)s") % {"kpi": kpi.name}),
        }
        fields: dict[str, forms.Field] = {
            "weight": _decimal(_("Weight of %(kpi)s") % {"kpi": kpi.name}),
            "method": forms.ChoiceField(
                choices=METHODS,
                required=False,
                widget=_labelled(forms.Select, "form-select", _("Method of %(kpi)s") % {"kpi": kpi.name}),
            ),
            **bounds,
            "points": _decimal(_("Points of a step of %(kpi)s") % {"kpi": kpi.name}),
            "whole": forms.BooleanField(
                required=False,
                widget=_labelled(
                    forms.CheckboxInput, "form-check-input", _("Full steps only: %(kpi)s") % {"kpi": kpi.name}
                ),
            ),
            "choice": _text(_("Choice that %(kpi)s is part of") % {"kpi": kpi.name}),
            "track": _text(_("Track of %(kpi)s") % {"kpi": kpi.name}),
        }
        for part, field in fields.items():
            self.fields[f"{code}-{part}"] = field
        self.initial.update(
            {
                f"{code}-weight": _short(line.get("weight")),
                f"{code}-method": line.get("method", TARGET),
                f"{code}-points": _short(line.get("points")),
                f"{code}-whole": line.get("whole", False),
                f"{code}-choice": line.get("choice", ""),
                f"{code}-track": line.get("track", ""),
                **{f"{code}-{part}": field.shown(line.get(part)) for part, field in bounds.items()},
            }
        )
        return {"kpi": kpi, **{part: self[f"{code}-{part}"] for part in fields}}

    def as_typed(self) -> "TemplateForm":
        """With what was typed and without a word on it: for a form that is still being put together."""
        self._errors = ErrorDict()
        self.cleaned_data = {}
        return self

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["kpis"] = [line for code in self.codes if (line := self._cleaned_line(code, cleaned))]
        starts = {str(period.start): period for period in self.periods}
        begins = cleaned["begins"] = starts.get(cleaned.get("begins") or "")
        if not self.errors:
            try:
                check_rules(
                    cleaned["kpis"],
                    Decimal(cleaned["min_coverage"]) / 100,
                    valid_from=begins.start if begins else self.periods[0].start,
                    gate_score=cleaned["gate_score"],
                    gate_each=cleaned["gate_each"],
                )
            except ActionRefused as refusal:
                self.add_error(None, str(refusal.message))
        return cleaned

    def _cleaned_line(self, code: str, cleaned: dict[str, Any]) -> dict[str, Any] | None:
        weight = cleaned.get(f"{code}-weight")
        if not weight:
            return None
        method = cleaned.get(f"{code}-method") or TARGET
        line: dict[str, Any] = {"code": code, "weight": _number(weight), "method": method}
        for part in ("target", "floor"):
            line[part] = self._stored(code, part, cleaned) if method == TARGET else None
        if method == TARGET and f"{code}-target" in cleaned and f"{code}-floor" in cleaned:
            self._check_bounds(code, self.known[code].better, line)
        if method == STEPS:
            line |= self._steps(code, cleaned)
        choice, track = (cleaned.get(f"{code}-{part}", "").strip() for part in ("choice", "track"))
        if bool(choice) != bool(track):
            missing = "track" if choice else "choice"
            self.add_error(f"{code}-{missing}", _("Name both the choice and the track, or neither."))
        elif choice:
            line |= {"choice": choice, "track": track}
        return line

    def _stored(self, code: str, part: str, cleaned: dict[str, Any]) -> float | int | None:
        field: Any = self.fields[f"{code}-{part}"]
        return field.stored(cleaned.get(f"{code}-{part}"))

    def _steps(self, code: str, cleaned: dict[str, Any]) -> dict[str, Any]:
        points, units = cleaned.get(f"{code}-points"), self._stored(code, "units", cleaned)
        if not points and f"{code}-points" in cleaned:
            self.add_error(f"{code}-points", _("Say how many points a step gives."))
        if not (units or 0) > 0 and f"{code}-units" in cleaned:
            self.add_error(f"{code}-units", _("Say how much a step is; more than 0."))
        return {
            "points": _number(points) if points else None,
            "units": units,
            "whole": bool(cleaned.get(f"{code}-whole")),
        }

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
    segment = forms.ChoiceField(
        label=gettext_lazy("Tier"),
        required=False,
        help_text=gettext_lazy("The tier on the period’s last day, or today while it runs."),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if choices := segment_choices():
            self.fields["segment"].label = str(segment_label())
            self.fields["segment"].choices = [("", _("All")), *choices]  # type: ignore[attr-defined]
        else:
            del self.fields["segment"]


def _codes_in(data: QueryDict) -> list[str]:
    """The KPIs that have a line in what was sent, in its order."""
    return list(dict.fromkeys(name.removesuffix("-weight") for name in data if name.endswith("-weight")))


def _coming(current: Period) -> list[Period]:
    periods = [current]
    for _number_ahead in range(AHEAD):
        periods.append(periods[-1].next())
    return periods


def _labelled(widget: type[forms.Widget], css: str, label: str, **more: str) -> forms.Widget:
    return widget(attrs={"class": css, "aria-label": label, **more})


def _decimal(label: str) -> forms.DecimalField:
    return forms.DecimalField(
        required=False,
        min_value=0,
        max_value=100,
        decimal_places=2,
        label=label,
        widget=_labelled(forms.TextInput, "form-control", label, inputmode="decimal"),
    )


def _text(label: str) -> forms.CharField:
    return forms.CharField(
        required=False, max_length=40, label=label, widget=_labelled(forms.TextInput, "form-control", label)
    )


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)

"""What a person says on the way from a file to records."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.imports import actions, queries
from portal.imports.columns import Answer, Vocabulary, clear_suggestion
from portal.imports.enums import Decision
from portal.imports.limits import current_limits
from portal.imports.models import ImportRun
from portal.imports.parsing import DateOrder
from portal.imports.problems import FileRefused
from portal.imports.reading import check_size
from portal.imports.targets import Field, get_target, targets
from portal.money import offered_currencies
from portal.rates.queries import rates_on

SHOWN_UNKNOWN = 50
ALL_KNOWN = 300  # more known values than this are not offered one by one, only the likely ones


class UploadForm(forms.Form):
    target = forms.ChoiceField(label=gettext_lazy("What is in the file?"), widget=forms.RadioSelect)
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV or Excel (.xlsx). The first row holds the headings."),
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx"}),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["target"].choices = [(target.key, target.label) for target in targets()]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        # By the size alone: a file that is too large is never read.
        try:
            check_size(file.size, current_limits())
        except FileRefused as refusal:
            raise forms.ValidationError(str(refusal.message)) from refusal
        return file


class ColumnsForm(forms.Form):
    """One choice a column, named `column_<number>`, and the currency of bare amounts."""

    currency = forms.ChoiceField(label=gettext_lazy("Currency of amounts that name none"))

    def __init__(self, run: ImportRun, tenant_currency: str, *args: Any, **kwargs: Any):
        self.run, self.target = run, get_target(run.target)
        guessed = {column: name for name, column in run.options["mapping"].items()}
        initial = {f"column_{column}": name for column, name in guessed.items()}
        initial["currency"] = run.options.get("currency") or tenant_currency
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["currency"].choices = offered_currencies(tenant_currency, initial["currency"])
        choices = [("", _("Leave out"))]
        choices += [
            (field.name, f"{field.label} *" if field.required else str(field.label))
            for field in self.target.fields
        ]
        for column, heading in enumerate(run.reading["headers"]):
            self.fields[f"column_{column}"] = forms.ChoiceField(
                label=heading,
                choices=choices,
                required=False,
                widget=forms.Select(attrs={"class": "form-select"}),
            )
        self.fields["currency"].widget.attrs["class"] = "form-select"
        if not self.target.has_amounts:
            del self.fields["currency"]

    def rows(self) -> list[dict[str, Any]]:
        """Heading, sample values and choice of each column, for the table."""
        samples = self.run.reading["samples"]
        return [
            {"heading": heading, "samples": samples[column], "field": self[f"column_{column}"]}
            for column, heading in enumerate(self.run.reading["headers"])
        ]

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, int] = {}
        for column in range(len(self.run.reading["headers"])):
            name = self.cleaned_data.get(f"column_{column}")
            if not name:
                continue
            if name in chosen:
                label = self.target.field(name).label
                first = self.run.reading["headers"][chosen[name]]
                self.add_error(
                    f"column_{column}",
                    _("“%(first)s” is %(label)s already; choose one of the two columns.")
                    % {"first": first, "label": label},
                )
                continue
            chosen[name] = column
        for field in self.target.fields:
            if field.required and field.name not in chosen and not self.errors:
                self.add_error(None, _("Choose the column that holds “%(field)s”.") % {"field": field.label})
        self.cleaned_data["mapping"] = chosen
        return self.cleaned_data

    def save(self, by: Any) -> ImportRun:
        return actions.map_columns(
            self.run,
            by=by,
            mapping=self.cleaned_data["mapping"],
            currency=self.cleaned_data.get("currency", ""),
        )


class AnswersForm(forms.Form):
    """Decisions on unknown values, ambiguous dates and missing rates. Only what was asked is in the form."""

    def __init__(self, run: ImportRun, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.run, self.target = run, get_target(run.target)
        self.groups: list[dict[str, Any]] = []
        self._texts: dict[str, tuple[str, str]] = {}
        self._dates()
        self._rates()
        for field, vocabulary, unknown in queries.unknown_values(run):
            self._group(field, vocabulary, unknown)

    @property
    def is_undecided(self) -> bool:
        """Whether rows wait for an answer."""
        open_texts = any(
            row["open"] for group in self.groups if not group["hint_only"] for row in group["rows"]
        )
        open_dates = any(not question["answer"] for question in self.run.findings.get("dates", []))
        return open_texts or open_dates or bool(self.rate_fields)

    def _dates(self) -> None:
        self.date_fields = []
        for question in self.run.findings.get("dates", []):
            name = f"order_{question['field']}"
            heading = self.run.reading["headers"][self.run.options["mapping"][question["field"]]]
            self.fields[name] = forms.ChoiceField(
                label=_("Dates in “%(column)s”, such as %(examples)s")
                % {"column": heading, "examples": ", ".join(question["examples"][:3])},
                choices=[
                    (DateOrder.DAY_FIRST, _("day first (31-12-2026)")),
                    (DateOrder.MONTH_FIRST, _("month first (12/31/2026)")),
                ],
                widget=forms.RadioSelect,
                initial=question["answer"] or question["suggested"],
            )
            self.date_fields.append(name)

    def _rates(self) -> None:
        self.rate_fields = []
        known = rates_on(timezone.localdate())
        for code in self.run.findings.get("missing_rates", []):
            self.fields[f"rate_{code}"] = forms.DecimalField(
                label=_("1 %(code)s in your own currency") % {"code": code},
                min_value=Decimal("0.0000000001"),
                max_digits=20,
                decimal_places=10,
                required=False,
                initial=f"{known[code].normalize():f}" if code in known else None,
                widget=forms.NumberInput(attrs={"class": "form-control", "step": "any"}),
            )
            self.rate_fields.append(f"rate_{code}")

    def _group(self, field: Field, vocabulary: Vocabulary | None, unknown: list[dict[str, Any]]) -> None:
        everything = _everything(field, vocabulary)
        rows = []
        for number, found in enumerate(unknown[:SHOWN_UNKNOWN]):
            name = f"value_{field.name}_{number}"
            self.fields[name] = forms.ChoiceField(
                label=found["text"],
                choices=_choices(found, vocabulary, everything),
                required=False,
                initial=_initial(found),
                widget=forms.Select(attrs={"class": "form-select"}),
            )
            self._texts[name] = (field.name, found["text"])
            rows.append(
                {
                    "text": found["text"],
                    "rows": found["rows"],
                    "field": self[name],
                    "open": not found["answer"],
                }
            )
        more = len(unknown) - len(rows) + self.run.findings.get("unknown_more", {}).get(field.name, 0)
        group: dict[str, Any] = {
            "label": field.label,
            "rows": rows,
            "more": more,
            "hint_only": all(found["hint_only"] for found in unknown),
        }
        if not group["hint_only"]:
            name = f"all_{field.name}"
            given = self.run.options.get("everything", {}).get(field.name)
            self.fields[name] = forms.ChoiceField(
                label=_("All others"),
                choices=[("", _("Decide one by one")), *everything],
                required=False,
                initial=given["decision"] if given else "",
                widget=forms.Select(attrs={"class": "form-select"}),
            )
            group["all"] = self[name]
        self.groups.append(group)

    def save(self, by: Any) -> ImportRun:
        answers: dict[str, dict[str, Answer]] = {}
        orders: dict[str, DateOrder] = {}
        rates: dict[str, Decimal] = {}
        for name, value in self.cleaned_data.items():
            if value in ("", None):
                continue
            kind, _separator, rest = name.partition("_")
            if kind == "order":
                orders[rest] = DateOrder(value)
            elif kind == "rate":
                rates[rest] = value
            elif kind == "all":
                answers.setdefault(rest, {})["*"] = Answer(Decision(value))
            else:
                field, text = self._texts[name]
                decision, _colon, chosen = value.partition(":")
                answers.setdefault(field, {})[text] = Answer(Decision(decision), chosen)
        return actions.answer_questions(self.run, by=by, answers=answers, orders=orders, rates=rates)


def _everything(field: Field, vocabulary: Vocabulary | None) -> list[tuple[str, str]]:
    """What can be done with any unknown text of the field."""
    choices = []
    if vocabulary is not None and vocabulary.may_create:
        choices.append((Decision.CREATE.value, str(Decision.CREATE.label)))
    if not field.required:
        choices.append((Decision.EMPTY.value, str(Decision.EMPTY.label)))
    choices.append((Decision.REFUSE.value, str(Decision.REFUSE.label)))
    return choices


def _choices(
    found: Mapping[str, Any], vocabulary: Vocabulary | None, everything: list[tuple[str, str]]
) -> list[tuple[str, Any]]:
    suggested = [
        (f"use:{value}", _("%(label)s (%(score)s%% alike)") % {"label": label, "score": score})
        for value, label, score in found["suggestions"]
    ]
    if found["hint_only"]:
        return [("keep", str(Decision.KEEP.label)), *suggested]
    choices: list[tuple[str, Any]] = [("", _("Choose…"))]
    if suggested:
        choices.append((_("Most alike"), suggested))
    choices += everything
    if vocabulary is not None:
        offered = {value for value, _label, _score in found["suggestions"]}
        answer = found["answer"]
        labels = vocabulary.labels
        if len(labels) > ALL_KNOWN:
            labels = {v: name for v, name in labels.items() if answer and v == answer["value"]}
        known = [(f"use:{value}", label) for value, label in labels.items() if value not in offered]
        if known:
            choices.append((_("All that are known"), known))
    return choices


def _initial(found: Mapping[str, Any]) -> str:
    """The answer that was given, else the suggestion that is likely."""
    answer = found["answer"]
    if answer:
        return f"use:{answer['value']}" if answer["decision"] == Decision.USE else answer["decision"]
    if found["hint_only"]:
        return "keep"
    best = clear_suggestion(found["suggestions"])
    return f"use:{best}" if best else ""

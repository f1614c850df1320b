"""The builder's form for one question."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from partners.surveys import actions
from partners.surveys.enums import Comparison, Measure, QuestionKind, Topic
from partners.surveys.models import Survey, SurveyVersion
from partners.surveys.questions import Condition, Option, Question
from partners.surveys.ready_texts import translated
from portal.accounts.models import Membership

LINES = forms.Textarea(attrs={"rows": 5})


class QuestionForm(forms.Form):
    text = forms.CharField(label=_("Question"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    help = forms.CharField(label=_("Explanation below it"), max_length=300, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=QuestionKind)
    required = forms.BooleanField(label=_("An answer is required"), required=False, initial=True)
    choices = forms.CharField(
        label=_("Answers, one a line"),
        max_length=4000,
        required=False,
        widget=LINES,
        help_text=_("For one choice and several choices."),
    )
    rows = forms.CharField(
        label=_("Lines of the matrix, one a line"), max_length=4000, required=False, widget=LINES
    )
    low = forms.IntegerField(
        label=_("Scale from"), min_value=0, max_value=9, initial=1, help_text=_("For a scale and a matrix.")
    )
    high = forms.IntegerField(label=_("Scale to"), min_value=1, max_value=10, initial=5)
    low_label = forms.CharField(label=_("The lowest means"), max_length=60, required=False)
    high_label = forms.CharField(label=_("The highest means"), max_length=60, required=False)
    measure = forms.ChoiceField(
        label=_("Counts in scorecards as"),
        choices=Measure,
        required=False,
        help_text=_(
            "NPS takes the recommendation from 0 to 10; customer satisfaction the satisfaction from 1 to 5; partner "
            "satisfaction that or a matrix; alignment a scale or a matrix."
        ),
    )
    topic = forms.ChoiceField(label=_("Is about"), choices=Topic, required=False)
    depends_on = forms.ChoiceField(
        label=_("Ask only after"), required=False, help_text=_("Depending on an earlier answer.")
    )
    comparison = forms.ChoiceField(label=_("if that answer"), choices=Comparison, required=False)
    values = forms.CharField(
        label=_("this"),
        max_length=1000,
        required=False,
        help_text=_("A number, or one or several of its answers, separated by semicolons."),
    )

    def __init__(
        self,
        *args: Any,
        by: Membership,
        survey: Survey,
        questions: Sequence[Question],
        question: Question | None = None,
        **kwargs: Any,
    ):
        self.by, self.survey, self.question = by, survey, question
        place = [known.key for known in questions].index(question.key) if question else len(questions)
        self.before = {known.key: known for known in questions[:place]}
        if question is not None:
            kwargs["initial"] = _initial(question, self.before)
        super().__init__(*args, **kwargs)
        depends_on = self.fields["depends_on"]
        assert isinstance(depends_on, forms.ChoiceField)
        depends_on.choices = [
            ("", _t("Always ask it")),
            *(
                (known.key, known.shown)
                for known in self.before.values()
                if known.kind not in (QuestionKind.TEXT, QuestionKind.MATRIX)
            ),
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind = data.get("kind")
        old = self.question
        data["choices"] = _options(data.get("choices", ""), old.choices if old else ())
        data["rows"] = _options(data.get("rows", ""), old.rows if old else ())
        if kind in (QuestionKind.SINGLE, QuestionKind.MULTIPLE) and len(data["choices"]) < 2:
            self.add_error("choices", _t("Give at least two answers to choose from."))
        if kind == QuestionKind.MATRIX and not data["rows"]:
            self.add_error("rows", _t("Give at least one line."))
        if data.get("low") is not None and data.get("high") is not None and data["low"] >= data["high"]:
            self.add_error("high", _t("This must be more than where the scale begins."))
        data["condition"] = self._condition(data)
        return data

    def _condition(self, data: dict[str, Any]) -> Condition | None:
        asked = self.before.get(data.get("depends_on") or "")
        if asked is None:
            return None
        try:
            return _condition(asked, data.get("comparison") or Comparison.IS, data.get("values") or "")
        except ValidationError as error:
            self.add_error("values", error)
            return None

    def save(self) -> SurveyVersion:
        data = self.cleaned_data
        question = Question(
            key=self.question.key if self.question else "",
            kind=data["kind"],
            text=self._words("text"),
            help=self._words("help"),
            required=data["required"],
            low=data["low"],
            high=data["high"],
            low_label=self._words("low_label"),
            high_label=self._words("high_label"),
            choices=data["choices"],
            rows=data["rows"],
            measure=data["measure"],
            topic=data["topic"],
            condition=data["condition"],
        )
        return actions.save_question(self.survey, question, by=self.by)

    def _words(self, name: str) -> str:
        """What was typed; a ready-made text that was left alone stays one, and is read in every language."""
        typed = self.cleaned_data[name].strip()
        old = getattr(self.question, name) if self.question else ""
        return old if typed == translated(old) else typed


def _condition(asked: Question, comparison: str, text: str) -> Condition:
    if asked.is_number:
        if comparison == Comparison.IS or not text.strip().isdecimal():
            raise ValidationError(_t("For a number, choose “at most” or “at least”, and give a number."))
        return Condition(asked.key, comparison, number=int(text))
    codes = {option.shown.lower(): option.code for option in asked.choices}
    wanted = [part.strip() for part in text.split(";") if part.strip()]
    unknown = [part for part in wanted if part.lower() not in codes]
    if unknown or not wanted:
        raise ValidationError(
            _t("Write answers as they stand there: %s") % "; ".join(option.shown for option in asked.choices)
        )
    return Condition(asked.key, Comparison.IS, tuple(codes[part.lower()] for part in wanted))


def _options(text: str, known: Sequence[Option]) -> tuple[Option, ...]:
    """Lines as options. A line that stood there before keeps its code; one in the place of a reworded one takes its."""
    lines = [line.strip()[:200] for line in text.splitlines() if line.strip()]
    by_label = {option.shown: option for option in known} | {option.label: option for option in known}
    kept = {by_label[line].code for line in lines if line in by_label}
    free = iter(option for option in known if option.code not in kept and len(lines) == len(known))
    codes = {option.code for option in known}
    found, number = [], 0
    for line in lines:
        old = by_label.get(line) or next(free, None)
        if old is not None:
            label = old.label if line == old.shown else line
            found.append(Option(old.code, label, old.topic))
            continue
        number += 1
        while f"o{number}" in codes:
            number += 1
        codes.add(f"o{number}")
        found.append(Option(f"o{number}", line))
    return tuple(found)


def _initial(question: Question, before: dict[str, Question]) -> dict[str, Any]:
    initial: dict[str, Any] = {
        "text": question.shown,
        "help": question.shown_help,
        "kind": question.kind,
        "required": question.required,
        "choices": "\n".join(option.shown for option in question.choices),
        "rows": "\n".join(option.shown for option in question.rows),
        "low": question.low,
        "high": question.high,
        "low_label": question.low_words,
        "high_label": question.high_words,
        "measure": question.measure,
        "topic": question.topic,
    }
    condition = question.condition
    if condition is not None and condition.key in before:
        labels = {option.code: option.shown for option in before[condition.key].choices}
        initial |= {
            "depends_on": condition.key,
            "comparison": condition.comparison,
            "values": (
                str(condition.number)
                if condition.number is not None
                else "; ".join(labels.get(code, code) for code in condition.values)
            ),
        }
    return initial

"""What can be asked: questions as data, which of them are asked, and what an answer to them is.

Answers are kept by question: a number (NPS, CSAT, scale), the code of a choice, a list of codes, a text, or for a
matrix a number by row. Nothing here reads the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from partners.surveys.enums import MEASURES_OF, Comparison, Measure, QuestionKind, Topic
from partners.surveys.ready_texts import translated

Value = int | str | list[str] | dict[str, int]
Answers = Mapping[str, Any]

MOST_QUESTIONS = 40
MOST_CHOICES = 20
MOST_ROWS = 15
LONGEST_TEXT = 4000
NUMBERS = frozenset({QuestionKind.NPS, QuestionKind.CSAT, QuestionKind.SCALE})


@dataclass(frozen=True)
class Option:
    """A choice or a matrix's row. The code stays when the words change, so that answers of versions add up."""

    code: str
    label: str
    topic: str = ""

    @property
    def shown(self) -> str:
        return translated(self.label)


@dataclass(frozen=True)
class Condition:
    """Ask only where the answer to the question `key` is one of `values`, or at most or least `number`."""

    key: str
    comparison: str
    values: tuple[str, ...] = ()
    number: int | None = None


@dataclass(frozen=True)
class Question:
    """A question. Scales run from `low` to `high`; `measure` and `topic` say what its answers count as."""

    key: str
    kind: str
    text: str
    help: str = ""
    required: bool = True
    low: int = 1
    high: int = 5
    low_label: str = ""
    high_label: str = ""
    choices: tuple[Option, ...] = ()
    rows: tuple[Option, ...] = ()
    measure: str = ""
    topic: str = ""
    condition: Condition | None = field(default=None)

    @property
    def shown(self) -> str:
        """Its words in the reader's language, where they are the portal's own."""
        return translated(self.text)

    @property
    def shown_help(self) -> str:
        return translated(self.help)

    @property
    def low_words(self) -> str:
        return translated(self.low_label)

    @property
    def high_words(self) -> str:
        return translated(self.high_label)

    @property
    def scale(self) -> range:
        return range(self.low, self.high + 1)

    @property
    def is_number(self) -> bool:
        return self.kind in NUMBERS

    @property
    def kind_label(self) -> str:
        return str(QuestionKind(self.kind).label)


def as_data(question: Question) -> dict[str, Any]:
    return asdict(question)


def from_data(data: Mapping[str, Any]) -> Question:
    values = dict(data)
    values["choices"] = tuple(Option(**option) for option in values.get("choices", ()))
    values["rows"] = tuple(Option(**option) for option in values.get("rows", ()))
    condition = values.get("condition")
    if condition:
        values["condition"] = Condition(**{**condition, "values": tuple(condition.get("values", ()))})
    return Question(**values)


def read(rows: Iterable[Mapping[str, Any]]) -> list[Question]:
    return [from_data(row) for row in rows]


def fitted(question: Question) -> Question:
    """The question with what its kind fixes: the scale, and no parts that the kind does not have."""
    values = {name: getattr(question, name) for name in question.__dataclass_fields__}
    if question.kind == QuestionKind.NPS:
        values |= {"low": 0, "high": 10}
    if question.kind == QuestionKind.CSAT or question.measure == Measure.PARTNER:
        values |= {"low": 1, "high": 5}
    if question.kind not in (QuestionKind.SINGLE, QuestionKind.MULTIPLE):
        values["choices"] = ()
    if question.kind != QuestionKind.MATRIX:
        values["rows"] = ()
    if question.measure not in MEASURES_OF.get(QuestionKind(question.kind), {Measure.NONE}):
        values["measure"] = ""
    return Question(**values)


def problems(questions: Sequence[Question]) -> list[tuple[str, str]]:
    """What is wrong with a list of questions: the key of the one at fault, and a sentence."""
    found: list[tuple[str, str]] = []
    if len(questions) > MOST_QUESTIONS:
        found.append(("", _("A survey has at most %s questions; fewer get more answers.") % MOST_QUESTIONS))
    before: dict[str, Question] = {}
    for question in questions:
        found += [(question.key, text) for text in _wrong_with(question, before)]
        before[question.key] = question
    return found


def _wrong_with(question: Question, before: Mapping[str, Question]) -> list[str]:
    wrong = []
    if not question.text.strip():
        wrong.append(_("Say what is asked."))
    if question.kind in (QuestionKind.SINGLE, QuestionKind.MULTIPLE):
        wrong += _wrong_options(question.choices, 2, MOST_CHOICES)
    if question.kind == QuestionKind.MATRIX:
        wrong += _wrong_options(question.rows, 1, MOST_ROWS)
    if question.kind in (QuestionKind.SCALE, QuestionKind.MATRIX) and not (
        0 <= question.low < question.high <= 10
    ):
        wrong.append(_("A scale begins at 0 or more, ends at 10 or less, and has at least two steps."))
    if question.condition is not None:
        wrong += _wrong_condition(question.condition, before)
    return wrong


def _wrong_options(options: Sequence[Option], fewest: int, most: int) -> list[str]:
    labels = [option.label.strip() for option in options]
    if not fewest <= len(labels) <= most:
        return [_("Give %(fewest)s to %(most)s lines.") % {"fewest": fewest, "most": most}]
    if len(set(labels)) < len(labels):
        return [_("Two lines are the same.")]
    return []


def _wrong_condition(condition: Condition, before: Mapping[str, Question]) -> list[str]:
    asked = before.get(condition.key)
    if asked is None:
        return [_("It depends on a question that does not come before it.")]
    if asked.is_number:
        low, high = asked.low, asked.high
        if condition.number is None or condition.comparison == Comparison.IS:
            return [_("Say from or up to which number.")]
        if not low <= condition.number <= high:
            return [
                _("The number lies outside of %(low)s to %(high)s, so the question would make no difference.")
                % {"low": low, "high": high}
            ]
        return []
    if asked.kind not in (QuestionKind.SINGLE, QuestionKind.MULTIPLE):
        return [_("A question can depend on a number or a choice, not on a text or a matrix.")]
    if not condition.values or not set(condition.values) <= {option.code for option in asked.choices}:
        return [_("Choose for which of the answers it is asked.")]
    return []


def applies(condition: Condition, answers: Answers) -> bool:
    """Whether what was answered fulfils the condition; a question that was not answered fulfils none."""
    value = answers.get(condition.key)
    if value is None or value == "":
        return False
    if condition.comparison == Comparison.IS:
        given = set(value) if isinstance(value, list) else {str(value)}
        return bool(given & set(condition.values))
    if not isinstance(value, int) or condition.number is None:
        return False
    if condition.comparison == Comparison.AT_MOST:
        return value <= condition.number
    return value >= condition.number


def asked(questions: Sequence[Question], answers: Answers) -> list[Question]:
    """The questions that are asked of somebody who answers like this. One that is not asked counts as unanswered
    for those that depend on it."""
    known: dict[str, Any] = {}
    found = []
    for question in questions:
        if question.condition is None or applies(question.condition, known):
            found.append(question)
            if question.key in answers:
                known[question.key] = answers[question.key]
    return found


def cleaned(questions: Sequence[Question], given: Answers) -> tuple[dict[str, Value], dict[str, str]]:
    """The valid answers to the questions that are asked, and what is wrong, by key. What was not asked is left out."""
    values: dict[str, Value] = {}
    wrong: dict[str, str] = {}
    for question in questions:
        if question.condition is not None and not applies(question.condition, values):
            continue
        try:
            value = _value(question, given.get(question.key))
        except ValueError as error:
            wrong[question.key] = str(error)
            continue
        if value is not None:
            values[question.key] = value
        elif question.required:
            wrong[question.key] = _("Please answer this question.")
        if isinstance(value, dict) and question.required and len(value) < len(question.rows):
            wrong[question.key] = _("Please answer every line.")
    return values, wrong


def _value(question: Question, given: Any) -> Value | None:
    """The answer as it is kept; None where there is none. Raises ValueError with a sentence."""
    if given is None or given == "" or given == [] or given == {}:
        return None
    match question.kind:
        case QuestionKind.NPS | QuestionKind.CSAT | QuestionKind.SCALE:
            return _number(question, given)
        case QuestionKind.SINGLE:
            return _code(question.choices, given)
        case QuestionKind.MULTIPLE:
            codes = given if isinstance(given, list) else [given]
            chosen = {_code(question.choices, code) for code in codes}
            return [option.code for option in question.choices if option.code in chosen]
        case QuestionKind.MATRIX:
            if not isinstance(given, Mapping):
                raise ValueError(_("Choose one of the answers."))
            known = {row.code for row in question.rows}
            rows = {code: _number(question, number) for code, number in given.items() if code in known}
            return rows or None
    return _text(given)


def _number(question: Question, given: Any) -> int:
    try:
        number = int(given)
    except (TypeError, ValueError):
        raise ValueError(_("Choose one of the answers.")) from None
    if isinstance(given, float) or number not in question.scale:
        raise ValueError(_("Choose one of the answers."))
    return number


def _code(options: Sequence[Option], given: Any) -> str:
    if not isinstance(given, str) or given not in {option.code for option in options}:
        raise ValueError(_("Choose one of the answers."))
    return given


def _text(given: Any) -> str | None:
    if not isinstance(given, str):
        raise ValueError(_("Write a text."))
    text = given.replace("\x00", "").replace("\r\n", "\n").strip()
    if len(text) > LONGEST_TEXT:
        raise ValueError(_("This is longer than %s characters.") % LONGEST_TEXT)
    return text or None


def topics_of(question: Question) -> set[str]:
    """What its answers are about: its own topic, or those of its rows."""
    return {row.topic for row in question.rows} if question.rows else {question.topic}


def is_detractor(questions: Sequence[Question], answers: Answers) -> bool:
    """Whether somebody is dissatisfied: 6 or less of 10, or 1 or 2 of 5, in anything that is measured."""
    for question in questions:
        value = answers.get(question.key)
        if value is None:
            continue
        numbers = value.values() if isinstance(value, Mapping) else [value]
        limit = {Measure.NPS: 6, Measure.CSAT: 2, Measure.PARTNER: 2}.get(Measure(question.measure))
        if limit is not None and any(number <= limit for number in numbers):
            return True
    return False


__all__ = [
    "Answers",
    "Condition",
    "Option",
    "Question",
    "Topic",
    "Value",
    "applies",
    "as_data",
    "asked",
    "cleaned",
    "fitted",
    "from_data",
    "is_detractor",
    "problems",
    "read",
    "topics_of",
]

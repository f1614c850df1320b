"""A survey as a sheet to fill in: what the page needs to show questions, and how it reads what was sent."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.http import QueryDict

from partners.surveys.enums import QuestionKind
from partners.surveys.questions import Question


@dataclass(frozen=True)
class Line:
    """A row of a matrix on the sheet."""

    code: str
    label: str
    field: str
    value: str


@dataclass(frozen=True)
class Entry:
    """A question on the sheet, with what has been answered and what is wrong with it."""

    question: Question
    number: int
    field: str
    value: str
    values: list[str]
    lines: list[Line]
    error: str
    condition: dict[str, Any] | None

    @property
    def scale(self) -> list[str]:
        return [str(number) for number in self.question.scale]


def sheet(questions: Sequence[Question], given: Mapping[str, Any], wrong: Mapping[str, str]) -> list[Entry]:
    return [
        _entry(question, number, given.get(question.key), wrong.get(question.key, ""))
        for number, question in enumerate(questions, start=1)
    ]


def _entry(question: Question, number: int, value: Any, error: str) -> Entry:
    rows = value if isinstance(value, Mapping) else {}
    many = [str(part) for part in value] if isinstance(value, list) else []
    single = "" if value is None or isinstance(value, (list, Mapping)) else str(value)
    condition = question.condition
    return Entry(
        question,
        number,
        field_of(question.key),
        single,
        many,
        [
            Line(row.code, row.shown, field_of(question.key, row.code), str(rows.get(row.code, "")))
            for row in question.rows
        ],
        error,
        {**asdict(condition), "field": field_of(condition.key)} if condition else None,
    )


def field_of(key: str, row: str = "") -> str:
    """The name of a question's field on the page."""
    return f"a-{key}-{row}" if row else f"a-{key}"


def given_in(post: QueryDict, questions: Sequence[Question]) -> dict[str, Any]:
    """What was sent, by question; `questions.cleaned` says whether it is an answer."""
    given: dict[str, Any] = {}
    for question in questions:
        if question.kind == QuestionKind.MATRIX:
            rows = {row.code: post.get(field_of(question.key, row.code), "") for row in question.rows}
            given[question.key] = {code: value for code, value in rows.items() if value != ""}
        elif question.kind == QuestionKind.MULTIPLE:
            given[question.key] = post.getlist(field_of(question.key))
        else:
            given[question.key] = post.get(field_of(question.key), "")
    return given

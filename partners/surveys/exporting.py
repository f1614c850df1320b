"""Answers as rows of a file."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from partners.surveys.answers import gathered
from partners.surveys.enums import QuestionKind
from partners.surveys.models import Survey, SurveyResponse
from partners.surveys.queries import visible_responses
from partners.surveys.questions import Question
from partners.surveys.report import answer_text, quarter_label, segment_name
from partners.surveys.results import (
    SEGMENT_FIELDS,
    ItemResult,
    Narrowed,
    Tally,
    questions_of,
    results,
)

Rows = Iterator[list[Any]]


def export_rows(survey: Survey, narrowed: Narrowed) -> tuple[list[str], Rows]:
    """The header and the rows: one answer each, or for an anonymous survey the figures that its page shows."""
    if survey.is_anonymous:
        header = [_("Question"), _("Line"), _("Group"), _("Answer"), _("How often"), _("People")]
        return header, iter(list(_figures(survey, narrowed)))
    questions = questions_of(survey)
    columns = [(question, row) for question in questions for row in ([r.code for r in question.rows] or [""])]
    header = [
        _("Answered"),
        _("Partner"),
        _("Customer"),
        _("Person"),
        _("E-mail address"),
        _("Partner type"),
        _("Tier"),
        _("Region"),
        *(_heading(question, row) for question, row in columns),
    ]
    # Read whole: the request's scope ends before a file is streamed.
    return header, iter(list(_single(survey, narrowed, columns)))


def _heading(question: Question, row: str) -> str:
    labels = {option.code: option.shown for option in question.rows}
    return f"{question.shown} – {labels[row]}" if row else question.shown


def _single(survey: Survey, narrowed: Narrowed, columns: list[tuple[Question, str]]) -> Rows:
    responses = visible_responses(survey).filter(
        **{
            SEGMENT_FIELDS[kind]: narrowed.segments[kind]
            for kind in SEGMENT_FIELDS
            if kind in narrowed.segments
        }
    )
    for response in responses.prefetch_related("answers").order_by("answered_on", "pk"):
        if narrowed.has(response.wave):
            yield _row(response, columns)


def _row(response: SurveyResponse, columns: list[tuple[Question, str]]) -> list[Any]:
    answers = gathered(response.answers.all())
    return [
        response.answered_on,
        response.partner.name if response.partner else "",
        response.customer.name if response.customer else "",
        response.person,
        response.invitation.email if response.invitation else "",
        segment_name("type", response.partner_type) if response.partner_type else "",
        segment_name("tier", response.tier) if response.tier else "",
        response.region,
        *(_cell(question, row, answers.get(question.key)) for question, row in columns),
    ]


def _cell(question: Question, row: str, value: Any) -> Any:
    if row:
        return value.get(row) if isinstance(value, dict) else None
    if value is None or question.is_number:
        return value
    return answer_text(question, value)


def _figures(survey: Survey, narrowed: Narrowed) -> Rows:
    found = results(survey, narrowed)
    for item in found.items:
        row = item.label if item.row else ""
        if item.question.kind == QuestionKind.TEXT:
            for text in item.texts:
                yield [item.question.shown, row, "", text, None, None]
            continue
        for wave, tally in item.waves.items():
            yield from _counted(item, row, quarter_label(wave), tally)
        for kind, groups in item.segments.items():
            for value, tally in sorted(groups.items()):
                yield from _counted(item, row, segment_name(kind, value), tally)


def _counted(item: ItemResult, row: str, group: str, tally: Tally) -> Rows:
    for number in sorted(tally.numbers):
        yield [item.question.shown, row, group, number, tally.numbers[number], tally.people]
    labels = {option.code: option.shown for option in item.question.choices}
    for code in sorted(tally.options):
        yield [item.question.shown, row, group, labels.get(code, code), tally.options[code], tally.people]

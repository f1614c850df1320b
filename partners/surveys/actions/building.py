"""The questions of a survey. What has been published is not touched: the first change to it begins a new version."""

from collections.abc import Callable
from dataclasses import replace

from django.utils.translation import gettext as _

from partners.surveys.actions.surveys import lock_survey
from partners.surveys.enums import SurveyStatus
from partners.surveys.models import Survey, SurveyVersion
from partners.surveys.questions import Question, as_data, fitted, problems, read
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record

Change = Callable[[list[Question]], list[Question]]


def save_question(survey: Survey, question: Question, *, by: Membership) -> SurveyVersion:
    """Add a question (its key is empty then), or change the one of its key. Codes of choices stay with their words."""

    def put(questions: list[Question]) -> list[Question]:
        if not question.key:
            return [*questions, replace(question, key=_free_key(survey, questions))]
        if question.key not in {known.key for known in questions}:
            raise ActionRefused(_("This question has been taken out in the meantime."), code="gone")
        key = question.key
        if _is_another(survey, fitted(question)):
            key = _free_key(survey, questions)
        changed = replace(question, key=key)
        return [
            changed if known.key == question.key else _after(known, question.key, key) for known in questions
        ]

    return _change(survey, put, by, about=question.key)


def _is_another(survey: Survey, question: Question) -> bool:
    """Whether answers to it could not be added to those that a published version has asked for under its key."""
    for version in survey.versions.exclude(published_at=None):
        for known in read(version.questions):
            if known.key == question.key and _shape(known) != _shape(question):
                return True
    return False


def _shape(question: Question) -> tuple[str, int, int, str]:
    return question.kind, question.low, question.high, question.measure


def _after(question: Question, old: str, new: str) -> Question:
    """The question, which depends on another by its new key."""
    if question.condition is None or question.condition.key != old:
        return question
    return replace(question, condition=replace(question.condition, key=new))


def delete_question(survey: Survey, key: str, *, by: Membership) -> SurveyVersion:
    """Take a question out of the next version. Refused while another depends on it."""

    def without(questions: list[Question]) -> list[Question]:
        return [question for question in questions if question.key != key]

    return _change(survey, without, by)


def move_question(survey: Survey, key: str, *, up: bool, by: Membership) -> SurveyVersion:
    """Swap a question with the one before it, or after it."""

    def moved(questions: list[Question]) -> list[Question]:
        places = [question.key for question in questions]
        if key not in places:
            return questions
        place = places.index(key)
        other = place + (-1 if up else 1)
        if not 0 <= other < len(questions):
            return questions
        questions[place], questions[other] = questions[other], questions[place]
        return questions

    return _change(survey, moved, by)


def discard_changes(survey: Survey, *, by: Membership) -> None:
    """Give up the version that has not been published, where there is an earlier one."""
    check(by, "surveys.change_survey")
    survey = lock_survey(survey)
    if survey.versions.exclude(published_at=None).exists():
        survey.versions.filter(published_at=None).delete()
        record("survey.changes_discarded", subject=survey, by=by, data={"new": {"title": survey.title}})


def _change(survey: Survey, change: Change, by: Membership, about: str = "") -> SurveyVersion:
    check(by, "surveys.change_survey")
    survey = lock_survey(survey)
    if survey.status == SurveyStatus.CLOSED:
        raise ActionRefused(_("This survey is closed. Copy it to ask again."), code="closed")
    version = survey.versions.select_for_update(of=("self",)).first()
    assert version is not None
    before = read(version.questions)
    after = [fitted(question) for question in change(list(before))]
    _refuse(after, about)
    if after == before:
        return version
    if not version.is_draft:
        version = SurveyVersion(survey=survey, number=version.number + 1)
    version.questions = [as_data(question) for question in after]
    version.save()
    data = {"new": {"title": survey.title, "version": version.number}}
    record("survey.questions_changed", subject=survey, by=by, data=data)
    return version


def _refuse(questions: list[Question], about: str) -> None:
    wrong = problems(questions)
    if not wrong:
        return
    key, text = next((one for one in wrong if one[0] == about), wrong[0])
    names = {question.key: question.shown for question in questions}
    raise ActionRefused(text if key in (about, "") else f"{names.get(key, '')} – {text}", code="question")


def _free_key(survey: Survey, questions: list[Question]) -> str:
    """A key that no version of the survey has used, so that answers to another question never mix with its own."""
    used = {question.key for question in questions}
    for rows in survey.versions.values_list("questions", flat=True):
        used |= {row["key"] for row in rows}
    number = 1
    while f"q{number}" in used:
        number += 1
    return f"q{number}"

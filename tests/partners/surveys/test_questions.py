"""What is asked of whom, and what counts as an answer."""

from typing import Any

import pytest

from partners.surveys.enums import Comparison, Measure, QuestionKind
from partners.surveys.questions import (
    Condition,
    Option,
    Question,
    as_data,
    asked,
    cleaned,
    fitted,
    from_data,
    is_detractor,
    problems,
)
from partners.surveys.ready import READY

SCORE = Question("q1", QuestionKind.NPS, "Recommend?", low=0, high=10, measure=Measure.NPS)
WHY = Question(
    "q2", QuestionKind.TEXT, "Why so low?", condition=Condition("q1", Comparison.AT_MOST, number=6)
)
PICK = Question("q3", QuestionKind.SINGLE, "Which?", choices=(Option("a", "One"), Option("b", "Two")))
MORE = Question("q4", QuestionKind.TEXT, "More?", required=False, condition=Condition("q3", "is", ("b",)))
GRID = Question("q5", QuestionKind.MATRIX, "How?", rows=(Option("x", "Fast"), Option("y", "Kind")))


@pytest.mark.parametrize(("score", "is_asked"), [(0, True), (6, True), (7, False), (10, False)])
def test_a_question_follows_an_earlier_answer(score: int, is_asked: bool) -> None:
    assert (WHY in asked([SCORE, WHY], {"q1": score})) == is_asked


def test_what_is_not_asked_is_neither_required_nor_kept() -> None:
    values, wrong = cleaned([SCORE, WHY], {"q1": "9", "q2": "smuggled"})
    assert (values, wrong) == ({"q1": 9}, {})
    values, wrong = cleaned([SCORE, WHY], {"q1": "3", "q2": ""})
    assert (values, sorted(wrong)) == ({"q1": 3}, ["q2"])


def test_a_question_behind_one_that_is_not_asked_is_not_asked() -> None:
    third = Question("q9", QuestionKind.TEXT, "?", condition=Condition("q3", "is", ("a",)))
    second = Question(
        "q3",
        PICK.kind,
        "Which?",
        choices=PICK.choices,
        condition=Condition("q1", Comparison.AT_MOST, number=6),
    )
    assert asked([SCORE, second, third], {"q1": 9, "q3": "a"}) == [SCORE]


@pytest.mark.parametrize(
    ("question", "given"),
    [
        (SCORE, "11"),
        (SCORE, "-1"),
        (SCORE, "9.5"),
        (SCORE, "nine"),
        (SCORE, ["9"]),
        (PICK, "c"),
        (PICK, {"a": 1}),
        (GRID, {"x": 6}),
        (GRID, "x"),
        (WHY, "long" * 1001),
    ],
)
def test_what_is_no_answer_is_refused(question: Question, given: Any) -> None:
    plain = Question(question.key, question.kind, "?", low=question.low, high=question.high)
    values, wrong = cleaned([question if question.condition is None else plain], {question.key: given})
    assert values == {}
    assert list(wrong) == [question.key]


def test_every_line_of_a_required_matrix_is_answered() -> None:
    assert cleaned([GRID], {"q5": {"x": "4"}})[1] == {"q5": "Please answer every line."}
    assert cleaned([GRID], {"q5": {"x": "4", "y": "5", "z": "1"}}) == ({"q5": {"x": 4, "y": 5}}, {})


def test_a_question_survives_being_data() -> None:
    for question in (SCORE, WHY, PICK, MORE, GRID):
        assert from_data(as_data(question)) == question


@pytest.mark.parametrize(
    ("questions", "about"),
    [
        ([WHY, SCORE], "q2"),
        ([Question("q1", QuestionKind.TEXT, "  ")], "q1"),
        ([Question("q1", QuestionKind.SINGLE, "?", choices=(Option("a", "One"),))], "q1"),
        ([Question("q1", QuestionKind.SINGLE, "?", choices=(Option("a", "1"), Option("b", "1")))], "q1"),
        ([Question("q1", QuestionKind.MATRIX, "?")], "q1"),
        ([Question("q1", QuestionKind.SCALE, "?", low=5, high=5)], "q1"),
        (
            [SCORE, Question("q2", QuestionKind.TEXT, "?", condition=Condition("q1", "at_most", number=11))],
            "q2",
        ),
        ([PICK, Question("q4", QuestionKind.TEXT, "?", condition=Condition("q3", "is", ("z",)))], "q4"),
        ([MORE], "q4"),
    ],
)
def test_a_question_that_cannot_be_asked_is_pointed_out(questions: list[Question], about: str) -> None:
    assert [key for key, _text in problems(questions)] == [about]


def test_a_kind_fixes_its_scale_and_what_it_may_count_as() -> None:
    nps = fitted(Question("q1", QuestionKind.NPS, "?", low=1, high=3, measure=Measure.CSAT))
    assert (nps.low, nps.high, nps.measure) == (0, 10, "")
    grid = Question("q1", QuestionKind.MATRIX, "?", low=0, high=10, rows=GRID.rows, measure=Measure.PARTNER)
    assert (fitted(grid).low, fitted(grid).high) == (1, 5)


@pytest.mark.parametrize("key", list(READY))
def test_the_ready_made_surveys_can_be_asked(key: str) -> None:
    questions = READY[key].questions()
    assert problems(questions) == []
    assert [fitted(question) for question in questions] == questions


@pytest.mark.parametrize(
    ("answers", "expected"),
    [({"q1": 6}, True), ({"q1": 7}, False), ({"q2": {"x": 5, "y": 2}}, True), ({"q2": {"x": 3}}, False)],
)
def test_who_is_dissatisfied(answers: dict, expected: bool) -> None:
    grid = Question("q2", QuestionKind.MATRIX, "?", rows=GRID.rows, measure=Measure.PARTNER)
    assert is_detractor([SCORE, grid], answers) == expected

"""Test data of training, in the tenant in scope."""

from typing import Any

from partners.training import actions
from partners.training.enums import CourseKind, CourseStatus
from partners.training.models import Course
from portal.accounts.models import Membership


def a_course(admin: Membership, title: str = "Basics", *, publish: bool = True, **fields: Any) -> Course:
    """A published course: a web page unless `kind` says otherwise."""
    fields.setdefault("kind", CourseKind.LINK)
    if fields["kind"] in (CourseKind.LINK, CourseKind.VIDEO):
        fields.setdefault("url", "https://learn.example.com/basics")
    course = actions.create_course(by=admin, title=title, **fields)
    return actions.change_status(course, CourseStatus.PUBLISHED, by=admin) if publish else course


def a_quiz(admin: Membership, title: str = "Quiz", *, questions: int = 4, **fields: Any) -> Course:
    """A published quiz; of each question the first answer is right."""
    course = a_course(admin, title, publish=False, kind=CourseKind.QUIZ, **fields)
    for number in range(questions):
        actions.save_question(
            course,
            by=admin,
            text=f"Question {number + 1}?",
            choices=[{"text": "Right", "correct": True}, {"text": "Wrong", "correct": False}],
        )
    return actions.change_status(course, CourseStatus.PUBLISHED, by=admin)

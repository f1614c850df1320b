"""The verbs of training."""

from partners.training.actions.completions import (
    complete,
    finish,
    record_completion,
    revoke_completion,
)
from partners.training.actions.courses import (
    change_status,
    create_course,
    delete_question,
    move_question,
    save_question,
    update_course,
)
from partners.training.actions.enrolments import enrol, leave, submit_quiz
from partners.training.actions.sessions import (
    book_seat,
    cancel_session,
    change_session,
    give_up_seat,
    record_attendance,
    schedule_session,
)

__all__ = [
    "book_seat",
    "cancel_session",
    "change_session",
    "change_status",
    "complete",
    "create_course",
    "delete_question",
    "enrol",
    "finish",
    "give_up_seat",
    "leave",
    "move_question",
    "record_attendance",
    "record_completion",
    "revoke_completion",
    "save_question",
    "schedule_session",
    "submit_quiz",
    "update_course",
]

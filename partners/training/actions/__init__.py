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
    put_file,
    save_question,
    update_course,
)
from partners.training.actions.duties import refresh_duties
from partners.training.actions.enrolments import enrol, give_attempt, leave, submit_quiz
from partners.training.actions.paths import (
    award_everybody,
    change_path_status,
    create_path,
    update_path,
)
from partners.training.actions.sessions import (
    book_seat,
    cancel_session,
    change_session,
    give_up_seat,
    record_attendance,
    schedule_session,
)

__all__ = [
    "award_everybody",
    "book_seat",
    "cancel_session",
    "change_path_status",
    "change_session",
    "change_status",
    "complete",
    "create_course",
    "create_path",
    "delete_question",
    "enrol",
    "finish",
    "give_attempt",
    "give_up_seat",
    "leave",
    "move_question",
    "put_file",
    "record_attendance",
    "record_completion",
    "refresh_duties",
    "revoke_completion",
    "save_question",
    "schedule_session",
    "submit_quiz",
    "update_course",
    "update_path",
]

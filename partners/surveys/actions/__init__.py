"""The verbs of surveys."""

from partners.surveys.actions.answering import (
    AnswerIncomplete,
    AnswerRefused,
    answer,
    asked_of,
    keep_draft,
    opt_out,
    state_of,
)
from partners.surveys.actions.asking import (
    Recipient,
    add_contact,
    ask,
    invite,
    remove_contact,
    report_event,
)
from partners.surveys.actions.building import (
    delete_question,
    discard_changes,
    move_question,
    save_question,
)
from partners.surveys.actions.following import add_follow_up, change_follow_up, follow_detractors
from partners.surveys.actions.sending import send_again, send_due
from partners.surveys.actions.surveys import (
    change_policy,
    close,
    copy,
    create_survey,
    publish,
    update_survey,
)
from partners.surveys.actions.theming import delete_theme, save_theme

__all__ = [
    "AnswerIncomplete",
    "AnswerRefused",
    "Recipient",
    "add_contact",
    "add_follow_up",
    "answer",
    "ask",
    "asked_of",
    "change_follow_up",
    "change_policy",
    "close",
    "copy",
    "create_survey",
    "delete_question",
    "delete_theme",
    "discard_changes",
    "follow_detractors",
    "invite",
    "keep_draft",
    "move_question",
    "opt_out",
    "publish",
    "remove_contact",
    "report_event",
    "save_question",
    "save_theme",
    "send_again",
    "send_due",
    "state_of",
    "update_survey",
]

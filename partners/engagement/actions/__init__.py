"""The verbs of engagement."""

from partners.engagement.actions.gatherings import (
    answer,
    cancel,
    create_gathering,
    invite_missing,
    publish,
    record_attendance,
    remind_of_gatherings,
    update_gathering,
)
from partners.engagement.actions.interactions import (
    change_interaction,
    finish_follow_up,
    log_interaction,
    remind_of_follow_ups,
    remove_interaction,
)
from partners.engagement.actions.presence import note_presence

__all__ = [
    "answer",
    "cancel",
    "change_interaction",
    "create_gathering",
    "finish_follow_up",
    "invite_missing",
    "log_interaction",
    "note_presence",
    "publish",
    "record_attendance",
    "remind_of_follow_ups",
    "remind_of_gatherings",
    "remove_interaction",
    "update_gathering",
]

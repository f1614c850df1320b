"""The verbs of a deal. Each locks the row, decides on what it then reads, writes, and records an event.

All raise PermissionDenied when the member may not, and ActionRefused (with a sentence for the person who
asked) when the programme's rules forbid it now. `version`, where given, is the version the person was
looking at: an older one is refused, so that nobody decides on what they have not seen.
"""

from partners.deals.actions.drafts import DRAFT_FIELDS, create_draft, move_stage, update_deal
from partners.deals.actions.outcome import confirm_win, decline_win, lose, reverse, win
from partners.deals.actions.policy import change_policy
from partners.deals.actions.protection import expire_due
from partners.deals.actions.registration import (
    approve,
    cancel,
    register,
    reject,
    return_for_changes,
    start_review,
    submit,
    withdraw,
)

__all__ = [
    "DRAFT_FIELDS",
    "approve",
    "cancel",
    "change_policy",
    "confirm_win",
    "create_draft",
    "decline_win",
    "expire_due",
    "lose",
    "move_stage",
    "register",
    "reject",
    "return_for_changes",
    "reverse",
    "start_review",
    "submit",
    "update_deal",
    "win",
    "withdraw",
]

"""The verbs of a deal. Each locks the row, decides on what it then reads, writes, and records an event.

All raise PermissionDenied when the member may not, and ActionRefused (with a sentence for the person who
asked) when the programme's rules forbid it now. `version`, where given, is the version the person was
looking at: an older one is refused, so that nobody decides on what they have not seen.
"""

from partners.deals.actions.bulk import Outcome, decide_many, submit_many
from partners.deals.actions.deciding import approve, reject
from partners.deals.actions.distributed import open_distributed
from partners.deals.actions.drafts import DRAFT_FIELDS, create_draft, move_stage, update_deal
from partners.deals.actions.lines import Line, set_lines, submit_each, sum_of
from partners.deals.actions.outcome import cancel, confirm_win, decline_win, lose, reverse, win
from partners.deals.actions.policy import (
    add_holiday,
    change_policy,
    move_rule,
    remove_holiday,
    remove_rule,
    save_reason,
    save_rule,
)
from partners.deals.actions.protection import expire_due, remind, warn_of_end
from partners.deals.actions.registration import register, return_for_changes, start_review, submit, withdraw
from partners.deals.actions.requests import (
    appeal,
    ask_extension,
    decline_extension,
    extend,
    grant_appeal,
    uphold_rejection,
)

__all__ = [
    "DRAFT_FIELDS",
    "Line",
    "Outcome",
    "add_holiday",
    "appeal",
    "approve",
    "ask_extension",
    "cancel",
    "change_policy",
    "confirm_win",
    "create_draft",
    "decide_many",
    "decline_extension",
    "decline_win",
    "expire_due",
    "extend",
    "grant_appeal",
    "lose",
    "move_rule",
    "move_stage",
    "open_distributed",
    "register",
    "reject",
    "remind",
    "remove_holiday",
    "remove_rule",
    "return_for_changes",
    "reverse",
    "save_reason",
    "save_rule",
    "set_lines",
    "start_review",
    "submit",
    "submit_each",
    "submit_many",
    "sum_of",
    "update_deal",
    "uphold_rejection",
    "warn_of_end",
    "win",
    "withdraw",
]

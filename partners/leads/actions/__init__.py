"""The verbs of a lead. Each locks the row, decides on what it then reads, writes, and records an event.

All raise PermissionDenied when the member may not, and ActionRefused (with a sentence for the person who asked) when
the programme's rules forbid it now. `version`, where given, is the version the person was looking at.
"""

from partners.leads.actions.closing import convert, deal_notes, disqualify, reopen, undo_conversions
from partners.leads.actions.distributing import (
    accept,
    decline,
    distribute,
    distribute_now,
    distribute_waiting,
    move_on_due,
    offer,
    pick,
    put_in_pool,
    take_back,
    take_back_from,
)
from partners.leads.actions.entry import LEAD_FIELDS, SAID, enter_lead, submit_lead, update_lead
from partners.leads.actions.settings import (
    change_criteria,
    change_policy,
    delete_rule,
    move_rule,
    save_rule,
)

__all__ = [
    "LEAD_FIELDS",
    "SAID",
    "accept",
    "change_criteria",
    "change_policy",
    "convert",
    "deal_notes",
    "decline",
    "delete_rule",
    "disqualify",
    "distribute",
    "distribute_now",
    "distribute_waiting",
    "enter_lead",
    "move_on_due",
    "move_rule",
    "offer",
    "pick",
    "put_in_pool",
    "reopen",
    "save_rule",
    "submit_lead",
    "take_back",
    "take_back_from",
    "undo_conversions",
    "update_lead",
]

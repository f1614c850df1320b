"""The verbs of market development funds."""

from incentives.funds.actions.budgets import forfeit_due, give_budgets, save_fund
from incentives.funds.actions.claims import claim, reject_claim, resubmit_claim, return_claim, settle_claim
from incentives.funds.actions.requests import (
    approve_request,
    measure_by,
    reject_request,
    return_request,
    save_request,
    submit_request,
    withdraw_request,
)

__all__ = [
    "approve_request",
    "claim",
    "forfeit_due",
    "give_budgets",
    "measure_by",
    "reject_claim",
    "reject_request",
    "resubmit_claim",
    "return_claim",
    "return_request",
    "save_fund",
    "save_request",
    "settle_claim",
    "submit_request",
    "withdraw_request",
]

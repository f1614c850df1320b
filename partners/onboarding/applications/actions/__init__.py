"""The verbs of applications."""

from partners.onboarding.applications.actions.applying import (
    answer_more,
    apply,
    confirm,
    forget_unconfirmed,
    withdraw,
)
from partners.onboarding.applications.actions.asking import (
    change_policy,
    move_criterion,
    move_question,
    remove_criterion,
    remove_question,
    save_criterion,
    save_question,
)
from partners.onboarding.applications.actions.deciding import (
    approve,
    ask_for_more,
    assign,
    reject,
    score,
    start_review,
)
from partners.onboarding.applications.actions.referring import refer

__all__ = [
    "answer_more",
    "apply",
    "approve",
    "ask_for_more",
    "assign",
    "change_policy",
    "confirm",
    "forget_unconfirmed",
    "move_criterion",
    "move_question",
    "refer",
    "reject",
    "remove_criterion",
    "remove_question",
    "save_criterion",
    "save_question",
    "score",
    "start_review",
    "withdraw",
]

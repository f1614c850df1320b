"""The verbs of plans, and of partners' own onboardings."""

from partners.onboarding.plans.actions.building import (
    move_plan,
    move_step,
    remove_plan,
    remove_step,
    save_plan,
    save_step,
)
from partners.onboarding.plans.actions.running import (
    advance,
    end_with_partnership,
    remind,
    reopen,
    skip,
    start,
    stop,
    tick,
)

__all__ = [
    "advance",
    "end_with_partnership",
    "move_plan",
    "move_step",
    "remind",
    "remove_plan",
    "remove_step",
    "reopen",
    "save_plan",
    "save_step",
    "skip",
    "start",
    "stop",
    "tick",
]

"""The models of this app's rooms, where Django looks for them."""

from incentives.ledger.models import LedgerEntry
from incentives.plans.models import Plan, PlanRate, PlanVersion
from incentives.tiers.models import Tier, TierAssignment, TierPolicy, TierProposal, TierStanding

__all__ = [
    "LedgerEntry",
    "Plan",
    "PlanRate",
    "PlanVersion",
    "Tier",
    "TierAssignment",
    "TierPolicy",
    "TierProposal",
    "TierStanding",
]

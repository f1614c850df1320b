"""The models of this app's rooms, where Django looks for them."""

from incentives.ledger.models import Adjustment, Dispute, LedgerEntry
from incentives.plans.models import Plan, PlanRate, PlanVersion, PoolSettlement
from incentives.tiers.models import Tier, TierAssignment, TierPolicy, TierProposal, TierStanding

__all__ = [
    "Adjustment",
    "Dispute",
    "LedgerEntry",
    "Plan",
    "PlanRate",
    "PlanVersion",
    "PoolSettlement",
    "Tier",
    "TierAssignment",
    "TierPolicy",
    "TierProposal",
    "TierStanding",
]

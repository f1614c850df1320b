"""The models of this app's rooms, where Django looks for them."""

from incentives.ledger.models import Adjustment, Dispute, LedgerEntry
from incentives.plans.models import Plan, PlanRate, PlanVersion, PoolSettlement
from incentives.tiers.models import (
    BenefitDelivery,
    CheckMark,
    ManualCheck,
    Tier,
    TierAssignment,
    TierBenefit,
    TierOverride,
    TierPolicy,
    TierProposal,
    TierStanding,
)

__all__ = [
    "Adjustment",
    "BenefitDelivery",
    "CheckMark",
    "Dispute",
    "LedgerEntry",
    "ManualCheck",
    "Plan",
    "PlanRate",
    "PlanVersion",
    "PoolSettlement",
    "Tier",
    "TierAssignment",
    "TierBenefit",
    "TierOverride",
    "TierPolicy",
    "TierProposal",
    "TierStanding",
]

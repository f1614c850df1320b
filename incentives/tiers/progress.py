"""A standing as a page shows it."""

from dataclasses import dataclass
from decimal import Decimal

from incentives.tiers.models import Tier, TierStanding
from incentives.tiers.requirements import GroupResult, load_result
from incentives.tiers.words import gap, group_title, percent_floor


@dataclass(frozen=True, slots=True)
class Rung:
    """A tier with what it asks of one partner. `percent` is 100 only when all is there."""

    tier: Tier
    result: GroupResult | None
    percent: int
    gap: str
    is_held: bool
    title: str = ""

    @property
    def is_met(self) -> bool:
        return self.result is not None and self.result.outcome == "met"

    @property
    def is_pending(self) -> bool:
        return self.result is not None and self.result.outcome == "pending"


def progress_of(standing: TierStanding | None, currency: str) -> Rung | None:
    """The way to the next tier; None at the top or before the first evaluation."""
    if standing is None or standing.next_tier is None:
        return None
    return rung_of(standing.next_tier, standing, currency)


def rung_of(tier: Tier, standing: TierStanding, currency: str) -> Rung:
    data = standing.results.get(str(tier.pk))
    result = load_result(data) if data else None
    return Rung(
        tier,
        result,
        percent_floor(result.progress if result else Decimal(0)),
        gap(result, currency) if result else "",
        tier.pk == standing.tier_id,
        group_title(result) if result else "",
    )

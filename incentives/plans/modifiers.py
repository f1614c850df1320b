"""What a plan version says beside its bands: conditions, floors, caps, bonuses, pool, campaign. Pure.

Kept as JSON in `PlanVersion.rules`; what is not said is left out of it. Amounts are minor units of the plan's currency
(counts, where the plan counts), rates are fractions.
"""

from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from incentives.plans.enums import (
    MONEY_BASES,
    SOURCES,
    AtCap,
    BandMode,
    Baseline,
    PlanBase,
    PlanForm,
    PoolBy,
    Shown,
)


class ModifierError(ValueError):
    """The rules contradict each other. `field` is the one to put right; the message is for who typed it."""

    def __init__(self, field: str, message: str):
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Modifiers:
    """`clawback_full_days` and `clawback_half_days` count from the win: within the first all that was payable comes
    back, within the second half of it, after that nothing. Without them all of it always does.

    The caps are for one deal, one partner's period, one partner's programme year, and all partners' programme year.
    """

    families: tuple[UUID, ...] = ()
    products: tuple[UUID, ...] = ()
    activities: tuple[str, ...] = ()
    min_deal: int = 0
    min_period: int = 0
    deal_cap: int | None = None
    period_cap: int | None = None
    partner_cap: int | None = None
    budget: int | None = None
    at_cap: AtCap = AtCap.STOP
    quota: int | None = None
    accelerator: Decimal = Decimal(1)
    registered_rate: Decimal = Decimal(0)
    registered_amount: int = 0
    shared: bool = False
    holdback: Decimal = Decimal(0)
    holdback_days: int = 0
    baseline: Baseline = Baseline.PREVIOUS_YEAR
    baseline_amount: int = 0
    order: int = 100
    excludes: tuple[UUID, ...] = ()
    clawback_full_days: int | None = None
    clawback_half_days: int | None = None
    campaign: bool = False
    shown: Shown = Shown.OWN
    pool_amount: int = 0
    pool_rate: Decimal = Decimal(0)
    pool_by: PoolBy = PoolBy.REVENUE

    def clawback_share(self, served: int) -> Decimal:
        """The part of a payable amount that comes back when the deal is reversed `served` days after its win."""
        if self.clawback_full_days is None:
            return Decimal(1)
        if served <= self.clawback_full_days:
            return Decimal(1)
        if self.clawback_half_days is not None and served <= self.clawback_half_days:
            return Decimal("0.5")
        return Decimal(0)


_KINDS: dict[str, Any] = {
    "families": lambda rows: tuple(UUID(row) for row in rows),
    "products": lambda rows: tuple(UUID(row) for row in rows),
    "excludes": lambda rows: tuple(UUID(row) for row in rows),
    "activities": tuple,
    "at_cap": AtCap,
    "accelerator": Decimal,
    "registered_rate": Decimal,
    "holdback": Decimal,
    "baseline": Baseline,
    "shown": Shown,
    "pool_rate": Decimal,
    "pool_by": PoolBy,
}
# A plan that says nothing beside its bands.
PLAIN = Modifiers()


def dump(modifiers: Modifiers) -> dict[str, Any]:
    """As JSON: what differs from the defaults."""
    return {name: _plain(value) for name, value in asdict(modifiers).items() if value != getattr(PLAIN, name)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return str(value) if isinstance(value, Decimal) else value


def load(data: dict[str, Any]) -> Modifiers:
    known = {field.name for field in fields(Modifiers)}
    return Modifiers(
        **{
            name: _KINDS.get(name, lambda value: value)(value)
            for name, value in data.items()
            if name in known
        }
    )


def check_modifiers(form: PlanForm, base: PlanBase, mode: BandMode, said: Modifiers) -> None:
    """Raise ModifierError where the parts of a version do not fit each other."""
    money = base in MONEY_BASES
    if form == PlanForm.RATE and not money:
        raise ModifierError("form", _("A percentage needs an amount of money to be a part of."))
    if mode == BandMode.GROWTH and (form != PlanForm.RATE or base not in {PlanBase.REVENUE, PlanBase.MARGIN}):
        raise ModifierError(
            "mode", _("“What exceeds the baseline” goes with a percentage of revenue or margin.")
        )
    if form == PlanForm.POOL:
        if base in SOURCES:
            raise ModifierError("base", _("A pool is made of won deals, not of activities or orders."))
        if bool(said.pool_amount) == bool(said.pool_rate):
            raise ModifierError(
                "pool_amount", _("Say how large the pool is: an amount or a part of the revenue.")
            )
    if (said.accelerator != 1) != (said.quota is not None):
        raise ModifierError(
            "accelerator", _("An accelerator needs a quota above which it works, and the reverse.")
        )
    if said.accelerator < 1:
        raise ModifierError("accelerator", _("An accelerator is 1 or more, such as 1.5."))
    if said.quota is not None and form != PlanForm.RATE:
        raise ModifierError("accelerator", _("An accelerator goes with a percentage."))
    if bool(said.holdback) != bool(said.holdback_days):
        raise ModifierError(
            "holdback_days", _("Say both: what part is held back and for how many days after the win.")
        )
    if said.clawback_half_days is not None and (
        said.clawback_full_days is None or said.clawback_half_days <= said.clawback_full_days
    ):
        raise ModifierError(
            "clawback_half_days", _("Half comes back for longer than all of it: give more days here.")
        )
    if said.activities and base != PlanBase.ACTIVITY:
        raise ModifierError("activities", _("Choose activities only where the plan counts activities."))
    of_deals = (said.families, said.products, said.shared, said.registered_rate, said.registered_amount)
    if base in SOURCES and any(of_deals):
        raise ModifierError(
            "base",
            _("Products, registrations and shares belong to deals; this plan counts something else."),
        )
    if said.registered_rate and not money:
        raise ModifierError("registered_rate", _("A percentage needs an amount of money to be a part of."))

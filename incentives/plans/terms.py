"""A plan version as plain data, for the calculation. Pure."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from incentives.plans.bands import Band
from incentives.plans.enums import MONEY_BASES, SOURCES, BandMode, PlanBase, PlanForm, Source
from incentives.plans.modifiers import PLAIN, Modifiers
from metrics.periods import PeriodKind
from portal.money import digits


@dataclass(frozen=True, slots=True)
class Terms:
    """A plan version. In force on days of `[start, end)`; empty audiences mean everyone.

    `exchange_rate` is the plan's currency per unit of the tenant's, `factor` the same between minor units.
    """

    version_id: UUID
    plan_id: UUID
    plan_name: str
    number: int
    currency: str
    start: dt.date
    end: dt.date | None
    mode: BandMode
    period: PeriodKind
    hold_days: int
    bands: Mapping[UUID, Sequence[Band]]
    exchange_rate: Decimal = Decimal(1)
    factor: Decimal = Decimal(1)
    partner_types: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    tiers: frozenset[UUID] = frozenset()
    form: PlanForm = PlanForm.RATE
    base: PlanBase = PlanBase.REVENUE
    said: Modifiers = PLAIN

    def in_force(self, day: dt.date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)

    @property
    def counts_money(self) -> bool:
        return self.base in MONEY_BASES

    @property
    def source(self) -> Source:
        """What it pays for."""
        return SOURCES.get(self.base, Source.DEAL)

    @property
    def is_collective(self) -> bool:
        """Whether what one partner earns depends on the others."""
        return self.form == PlanForm.POOL or self.said.budget is not None

    @property
    def has_baseline(self) -> bool:
        return self.base == PlanBase.GROWTH or self.mode == BandMode.GROWTH


def currency_factor(from_currency: str, to_currency: str, rate: Decimal) -> Decimal:
    """Minor units of the one currency in minor units of the other, before rounding."""
    return rate.scaleb(digits(to_currency) - digits(from_currency))

"""Terms, deals and programmes for tests of this floor."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from incentives.ledger.calculation import Audience, WonDeal
from incentives.plans.actions import VersionDraft, publish_version
from incentives.plans.bands import Band
from incentives.plans.enums import BandMode
from incentives.plans.models import Plan, PlanVersion
from incentives.plans.terms import Terms
from incentives.tiers.history import TierHistory
from incentives.tiers.models import Tier
from incentives.tiers.requirements import Condition, Group, dump
from metrics.periods import Calendar, PeriodKind

CALENDAR = Calendar(ZoneInfo("Europe/Amsterdam"))
BASE, SILVER, GOLD = (UUID(int=number) for number in (11, 12, 13))
PLAN = UUID(int=21)
FLAT: tuple[tuple[int, int | None, str], ...] = ((0, None, "0.05"),)


def bands(*rows: tuple[int, int | None, str]) -> tuple[Band, ...]:
    return tuple(Band(start, end, Decimal(rate)) for start, end, rate in rows)


def terms(
    rates: Mapping[UUID, Sequence[Band]] | None = None,
    *,
    mode: BandMode = BandMode.MARGINAL,
    start: dt.date = dt.date(2026, 1, 1),
    end: dt.date | None = None,
    version: int = 1,
    **fields: object,
) -> Terms:
    return Terms(
        version_id=UUID(int=100 + version),
        plan_id=PLAN,
        plan_name="Rebate",
        number=version,
        currency="EUR",
        start=start,
        end=end,
        mode=mode,
        period=fields.pop("period", PeriodKind.QUARTER),
        hold_days=fields.pop("hold_days", 30),
        bands=rates or {BASE: bands(*FLAT)},
        **fields,
    )


def audience(*changes: tuple[dt.date, UUID]) -> Audience:
    return Audience("reseller", "EMEA", TierHistory(BASE, changes))


def won(number: int, day: dt.date, revenue: int | None) -> WonDeal:
    return WonDeal(UUID(int=1_000 + number), day, revenue)


def make_tiers(*requirements: Condition | Group | None) -> list[Tier]:
    """Saved tiers: a lowest one and one for each requirement given."""
    names = ["Registered", "Silver", "Gold", "Platinum"]
    tiers = [Tier(name=names[0], rank=0)]
    for rank, requirement in enumerate(requirements, start=1):
        tree = Group(items=(requirement,)) if isinstance(requirement, Condition) else requirement
        tiers.append(Tier(name=names[rank], rank=rank, requirements=dump(tree) if tree else {}))
    for tier in tiers:
        tier.save()
    return tiers


def make_plan(
    rates: Mapping[Tier, Sequence[tuple[int, int | None, str]]],
    *,
    starts_on: dt.date = dt.date(2026, 1, 1),
    mode: BandMode = BandMode.MARGINAL,
    plan: Plan | None = None,
    **fields: object,
) -> PlanVersion:
    draft = VersionDraft(
        starts_on=starts_on,
        ends_on=fields.pop("ends_on", None),
        mode=mode,
        period=fields.pop("period", PeriodKind.QUARTER),
        hold_days=fields.pop("hold_days", 30),
        bands={tier.pk: bands(*rows) for tier, rows in rates.items()},
        **fields,
    )
    return publish_version(plan or Plan(name="Rebate", currency="EUR"), draft, by=None)

"""An example programme, for an administrator to start from."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from incentives.plans.actions import VersionDraft, publish_version
from incentives.plans.bands import Band
from incentives.plans.enums import BandMode
from incentives.plans.models import Plan
from incentives.tiers.enums import BadgeColour, Comparison, Join, SupportLevel, WindowKind
from incentives.tiers.models import Tier, TierPolicy
from incentives.tiers.queries import tenant_in_scope
from incentives.tiers.requirements import SCORE, Condition, Group, dump
from metrics.periods import PeriodKind, calendar_of
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.money import to_minor


@transaction.atomic
def create_example_programme(
    *, by: Membership | None, starts_on: dt.date | None = None, scale: Decimal = Decimal(1)
) -> tuple[list[Tier], Plan]:
    """Three tiers, their policy, and a plan in force from `starts_on` (default: the fiscal year's first day).

    `scale` multiplies the amounts of money. `by` None is the system itself. Refused where tiers or plans
    exist.
    """
    if by is not None:
        check(by, "incentives.change_programme")
    refuse_second()
    tenant = tenant_in_scope()
    calendar = calendar_of(tenant)

    def money(amount: int) -> int:
        return to_minor(Decimal(amount) * scale, tenant.currency)

    tiers = _tiers(money(100_000), money(250_000))
    save_ladder(tiers, by=by)
    plan = Plan(name=_("Partner rebate"), currency=tenant.currency)
    limits = (money(25_000), money(75_000))
    draft = VersionDraft(
        starts_on=starts_on or calendar.period(PeriodKind.YEAR, calendar.today()).start,
        ends_on=None,
        mode=BandMode.MARGINAL,
        period=PeriodKind.QUARTER,
        hold_days=30,
        bands={
            tier.pk: _bands(limits, rates)
            for tier, rates in zip(
                tiers,
                [("0.03", "0.04", "0.05"), ("0.05", "0.06", "0.08"), ("0.08", "0.10", "0.12")],
                strict=True,
            )
        },
        note=_("Example to start from"),
    )
    publish_version(plan, draft, by=by)
    return tiers, plan


def refuse_second() -> None:
    """ActionRefused where there are tiers or plans."""
    if Tier.objects.exists() or Plan.objects.exists():
        raise ActionRefused(
            _("There are tiers or plans already; the example is for a programme without any.")
        )


def save_ladder(tiers: Sequence[Tier], *, by: Membership | None) -> None:
    """The tiers of an example, with the policy that they are moved between by."""
    for tier in tiers:
        tier.save()
        record("tier.saved", subject=tier, by=by, data={"name": tier.name, "new": True})
    TierPolicy.objects.get_or_create()


def _tiers(silver_revenue: int, gold_revenue: int) -> list[Tier]:
    def at_least(measure: str, threshold: str | int, window: WindowKind) -> Condition:
        return Condition(measure, window, Comparison.AT_LEAST, Decimal(threshold))

    year = WindowKind.TRAILING_YEAR
    silver = Group(
        Join.ANY,
        (at_least("revenue", silver_revenue, year), at_least(SCORE, 60, WindowKind.QUARTER)),
    )
    gold = Group(
        Join.ALL,
        (
            at_least("revenue", gold_revenue, year),
            at_least("win_rate", "0.55", year),
            Group(Join.ANY, (at_least(SCORE, 70, WindowKind.QUARTER), at_least("deal_count", 40, year))),
        ),
    )
    return [
        Tier(
            name=_("Registered"),
            rank=0,
            description=_("Every partner starts here."),
            colour=BadgeColour.BRONZE,
            discount=Decimal("0.05"),
            rebate_rate=Decimal("0.03"),
            support_level=SupportLevel.STANDARD,
        ),
        Tier(
            name=_("Silver"),
            rank=1,
            description=_("Partners who sell steadily."),
            colour=BadgeColour.SILVER,
            discount=Decimal("0.10"),
            rebate_rate=Decimal("0.05"),
            lead_priority=1,
            support_level=SupportLevel.PRIORITY,
            requirements=dump(silver),
        ),
        Tier(
            name=_("Gold"),
            rank=2,
            description=_("Our closest partners."),
            colour=BadgeColour.GOLD,
            discount=Decimal("0.15"),
            rebate_rate=Decimal("0.08"),
            lead_priority=2,
            support_level=SupportLevel.DEDICATED,
            requirements=dump(gold),
        ),
    ]


def _bands(limits: Sequence[int], rates: Sequence[str]) -> tuple[Band, ...]:
    starts = (0, *limits)
    ends = (*limits, None)
    return tuple(
        Band(start, end, Decimal(rate)) for start, end, rate in zip(starts, ends, rates, strict=True)
    )

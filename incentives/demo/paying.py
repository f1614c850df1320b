"""What the demo's programme pays beside its rebate: several plans, an adjustment and a dispute that wait for somebody."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from incentives.corrections import actions as corrections
from incentives.ledger.models import LedgerEntry
from incentives.plans.actions import VersionDraft, publish_version
from incentives.plans.activities import course_choices
from incentives.plans.bands import Band
from incentives.plans.enums import BandMode, PlanBase, PlanForm, PoolBy, Shown
from incentives.plans.models import Plan
from incentives.plans.modifiers import Modifiers
from incentives.tiers.queries import tenant_in_scope, tiers
from metrics.periods import PeriodKind, calendar_of
from partners.directory.models import ProductFamily
from portal.accounts.models import Membership
from portal.discussion import actions as comments


def add_plans(admin: Membership, today: dt.date) -> None:
    """A bonus for registered deals, an accelerator, growth, a running campaign, a pool and a reward for training."""
    calendar = calendar_of(tenant_in_scope())
    year = calendar.period(PeriodKind.YEAR, today).start
    ladder = [tier.pk for tier in tiers()]
    security = ProductFamily.objects.filter(name="Security").first()

    def publish(name: str, draft: VersionDraft) -> None:
        publish_version(Plan(name=name, currency=tenant_in_scope().currency), draft, by=admin)

    def paid(*bands: Band) -> Mapping[UUID, tuple[Band, ...]]:
        return dict.fromkeys(ladder, bands)

    plain = VersionDraft(year, None, BandMode.MARGINAL, PeriodKind.QUARTER, 30, paid(_rate("0")))
    publish(
        "Registration bonus",
        replace(
            plain,
            bands=paid(_rate("0")),
            said=Modifiers(
                registered_rate=Decimal("0.01"),
                deal_cap=500_00,
                clawback_full_days=30,
                clawback_half_days=90,
                shared=True,
                order=20,
            ),
            note="One per cent more for deals that were registered",
        ),
    )
    publish(
        "Growth bonus",
        replace(
            plain,
            base=PlanBase.GROWTH,
            bands=paid(_rate("0.03")),
            said=Modifiers(holdback=Decimal("0.2"), holdback_days=120, order=30),
            note="Three per cent of what grows over last year’s quarter",
        ),
    )
    publish(
        "Security sprint",
        replace(
            plain,
            starts_on=today - dt.timedelta(days=40),
            ends_on=today + dt.timedelta(days=20),
            form=PlanForm.FLAT,
            base=PlanBase.DEALS,
            bands=paid(Band(0, 3, Decimal(0), 150_00), Band(3, None, Decimal(0), 250_00)),
            said=Modifiers(
                families=(security.pk,) if security else (),
                campaign=True,
                shown=Shown.NAMES,
                budget=15_000_00,
                order=40,
            ),
            note="Who wins the most Security deals before it ends",
        ),
    )
    publish(
        "Quality pool",
        replace(
            plain,
            form=PlanForm.POOL,
            said=Modifiers(
                pool_rate=Decimal("0.005"), pool_by=PoolBy.POINTS, shown=Shown.ANONYMOUS, order=50
            ),
            note="Half a per cent of everybody’s revenue, divided by score",
        ),
    )
    publish(
        "Training reward",
        replace(
            plain,
            form=PlanForm.FLAT,
            base=PlanBase.ACTIVITY,
            bands=paid(Band(0, None, Decimal(0), 75_00)),
            said=Modifiers(
                activities=tuple(code for code, _name in course_choices()), period_cap=750_00, order=60
            ),
            note="For each person that completes a course",
        ),
    )
    publish(
        "Volume bonus",
        replace(
            plain,
            form=PlanForm.FLAT,
            base=PlanBase.ORDERED,
            bands=paid(Band(0, 20, Decimal(0), 0), Band(20, None, Decimal(0), 4_00)),
            said=Modifiers(order=70),
            note="For each unit delivered above twenty in a quarter",
        ),
    )


def leave_corrections(manager: Membership, owner: Membership) -> None:
    """An adjustment that waits for the admin, and a dispute of the partner's that waits for an answer."""
    rows = LedgerEntry.objects.filter(partner_id=owner.partner_id, amount__gt=0, deal__isnull=False)
    entries = list(rows.select_related("partner", "deal").order_by("-booked_on", "-id")[:2])
    if len(entries) < 2:
        return
    latest, earlier = entries
    corrections.propose_adjustment(
        latest.partner,
        amount=250_00,
        currency=latest.currency,
        reason="Installation was delivered by the partner and had been left out of the order",
        entry=latest,
        by=manager,
    )
    dispute = corrections.raise_dispute(
        earlier,
        text="The customer ordered a second licence in the same week; we think that it belongs to this deal.",
        expected=earlier.amount * 2,
        by=owner,
    )
    comments.post(dispute, "Could you send us the number of the second order?", by=manager)


def _rate(rate: str) -> Band:
    return Band(0, None, Decimal(rate))

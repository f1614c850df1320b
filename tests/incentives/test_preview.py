"""What a preview foretells is what comes of the change."""

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal

import pytest
import time_machine
from django.db.models import Sum

from incentives.ledger import simulation
from incentives.ledger.actions import post_ledger
from incentives.ledger.models import LedgerEntry
from incentives.ledger.preview import preview_plan
from incentives.plans.actions import VersionDraft, publish_version
from incentives.plans.enums import AtCap, BandMode
from incentives.plans.modifiers import Modifiers
from incentives.tiers.actions import evaluate_tiers, save_tier
from incentives.tiers.enums import Comparison, WindowKind
from incentives.tiers.models import Tier, TierStanding
from incentives.tiers.preview import preview_move, preview_tier
from incentives.tiers.requirements import Condition, Group, dump
from metrics.periods import PeriodKind
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.jobs.enums import JobState
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, won_deal
from tests.incentives.builders import bands, make_plan, make_tiers

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
STEPS = ((0, 100_00, "0.05"), (100_00, None, "0.10"))
HIGHER = ((0, 150_00, "0.06"), (150_00, None, "0.12"))


def revenue_of(amount: int) -> Condition:
    return Condition("revenue", WindowKind.QUARTER, Comparison.AT_LEAST, Decimal(amount))


def posted() -> int:
    return LedgerEntry.objects.aggregate(total=Sum("amount"))["total"] or 0


@pytest.mark.parametrize("mode", BandMode)
@pytest.mark.parametrize("period", PeriodKind)
@pytest.mark.parametrize(
    "starts_on",
    [dt.date(2026, 11, 10), dt.date(2026, 10, 1), dt.date(2026, 5, 15), dt.date(2027, 1, 1)],
)
def test_what_publishing_posts_is_what_was_shown(
    scoped: Tenant, mode: BandMode, period: PeriodKind, starts_on: dt.date
) -> None:
    (base,) = make_tiers()
    with time_machine.travel(NOW, tick=False):
        first = make_plan({base: STEPS}, mode=mode)
        for partner in (PartnerFactory(), PartnerFactory()):
            for month, day in ((2, 3), (5, 14), (5, 20), (10, 5), (11, 9), (11, 20)):
                won_deal(partner, 37_00 + day, dt.date(2026, month, day))
        post_ledger(Partner.objects.values_list("pk", flat=True))
        before = posted()
        draft = VersionDraft(starts_on, None, mode, period, 30, {base.pk: bands(*HIGHER)})
        preview = preview_plan(first.plan, draft)
        publish_version(first.plan, draft, by=None)
        post_ledger(Partner.objects.values_list("pk", flat=True), since=starts_on)
    assert posted() - before == preview.posts


def test_a_version_from_the_middle_of_a_period_says_that_the_bands_go_on(scoped: Tenant) -> None:
    (base,) = make_tiers()
    with time_machine.travel(NOW, tick=False):
        first = make_plan({base: STEPS})

        def goes_on(starts_on: dt.date) -> tuple[str, int | None] | None:
            draft = VersionDraft(
                starts_on, None, BandMode.MARGINAL, PeriodKind.QUARTER, 30, {base.pk: bands(*STEPS)}
            )
            preview = preview_plan(first.plan, draft)
            return (preview.goes_on.key, preview.replaces) if preview.goes_on else None

        assert goes_on(dt.date(2026, 11, 10)) == ("quarter:2026-10-01", 1)
        assert goes_on(dt.date(2026, 10, 1)) is None
        assert goes_on(dt.date(2026, 1, 1)) is None


def test_the_same_terms_again_post_nothing(scoped: Tenant) -> None:
    (base,) = make_tiers()
    with time_machine.travel(NOW, tick=False):
        first = make_plan({base: STEPS})
        partner = PartnerFactory()
        for day in (5, 20):
            won_deal(partner, 80_00, dt.date(2026, 10, day))
        post_ledger([partner.pk])
        draft = VersionDraft(
            dt.date(2026, 10, 10), None, BandMode.MARGINAL, PeriodKind.QUARTER, 30, {base.pk: bands(*STEPS)}
        )
        assert preview_plan(first.plan, draft).posts == 0
        publish_version(first.plan, draft, by=None)
        assert post_ledger([partner.pk]) == []


def test_what_rising_costs_and_falling_saves(scoped: Tenant) -> None:
    """At 5 and 10 per cent: who rises with 10,000 costs 500 more, who falls with 20,000 saves 1,000. A new tier is counted
    at the rates of the one below it."""
    base, silver = make_tiers(revenue_of(15_000_00))
    make_plan({base: [(0, None, "0.05")], silver: [(0, None, "0.1")]})
    with time_machine.travel(NOW, tick=False):
        for revenue in (10_000_00, 20_000_00):
            won_deal(PartnerFactory(), revenue, dt.date(2026, 10, 5))
        silver.requirements = dump(Group(items=(revenue_of(10_000_00),)))
        assert preview_tier(silver).costs == {"EUR": 500_00}
        silver.requirements = dump(Group(items=(revenue_of(30_000_00),)))
        assert preview_tier(silver).costs == {"EUR": -1_000_00}
        gold = Tier(name="Gold", requirements=dump(Group(items=(revenue_of(5_000_00),))))
        preview = preview_tier(gold)
        assert (preview.up, preview.costs) == (2, {"EUR": 500_00})
        assert preview_move(silver, up=True).changes == []


@pytest.mark.parametrize("threshold", [5_000, 15_000, 25_000])
def test_the_tiers_that_partners_reach_are_those_shown(
    scoped: Tenant, admin: Membership, threshold: int
) -> None:
    _base, silver = make_tiers(revenue_of(15_000))
    with time_machine.travel(NOW, tick=False):
        for revenue in (4_000, 6_000, 16_000, 30_000):
            won_deal(PartnerFactory(), revenue, dt.date(2026, 10, 5))
        evaluate_tiers()
        silver.requirements = dump(Group(items=(revenue_of(threshold),)))
        preview = preview_tier(silver)
        save_tier(silver, by=admin)
        evaluate_tiers()
    reached = {row.tier.pk: row.after for row in preview.reached}
    counted = {tier_id: TierStanding.objects.filter(reached_tier=tier_id).count() for tier_id in reached}
    assert counted == reached
    assert sum(reached.values()) == 4


@pytest.mark.parametrize(
    ("said", "steps"),
    [(Modifiers(registered_amount=5_00), 3), (Modifiers(budget=10_00, at_cap=AtCap.PRO_RATA), 1)],
)
def test_a_large_programme_is_simulated_by_a_job_that_finds_the_same(
    tenant: Tenant, admin: Membership, monkeypatch: pytest.MonkeyPatch, said: Modifiers, steps: int
) -> None:
    """Some partners at a time, or all at once where they share a budget; asked again, it is the same job."""
    monkeypatch.setattr(simulation, "PARTNERS_AT_ONCE", 2)
    monkeypatch.setattr(simulation, "STEP", 1)
    with time_machine.travel(NOW, tick=False), tenant_scope(tenant.pk):
        (base,) = make_tiers()
        plan = make_plan({base: STEPS}).plan
        for number in range(3):
            won_deal(PartnerFactory(), 90_00 + number, dt.date(2026, 11, 9), status="won")
        draft = VersionDraft(
            dt.date(2026, 11, 1), None, BandMode.WHOLE, PeriodKind.QUARTER, 30, {base.pk: bands(*HIGHER)}
        )
        draft = replace(draft, said=said)
        assert simulation.load_draft(json.loads(json.dumps(simulation.dump_draft(draft)))) == draft
        expected = preview_plan(plan, draft)
        assert expected.difference
        job = simulation.preview_or_job(plan, draft, "typed", by=admin)
        assert simulation.preview_or_job(plan, draft, "typed", by=admin) == job
        assert simulation.preview_or_job(plan, draft, "typed otherwise", by=admin) != job
        total = 0
        while simulation.simulate_chunk(job):
            total += 1
            job.refresh_from_db()
        assert (total, job.done, job.state) == (steps, 3, JobState.DONE)
        found = simulation.preview_or_job(plan, draft, "typed", by=admin)
        assert (found.posts, found.goes_on, found.others) == (
            expected.posts,
            expected.goes_on,
            expected.others,
        )
        assert sorted((row.partner.pk, row.now, row.then) for row in found.rows) == sorted(
            (row.partner.pk, row.now, row.then) for row in expected.rows
        )

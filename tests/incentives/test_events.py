"""From a won deal to tier and ledger, through the dispatcher; and what the home pages cost."""

import datetime as dt
import time
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F

from incentives import consumers, panels, refresh
from incentives.example import create_example_programme
from incentives.ledger import setwise
from incentives.ledger.actions import post_ledger
from incentives.models import LedgerEntry, TierProposal, TierStanding
from incentives.tiers.actions import evaluate_tiers
from metrics.actions import recompute_dirty
from metrics.periods import calendar_of
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.events.record import record
from portal.jobs import runner
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, TenantFactory, won_deal

BUDGETS = [
    (panels.partner_earnings, "partner_owner", 3),
    (panels.partner_tier, "partner_owner", 2),
    (panels.manager_tiers, "manager", 3),
    (panels.admin_programme, "admin", 4),
]


@pytest.mark.django_db(transaction=True)
def test_a_won_deal_changes_tier_and_earnings_by_events_alone() -> None:
    tenant = TenantFactory()
    with tenant_scope(tenant.pk):
        create_example_programme(by=None)
        partner = PartnerFactory()
    dispatch_pending(tenant.pk)
    with tenant_scope(tenant.pk):
        deal = won_deal(partner, 120_000_00, calendar_of(tenant).today())
        record("deal.won", subject=deal, partner_id=partner.pk)
    dispatch_pending(tenant.pk)
    with tenant_scope(tenant.pk):
        assert LedgerEntry.objects.get().deal == deal
    with tenant_scope(tenant.pk):
        recompute_dirty()
    for _round in range(2):
        dispatch_pending(tenant.pk)
    with tenant_scope(tenant.pk):
        assert TierStanding.objects.get(partner=partner).reached_tier.name == "Silver"
        assert TierProposal.objects.get().to_tier.name == "Silver"
        assert LedgerEntry.objects.count() == 1


def test_a_run_over_the_whole_programme_is_evaluated_by_one_job(
    scoped: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "AT_ONCE", 2)
    monkeypatch.setattr(refresh, "AT_ONCE", 2)
    create_example_programme(by=None)
    partners = PartnerFactory.create_batch(3)
    event = Event(type="scorecards.updated", data={"partners": [str(partner.pk) for partner in partners]})
    for _again in range(2):
        consumers.evaluate([event])
    assert not TierStanding.objects.exists()
    job = Job.objects.get(kind=refresh.JOB_KIND)
    assert runner.run_inline(job).state == JobState.DONE
    assert TierStanding.objects.count() == 3


@pytest.mark.parametrize(("panel", "who", "budget"), BUDGETS)
def test_a_panel_keeps_its_query_budget(
    panel: Callable, who: str, budget: int, scoped: Tenant, request: pytest.FixtureRequest
) -> None:
    member: Membership = request.getfixturevalue(who)
    member.tenant = scoped  # as the middleware has it
    create_example_programme(by=None)
    today = calendar_of(scoped).today()
    own = Partner.objects.filter(pk=member.partner_id).first() or PartnerFactory()
    counts = []
    for _round in range(2):
        won_deal(own, 90_000_00, today)
        won_deal(PartnerFactory(manager=member if member.is_manager else None), 90_000_00, today)
        post_ledger(Partner.objects.values_list("pk", flat=True))
        evaluate_tiers()
        statements: list[str] = []

        def count(execute: Callable, sql: str, *args: object, seen: list[str] = statements) -> object:
            seen.append(sql)
            return execute(sql, *args)

        with connection.execute_wrapper(count):
            panel(member)
        counts.append(len(statements))
    assert max(counts) <= budget


@pytest.mark.parametrize(("many", "seconds"), [(1_000, 8), (35, 1)])
def test_thousands_of_deals_are_posted_within_seconds(
    scoped: Tenant, monkeypatch: pytest.MonkeyPatch, many: int, seconds: int
) -> None:
    """One by one by the calculation, and at once by the database."""
    monkeypatch.setattr(setwise, "MANY", many)
    create_example_programme(by=None, starts_on=dt.date(2016, 1, 1))
    partners = [PartnerFactory() for _number in range(35)]
    first = won_deal(partners[0], 100_00, dt.date(2016, 10, 1))
    Deal.objects.bulk_create(
        Deal(
            number=f"X-{number}",
            partner=partners[number % 35],
            origin="imported",
            stage="won",
            currency="EUR",
            rate=Decimal(1),
            revenue=1_000_00 + number,
            revenue_base=1_000_00 + number,
            closed_on=first.closed_on + dt.timedelta(days=number % 400),
        )
        for number in range(4_200)
    )
    start = time.process_time()
    post_ledger([partner.pk for partner in partners])
    assert LedgerEntry.objects.count() == 4_201
    assert time.process_time() - start < seconds


def test_one_partner_with_many_deals_is_posted_in_steps_of_whole_periods(
    scoped: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve deals in each of four quarters, five deals to a step: the same ledger as in one go."""
    monkeypatch.setattr(refresh, "DEALS", 10)
    monkeypatch.setattr(refresh, "POSTS", 5)
    create_example_programme(by=None, starts_on=dt.date(2025, 1, 1))
    partner, idle = PartnerFactory(), PartnerFactory()
    for number in range(48):
        won_deal(partner, 1_000_00 + number, dt.date(2025, 1 + 3 * (number % 4), 10))
    refresh.post_earnings_of([partner.pk], since=dt.date(2025, 1, 1))
    assert not LedgerEntry.objects.exists()
    job = Job.objects.get(kind=refresh.JOB_KIND)
    assert runner.run_inline(job).state == JobState.DONE
    rows = LedgerEntry.objects.filter(partner=partner)
    assert (rows.count(), rows.filter(booked_on=F("occurred_on")).count()) == (48, 48)
    assert not LedgerEntry.objects.filter(partner=idle).exists()
    assert post_ledger([partner.pk, idle.pk]) == []

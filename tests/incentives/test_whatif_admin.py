"""What admins suppose of rates and thresholds is what comes of it once it is true, to the cent."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
import time_machine
from django.db import transaction
from django.db.models import Sum
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from incentives.ledger import simulation
from incentives.ledger.actions import post_collective, post_ledger
from incentives.ledger.models import LedgerEntry
from incentives.ledger.preview import preview_plan
from incentives.models import Tier, TierStanding
from incentives.plans.actions import publish_version
from incentives.plans.enums import BandMode
from incentives.plans.modifiers import Modifiers
from incentives.plans.queries import version_in_force_or_next
from incentives.tiers.actions import Move, assign_tiers, evaluate_tiers, save_tier
from incentives.tiers.enums import Comparison, WindowKind
from incentives.tiers.preview import preview_ladder
from incentives.tiers.requirements import Condition
from incentives.whatif.forms import ThresholdsForm
from incentives.whatif.views import changed
from metrics.periods import PeriodKind
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.jobs.runner import run_inline
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, won_deal
from tests.incentives.builders import make_plan, make_tiers

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
# The last four quarters on that day.
YEAR, TODAY = dt.date(2026, 1, 1), dt.date(2026, 11, 24)
STEPS = ((0, 100_00, "0.05"), (100_00, 250_00, "0.0725"), (250_00, None, "0.10"))
HIGHER = ((0, 150_00, "0.08"), (150_00, None, "0.15"))
SAID = [
    Modifiers(),
    Modifiers(deal_cap=9_00, registered_amount=1_50),
    Modifiers(period_cap=20_00),
    Modifiers(partner_cap=35_00, min_deal=20_00),
    Modifiers(holdback=Decimal("0.2"), holdback_days=90),
    Modifiers(budget=60_00),
]
DEALS = st.lists(
    st.tuples(st.integers(0, 2), st.dates(YEAR, TODAY), st.integers(1, 300_00), st.booleans()),
    min_size=1,
    max_size=10,
)
some_examples = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def post() -> None:
    post_ledger(Partner.objects.values_list("pk", flat=True))
    post_collective()


def posted() -> dict[object, int]:
    """What the ledger holds for each partner in the last four quarters."""
    rows = LedgerEntry.objects.filter(occurred_on__gte=YEAR).order_by()
    return dict(rows.values_list("partner_id").annotate(Sum("amount")))


@some_examples
@given(
    deals=DEALS,
    mode=st.sampled_from([BandMode.MARGINAL, BandMode.WHOLE]),
    kind=st.sampled_from(list(PeriodKind)),
    said=st.sampled_from(SAID),
    rates=st.integers(0, 300),
    limits=st.integers(20, 300),
)
def test_other_rates_come_to_what_is_posted_once_they_are_published(
    scoped: Tenant,
    deals: list[tuple[int, dt.date, int, bool]],
    mode: BandMode,
    kind: PeriodKind,
    said: Modifiers,
    rates: int,
    limits: int,
) -> None:
    with time_machine.travel(NOW, tick=False), transaction.atomic():
        base, silver = list(Tier.objects.order_by("rank")) or make_tiers(None)
        plan = make_plan({base: STEPS, silver: HIGHER}, mode=mode, period=kind, said=said).plan
        partners = [PartnerFactory() for _number in range(3)]
        assign_tiers([Move(partners[0], silver, dt.date(2026, 5, 5))])
        for whose, day, revenue, registered in deals:
            won_deal(partners[whose], revenue, day, status="won" if registered else "")
        post()
        version = version_in_force_or_next(plan)
        assert version is not None
        # Nothing changed: both are the real figures.
        same = preview_plan(plan, changed(version, Decimal(1), Decimal(1)))
        real = posted()
        assert {row.partner.pk: row.now for row in same.rows if row.now} == real
        assert [row.then for row in same.rows] == [row.now for row in same.rows]
        assert (same.difference, same.posts) == (0, 0)
        other = changed(version, Decimal(rates) / 100, Decimal(limits) / 100)
        supposed = preview_plan(plan, other)
        assert {row.partner.pk: row.now for row in supposed.rows if row.now} == real
        publish_version(plan, replace(other, starts_on=YEAR), by=None)
        post()
        assert {row.partner.pk: row.then for row in supposed.rows if row.then} == {
            pk: amount for pk, amount in posted().items() if amount
        }
        transaction.set_rollback(True)


@some_examples
@given(
    deals=DEALS,
    asked=st.tuples(st.integers(1, 400), st.integers(1, 600)),
    tried=st.tuples(st.integers(1, 400), st.integers(1, 600)),
)
def test_other_thresholds_come_to_the_tiers_and_the_money_of_partners_that_hold_them(
    scoped: Tenant,
    admin: Membership,
    deals: list[tuple[int, dt.date, int, bool]],
    asked: tuple[int, int],
    tried: tuple[int, int],
) -> None:
    with time_machine.travel(NOW, tick=False), transaction.atomic():
        window = WindowKind.PROGRAMME_YEAR
        asks = [Condition("revenue", window, Comparison.AT_LEAST, Decimal(n * 100)) for n in asked]
        base, silver, gold = make_tiers(*asks)
        make_plan({base: STEPS, silver: HIGHER, gold: ((0, None, "0.2"),)})
        partners = [PartnerFactory() for _number in range(3)]
        for whose, day, revenue, _registered in deals:
            won_deal(partners[whose], revenue, day)
        ladder = [base, silver, gold]
        evaluate_tiers()
        before = dict(TierStanding.objects.values_list("partner_id", "reached_tier_id"))
        # Nothing typed changes nothing; nor does what stands there.
        fields = ThresholdsForm(None, ladder=ladder, currency="EUR").asked
        for typed in ({}, dict.fromkeys(fields, "")):
            same = preview_ladder(ThresholdsForm(typed, ladder=ladder, currency="EUR").drafted(), ladder)
            assert (same.changes, same.costs) == ([], {})
            assert {row.tier.pk: row.after for row in same.reached} == {
                tier.pk: list(before.values()).count(tier.pk) for tier in ladder
            }
        names = [f"reach-{tier.pk}-0" for tier in (silver, gold)]
        form = ThresholdsForm(dict(zip(names, map(str, tried), strict=True)), ladder=ladder, currency="EUR")
        drafted = form.drafted()
        assert not form.errors
        supposed = preview_ladder(drafted, ladder)

        def earned_in(tiers: dict[object, object]) -> int:
            """What is posted to partners that held these tiers all the time."""
            known = {tier.pk: tier for tier in ladder}
            assign_tiers([Move(p, known[tiers[p.pk]], YEAR) for p in partners])
            post()
            return sum(posted().values())

        as_it_is = earned_in(before)
        for tier in drafted[1:]:
            save_tier(tier, by=admin)
        evaluate_tiers()
        after = dict(TierStanding.objects.values_list("partner_id", "reached_tier_id"))
        assert {row.partner.pk: row.after.pk for row in supposed.changes} == {
            pk: tier for pk, tier in after.items() if tier != before[pk]
        }
        assert supposed.costs.get("EUR", 0) == earned_in(after) - as_it_is
        transaction.set_rollback(True)


def test_in_a_large_programme_other_rates_are_worked_out_by_a_job(
    tenant: Tenant,
    admin: Membership,
    client_as: Callable[[Membership], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody waits for a page that reads a million deals; asked again with the same, there is the answer."""
    monkeypatch.setattr(simulation, "PARTNERS_AT_ONCE", 1)
    with tenant_scope(tenant.pk), time_machine.travel(NOW, tick=False):
        (base,) = make_tiers()
        plan = make_plan({base: ((0, None, "0.10"),)}).plan
        for _number in range(3):
            won_deal(PartnerFactory(), 100_00, TODAY)
    client, address = client_as(admin), reverse("incentives:what_if_rates", args=("acme",))
    asked = {"plan": plan.pk, "rates": "150", "limits": "100"}
    with time_machine.travel(NOW, tick=False):
        first = client.get(address, asked)
        assert first.context["preview"] is None
        assert "being simulated" in first.content.decode()
        job = first.context["job"]
        if not job.has_ended:
            run_inline(job)
        preview = client.get(address, asked).context["preview"]
    assert (preview.now, preview.then) == (30_00, 45_00)

"""Every form, base, mode and modifier of a plan, by hand-worked examples through the functions that post."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentives.ledger.amounts import Inputs, amount_of
from incentives.ledger.calculation import Audience, Line, WonDeal, budgeted, calculate
from incentives.ledger.enums import Nothing, Part
from incentives.ledger.postings import Key, Posted, differences
from incentives.plans.bands import Band, BandError, check_bands
from incentives.plans.enums import AtCap, BandMode, Baseline, PlanBase, PlanForm, Source
from incentives.plans.modifiers import ModifierError, Modifiers, check_modifiers, dump, load
from incentives.plans.terms import Terms
from metrics.periods import PeriodKind
from portal.money import divide
from tests.incentives.builders import BASE, CALENDAR, audience, bands, terms, won

DAY = dt.date(2026, 3, 11)
FAMILY, OTHER = UUID(int=61), UUID(int=62)
FIVE = {BASE: bands((0, None, "0.05"))}


def lines(deals: list[WonDeal], *versions: Terms, who: Audience | None = None) -> list[Line]:
    found = calculate(deals, who or audience(), versions, CALENDAR)
    for line in found:
        # Whatever was paid can be computed again from what is kept with it.
        if line.terms is not None and line.inputs is not None:
            assert amount_of(line.terms, line.tier_id, line.inputs).amount == line.amount
    return found


def amounts(deals: list[WonDeal], *versions: Terms) -> list[int]:
    return [line.amount for line in lines(deals, *versions)]


def steps(*rows: tuple[int, int | None, int]) -> tuple[Band, ...]:
    return tuple(Band(start, end, Decimal(0), amount) for start, end, amount in rows)


def plan(said: Modifiers | None = None, rates: dict | None = None, **fields: object) -> Terms:
    return terms(rates or FIVE, said=said or Modifiers(), **fields)


class TestTheTableOfTheDomain:
    @pytest.mark.parametrize(("base", "expected"), [(60_00, 3_00), (200_00, 15_00)])
    def test_marginal_5_up_to_100_then_10_up_to_350(self, base: int, expected: int) -> None:
        rates = {BASE: bands((0, 100_00, "0.05"), (100_00, 350_00, "0.10"))}
        assert amounts([won(1, DAY, base)], plan(rates=rates)) == [expected]

    def test_marginal_10_up_to_10000_then_20(self) -> None:
        rates = {BASE: bands((0, 10_000_00, "0.10"), (10_000_00, None, "0.20"))}
        assert amounts([won(1, DAY, 15_000_00)], plan(rates=rates)) == [2_000_00]

    def test_whole_2_and_a_half_percent_of_5_400_000(self) -> None:
        rates = {BASE: bands((0, None, "0.025"))}
        assert amounts([won(1, DAY, 5_400_000_00)], plan(rates=rates, mode=BandMode.WHOLE)) == [135_000_00]

    @pytest.mark.parametrize("mode", [BandMode.MARGINAL, BandMode.WHOLE])
    def test_one_and_a_half_times_above_a_quota(self, mode: BandMode) -> None:
        """Quota 500,000 for 100,000 variable, so 20%; the 150,000 above it are paid at 30%."""
        said = Modifiers(quota=500_000_00, accelerator=Decimal("1.5"))
        found = amounts(
            [won(1, DAY, 300_000_00), won(2, DAY, 350_000_00)],
            plan(said, {BASE: bands((0, None, "0.20"))}, mode=mode),
        )
        assert sum(found) == 145_000_00

    @pytest.mark.parametrize(("total", "expected"), [(110_000_00, 1_000_00), (90_000_00, 0)])
    def test_a_target_pays_a_fixed_amount(self, total: int, expected: int) -> None:
        rates = {BASE: steps((0, 100_000_00, 0), (100_000_00, None, 1_000_00))}
        halves = [won(1, DAY, total // 2), won(2, DAY, total // 2)]
        found = lines(halves, plan(rates=rates, form=PlanForm.FLAT))
        assert sum(line.amount for line in found) == expected
        assert found[0].nothing == Nothing.NOT_REACHED

    @pytest.mark.parametrize(("revenue", "expected"), [(2, 0), (3, 1)])
    def test_cents_are_rounded_half_up_at_the_entry(self, revenue: int, expected: int) -> None:
        assert amounts([won(1, DAY, revenue)], plan(rates={BASE: bands((0, None, "0.20"))})) == [expected]


class TestBases:
    def test_margin_is_revenue_less_cost_and_unknown_without_one(self) -> None:
        deals = [replace(won(1, DAY, 100_00), cost=60_00), won(2, DAY, 100_00)]
        found = lines(deals, plan(base=PlanBase.MARGIN))
        assert {line.deal_id: line.amount for line in found} == {deals[0].id: 2_00, deals[1].id: 0}
        assert {line.nothing for line in found} == {None, Nothing.NO_BASE}

    def test_growth_over_the_same_quarter_of_the_year_before(self) -> None:
        deals = [won(1, dt.date(2025, 2, 1), 100_00), won(2, DAY, 80_00), won(3, DAY, 60_00)]
        version = plan(base=PlanBase.GROWTH, start=dt.date(2025, 1, 1))
        by_deal = {line.deal_id: line.amount for line in lines(deals, version)}
        assert (by_deal[deals[1].id], by_deal[deals[2].id]) == (0, 2_00)

    def test_mode_growth_pays_the_rate_reached_on_what_exceeds_the_baseline(self) -> None:
        said = Modifiers(baseline=Baseline.FIXED, baseline_amount=100_00)
        rates = {BASE: bands((0, 200_00, "0.05"), (200_00, None, "0.10"))}
        assert amounts([won(1, DAY, 150_00)], plan(said, rates, mode=BandMode.GROWTH)) == [2_50]
        assert amounts([won(1, DAY, 250_00)], plan(said, rates, mode=BandMode.GROWTH)) == [15_00]

    def test_units_and_deals_are_paid_by_the_piece(self) -> None:
        rates = {BASE: steps((0, 3, 5_00), (3, None, 8_00))}
        deals = [replace(won(1, DAY, 9_00), units=2), replace(won(2, DAY, 9_00), units=4)]
        assert amounts(deals, plan(rates=rates, form=PlanForm.FLAT, base=PlanBase.UNITS)) == [10_00, 29_00]
        assert amounts(deals, plan(rates=rates, form=PlanForm.FLAT, base=PlanBase.DEALS)) == [5_00, 5_00]
        whole = plan(rates=rates, form=PlanForm.FLAT, base=PlanBase.UNITS, mode=BandMode.WHOLE)
        assert amounts(deals, whole) == [16_00, 32_00]

    def test_activities_are_paid_and_deals_do_not_concern_the_plan(self) -> None:
        version = plan(
            Modifiers(activities=("course:1",)),
            {BASE: steps((0, None, 250_00))},
            form=PlanForm.FLAT,
            base=PlanBase.ACTIVITY,
        )
        course = WonDeal(UUID(int=5), DAY, None, activity="course:1", label="Basics", source=Source.ACTIVITY)
        other = WonDeal(UUID(int=6), DAY, None, activity="course:2", source=Source.ACTIVITY)
        found = {line.deal_id: line for line in lines([course, other, won(1, DAY, 50_00)], version)}
        assert found[course.id].amount == 250_00
        assert found[other.id].nothing == Nothing.ACTIVITY
        assert found[won(1, DAY, 1).id].nothing == Nothing.NO_PLAN

    def test_delivered_orders_are_paid_by_the_piece_and_deals_do_not_concern_the_plan(self) -> None:
        version = plan(
            rates={BASE: steps((0, 10, 0), (10, None, 2_00))}, form=PlanForm.FLAT, base=PlanBase.ORDERED
        )
        orders = [
            WonDeal(UUID(int=5 + number), DAY, None, units=units, source=Source.ORDER)
            for number, units in enumerate([7, 5, 0])
        ]
        found = {line.deal_id: line for line in lines([*orders, won(1, DAY, 50_00)], version)}
        assert [found[order.id].amount for order in orders] == [0, 4_00, 0]
        assert found[orders[2].id].nothing == Nothing.NO_BASE
        assert found[won(1, DAY, 1).id].nothing == Nothing.NO_PLAN


class TestModifiers:
    def test_floors(self) -> None:
        deals = [won(1, DAY, 40_00), won(2, DAY, 100_00)]
        small, large = lines(deals, plan(Modifiers(min_deal=50_00)))
        assert (small.nothing, large.amount, large.total) == (Nothing.BELOW_DEAL, 5_00, 100_00)
        assert [line.nothing for line in lines(deals, plan(Modifiers(min_period=140_01)))] == [
            Nothing.BELOW_PERIOD
        ] * 2
        assert amounts(deals, plan(Modifiers(min_period=140_00))) == [2_00, 5_00]

    def test_a_cap_for_one_deal(self) -> None:
        assert amounts([won(1, DAY, 100_00)], plan(Modifiers(deal_cap=3_00))) == [3_00]

    @pytest.mark.parametrize(
        ("how", "expected"), [(AtCap.STOP, [5_00, 2_00, 0]), (AtCap.PRO_RATA, [2_33, 2_34, 2_33])]
    )
    def test_a_cap_for_the_period(self, how: AtCap, expected: list[int]) -> None:
        deals = [won(number, DAY, 100_00) for number in (1, 2, 3)]
        assert amounts(deals, plan(Modifiers(period_cap=7_00, at_cap=how))) == expected

    def test_a_cap_for_the_partners_year_goes_over_its_quarters(self) -> None:
        deals = [won(1, dt.date(2026, 2, 1), 100_00), won(2, dt.date(2026, 5, 1), 100_00)]
        next_year = won(3, dt.date(2027, 2, 1), 100_00)
        found = lines([*deals, next_year], plan(Modifiers(partner_cap=7_00)))
        assert [line.amount for line in found] == [5_00, 2_00, 5_00]
        assert lines([*deals, won(4, dt.date(2026, 6, 1), 1_00)], plan(Modifiers(partner_cap=7_00)))[
            -1
        ].nothing == (Nothing.CAP_REACHED)

    def test_a_budget_is_shared_by_all_partners_in_the_order_of_their_deals(self) -> None:
        version = plan(Modifiers(budget=8_00))
        one = lines([won(1, DAY, 100_00)], version)
        two = lines([won(2, dt.date(2026, 2, 1), 100_00)], version)
        assert [line.amount for line in budgeted([*one, *two], CALENDAR)] == [5_00, 3_00]
        assert [line.amount for line in budgeted([*two, *one], CALENDAR)] == [5_00, 3_00]

    def test_a_registered_deal_earns_more(self) -> None:
        said = Modifiers(registered_rate=Decimal("0.02"), registered_amount=10_00)
        deals = [won(1, DAY, 100_00), replace(won(2, DAY, 100_00), registered=True)]
        assert amounts(deals, plan(said)) == [5_00, 17_00]

    def test_a_deal_that_several_sell_is_paid_once_to_the_cent(self) -> None:
        whole = won(1, DAY, 333_33)
        holder = replace(whole, own=((0, 1), (34, 100)))
        guest = replace(whole, own=((1, 34),), guest=True)
        version = plan(Modifiers(shared=True))
        bases = [lines([deal], version)[0].base for deal in (holder, guest)]
        assert sum(bases) == 333_33
        assert lines([guest], plan()) == []
        assert lines([holder], plan())[0].base == 333_33

    def test_what_is_held_back_is_payable_later_and_adds_up(self) -> None:
        (line,) = lines([won(1, DAY, 100_10)], plan(Modifiers(holdback=Decimal("0.2"), holdback_days=90)))
        parts = differences([line], {})
        assert [(row.key.part, row.amount) for row in parts] == [(Part.MAIN, 4_01), (Part.HOLDBACK, 1_00)]
        assert [(row.payable_on - DAY).days for row in parts] == [30, 90]

    def test_a_plan_is_for_its_products(self) -> None:
        version = plan(Modifiers(families=(FAMILY,)))
        inside, outside = (
            replace(won(number, DAY, 100_00), family=key) for number, key in ((1, FAMILY), (2, OTHER))
        )
        found = {line.deal_id: line for line in lines([inside, outside], version)}
        assert found[inside.id].amount == 5_00
        assert found[outside.id].nothing == Nothing.PRODUCT

    def test_of_two_plans_that_do_not_go_together_the_first_in_order_pays(self) -> None:
        first = plan(Modifiers(order=1))
        second = replace(plan(Modifiers(order=2, excludes=(first.plan_id,)), version=9), plan_id=UUID(int=22))
        earned, excluded = lines([won(1, DAY, 100_00)], second, first)
        assert (earned.terms, earned.amount) == (first, 5_00)
        assert excluded.nothing == Nothing.OTHER_PLAN
        # Said on one side it holds for both, and without it both pay.
        turned = replace(second, said=Modifiers(order=0, excludes=(first.plan_id,)))
        assert [line.amount for line in lines([won(1, DAY, 100_00)], turned, first)] == [5_00, 0]
        alone = replace(second, said=Modifiers(order=2))
        assert [line.amount for line in lines([won(1, DAY, 100_00)], alone, first)] == [5_00, 5_00]

    @pytest.mark.parametrize(("served", "share"), [(0, "1"), (30, "1"), (31, "0.5"), (90, "0.5"), (91, "0")])
    def test_clawback_by_time_served(self, served: int, share: str) -> None:
        assert Modifiers(clawback_full_days=30, clawback_half_days=90).clawback_share(served) == Decimal(
            share
        )
        assert Modifiers().clawback_share(served) == 1


def test_what_stays_by_time_served_is_not_taken_back_again() -> None:
    key = Key(UUID(int=1), UUID(int=2), DAY)
    kept = Posted(50_00, 2, DAY, keeps=50_00)
    assert differences([], {key: kept}) == []
    assert [row.amount for row in differences([], {key: replace(kept, keeps=None)})] == [-50_00]


@given(
    pool=st.integers(0, 10**12),
    weights=st.dictionaries(st.uuids(), st.integers(0, 10**9), max_size=30),
)
def test_shares_of_a_pool_add_up_to_it_to_the_cent(pool: int, weights: dict[UUID, int]) -> None:
    shares = divide(pool, weights)
    total = sum(weights.values())
    assert sum(shares.values()) == (pool if total else 0)
    assert all(abs(share * total - pool * weights[key]) < total for key, share in shares.items() if total)


revenues = st.lists(st.integers(1, 10**7), min_size=1, max_size=12)
edges = st.lists(st.integers(1, 10**7), unique=True, max_size=3).map(sorted)


@given(revenues=revenues, edges=edges, rates=st.lists(st.integers(0, 50), min_size=4, max_size=4))
def test_marginal_is_continuous_and_monotone(revenues: list[int], edges: list[int], rates: list[int]) -> None:
    starts, ends = (0, *edges), (*edges, None)
    table = {BASE: bands(*((a, b, f"0.{r:02d}") for a, b, r in zip(starts, ends, rates, strict=False)))}
    version, total = plan(rates=table), sum(revenues)

    def paid(amount: int) -> int:
        return amounts([won(1, DAY, amount)], version)[0]

    # A cent more of revenue never pays less, and at most its own rate and the rounding more.
    assert 0 <= paid(total + 1) - paid(total) <= 1
    # Cut into deals it pays the same, but for the rounding of each.
    assert abs(sum(amounts([won(n, DAY, r) for n, r in enumerate(revenues)], version)) - paid(total)) <= len(
        revenues
    )


@given(revenues=revenues, rate=st.integers(0, 100))
def test_whole_and_marginal_agree_on_one_band(revenues: list[int], rate: int) -> None:
    table = {BASE: (Band(0, None, Decimal(rate) / 100),)}
    deals = [won(number, DAY, revenue) for number, revenue in enumerate(revenues)]
    assert amounts(deals, plan(rates=table)) == amounts(deals, plan(rates=table, mode=BandMode.WHOLE))


@given(
    revenues=revenues,
    how=st.sampled_from(AtCap),
    caps=st.tuples(*[st.none() | st.integers(0, 10**6)] * 3),
)
def test_caps_hold_to_the_cent_and_are_used_up(
    revenues: list[int], how: AtCap, caps: tuple[int | None, int | None, int | None]
) -> None:
    period, partner, budget = caps
    version = plan(Modifiers(period_cap=period, partner_cap=partner, budget=budget, at_cap=how))
    deals = [won(number, DAY, revenue) for number, revenue in enumerate(revenues)]
    free = sum(amounts(deals, plan()))
    capped = budgeted(lines(deals, version), CALENDAR)
    assert all(line.amount >= 0 for line in capped)
    assert sum(line.amount for line in capped) == min([free, *(cap for cap in caps if cap is not None)])
    for line in capped:
        assert amount_of(line.terms, line.tier_id, line.inputs).amount == line.amount


class TestWhatFitsTogether:
    @pytest.mark.parametrize(
        ("field", "form", "base", "mode", "said"),
        [
            ("form", PlanForm.RATE, PlanBase.DEALS, BandMode.MARGINAL, {}),
            ("mode", PlanForm.FLAT, PlanBase.REVENUE, BandMode.GROWTH, {}),
            ("pool_amount", PlanForm.POOL, PlanBase.REVENUE, BandMode.MARGINAL, {}),
            ("accelerator", PlanForm.RATE, PlanBase.REVENUE, BandMode.MARGINAL, {"quota": 5}),
            (
                "holdback_days",
                PlanForm.RATE,
                PlanBase.REVENUE,
                BandMode.MARGINAL,
                {"holdback": Decimal("0.1")},
            ),
            (
                "clawback_half_days",
                PlanForm.RATE,
                PlanBase.REVENUE,
                BandMode.MARGINAL,
                {"clawback_half_days": 9},
            ),
            ("base", PlanForm.FLAT, PlanBase.ACTIVITY, BandMode.MARGINAL, {"shared": True}),
        ],
    )
    def test_what_does_not_fit_is_refused_at_its_field(
        self, field: str, form: PlanForm, base: PlanBase, mode: BandMode, said: dict
    ) -> None:
        with pytest.raises(ModifierError) as refused:
            check_modifiers(form, base, mode, Modifiers(**said))
        assert refused.value.field == field

    def test_a_fixed_amount_does_not_fall_where_more_is_reached(self) -> None:
        with pytest.raises(BandError):
            check_bands(steps((0, 5, 2), (5, None, 1)), BandMode.MARGINAL, PlanForm.FLAT)
        check_bands(steps((0, 5, 2), (5, None, 1)), BandMode.MARGINAL, PlanForm.FLAT, PlanBase.UNITS)

    def test_modifiers_come_back_from_json_as_they_went(self) -> None:
        said = Modifiers(
            families=(FAMILY,),
            budget=5,
            at_cap=AtCap.PRO_RATA,
            accelerator=Decimal("1.5"),
            quota=9,
            shared=True,
            excludes=(OTHER,),
        )
        assert load(dump(said)) == said
        assert dump(Modifiers()) == {}


def test_the_same_inputs_give_the_same_cents_years_later() -> None:
    version = plan(Modifiers(period_cap=7_00), period=PeriodKind.QUARTER)
    for line in lines([won(number, DAY, 100_00) for number in (1, 2, 3)], version):
        kept = Inputs.load(line.inputs.dump())
        assert amount_of(version, line.tier_id, kept).amount == line.amount

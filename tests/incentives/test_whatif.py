"""What if: beside the real figures, by the functions that compute them."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from incentives.models import LedgerEntry, ManualCheck, TierStanding
from incentives.tiers.actions import evaluate_tiers
from incentives.tiers.enums import Comparison, Join, WindowKind
from incentives.tiers.measures import check_code
from incentives.tiers.requirements import SCORE, Condition, Group
from incentives.whatif.outcome import Idea, Situation, Wish, _in_steps, outlook, outlook_of, situation
from metrics.actions import publish_template, recompute_everything, recompute_periods
from metrics.display import format_score
from metrics.models import Scorecard, ScorecardTemplate
from metrics.periods import PeriodKind, calendar_of
from metrics.publishing import ensure_default_template
from metrics.queries import partner_cards
from metrics.readings.models import MetricDefinition, Reading
from partners.directory.models import Partner
from partners.training.models import Completion
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant, current_tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member, won_deal
from tests.incentives.builders import make_plan, make_tiers
from tests.partners.training.builders import a_course

SignIn = Callable[[Membership], Client]
TODAY = dt.date(2026, 11, 20)
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
QUARTER = WindowKind.QUARTER


def asks(measure: str, threshold: object, window: WindowKind = QUARTER) -> Condition:
    return Condition(measure, window, Comparison.AT_LEAST, Decimal(str(threshold)))


def computed(partner: Partner) -> Scorecard:
    """The partner's scorecard of the quarter, as the portal computes it from the records."""
    recompute_periods([calendar_of(current_tenant()).current(PeriodKind.QUARTER, TODAY)], TODAY)
    return partner_cards().get(partner=partner, period_kind=PeriodKind.QUARTER)


@pytest.mark.usefixtures("scoped")
class TestScore:
    @time_machine.travel(NOW, tick=False)
    @pytest.mark.parametrize("others", [0, 3])
    def test_as_it_is_is_the_scorecards_score(self, scoped: Tenant, others: int) -> None:
        ensure_default_template(scoped)
        partner = PartnerFactory()
        won_deal(partner, 30_000_00, TODAY)
        for number in range(others):
            won_deal(PartnerFactory(), number * 10_000_00, TODAY)
        card = computed(partner)
        found = outlook(partner.pk, Wish())
        assert card.score is not None
        assert Decimal(str(found.now.score)) == card.score
        assert found.then.score == found.now.score

    @time_machine.travel(NOW, tick=False)
    def test_a_partner_without_any_record_is_scored_as_its_scorecard_is(self, scoped: Tenant) -> None:
        """It once came out as no number at all, as the facts were missing."""
        ensure_default_template(scoped)
        make_tiers(asks(SCORE, 50))
        partner = PartnerFactory()
        assert outlook(partner.pk, Wish((Idea(1_000_00),))).then.score is None
        card = computed(partner)
        found = outlook(partner.pk, Wish())
        assert found.now.score == found.then.score == card.score
        more = outlook(partner.pk, Wish((Idea(60_000_00),)))
        assert more.then.score is not None
        assert 0 <= more.then.score <= 100

    @time_machine.travel(NOW, tick=False)
    def test_what_is_supposed_is_what_comes_of_it_once_it_is_true(self, scoped: Tenant) -> None:
        ensure_default_template(scoped)
        make_tiers(
            asks("revenue", 40_000_00),
            Group(Join.ALL, (asks("deal_count", 2), asks("revenue", 60_000_00, WindowKind.TRAILING_YEAR))),
            asks(SCORE, 99, WindowKind.TRAILING_YEAR),
        )
        partner = PartnerFactory()
        won_deal(partner, 30_000_00, TODAY)
        computed(partner)
        supposed = outlook(partner.pk, Wish((Idea(30_000_00),)))
        assert (supposed.now.reached.name, supposed.then.reached.name) == ("Registered", "Gold")
        won_deal(partner, 30_000_00, TODAY)
        before = situation(partner.pk)
        card = computed(partner)
        evaluate_tiers()
        standing = TierStanding.objects.get(partner=partner)
        assert standing.reached_tier == supposed.then.reached
        for tier in supposed.above[:2]:
            shown = supposed.then.results[tier.pk].leaves()
            stored = standing.results[str(tier.pk)]["items"]
            assert [str(leaf.value) for leaf in shown] == [item["value"] for item in stored]
        # A supposed deal has no history and no customer: with those figures the score is the same to the last digit.
        real = {code: card.breakdown[code]["value"] for code in ("sales_cycle", "client_acquisition")}
        then = outlook_of(before, Wish((Idea(30_000_00),), real)).then
        assert Decimal(str(then.score)) == card.score


@pytest.mark.usefixtures("scoped")
class TestTier:
    @time_machine.travel(NOW, tick=False)
    def test_more_people_with_a_certificate(self, admin: Membership) -> None:
        make_tiers(asks("certified_people", 2), asks("certified_people", 4))
        partner = PartnerFactory()
        person = make_member(Role.PARTNER_MEMBER, partner=partner)
        Completion.objects.create(
            course=a_course(admin),
            member=person,
            partner=partner,
            completed_on=TODAY,
            via="hand",
            certificate="C-1",
        )
        reached = [outlook(partner.pk, Wish(certified=more)).then.reached.name for more in (0, 1, 2, 3)]
        assert reached == ["Registered", "Silver", "Silver", "Gold"]
        assert Completion.objects.count() == 1

    @time_machine.travel(NOW, tick=False)
    def test_figures_that_only_tiers_look_at(self) -> None:
        """Reported metrics, satisfaction and checks can be supposed, whether or not a scorecard has them."""
        metric = MetricDefinition.objects.create(
            code="net_users", name="Net users", unit="count", better="up", combination="last"
        )
        check = ManualCheck.objects.create(name="References called")
        make_tiers(
            Group(
                Join.ALL,
                (
                    asks("reported:net_users", 75),
                    asks("csat", "0.9"),
                    asks(check_code(check.pk), 1, WindowKind.NOW),
                ),
            )
        )
        partner = PartnerFactory()
        Reading.objects.create(definition=metric, partner=partner, day=TODAY, value=700_000, currency="EUR")
        it = situation(partner.pk)
        assert {figure.code: figure.value for figure in it.figures()} == {
            "reported:net_users": 70.0,
            "csat": None,
            check_code(check.pk): 0.0,
        }
        wish = Wish(figures={"reported:net_users": 75.0, "csat": 0.9, check_code(check.pk): 1.0})
        assert outlook(partner.pk, wish).then.reached.name == "Silver"
        for left in wish.figures:
            less = {code: value for code, value in wish.figures.items() if code != left}
            assert outlook(partner.pk, Wish(figures=less)).then.reached.name == "Registered"


class TestPages:
    @time_machine.travel(NOW, tick=False)
    def test_a_partner_supposes_and_sees_both(
        self, tenant: Tenant, partner_owner: Membership, client_as: SignIn
    ) -> None:
        with tenant_scope(tenant.pk):
            base, silver = make_tiers(
                Group(Join.ALL, (asks("certified_people", 2), asks("revenue", 1_000_00), asks("csat", "0.9")))
            )
            make_plan({base: ((0, None, "0.05"),), silver: ((0, None, "0.1"),)})
            ensure_default_template(tenant)
            card = computed(Partner.objects.get(pk=partner_owner.partner_id))
        client, address = client_as(partner_owner), reverse("incentives:what_if", args=("acme",))
        plain = client.get(address).content.decode()
        assert "2 more certified people" in plain
        assert f"{format_score(card.score)} now" in plain
        answer = client.get(address, {"certified": "2", "deal1": "1.000", "kpi-csat": "92,5"})
        (way,) = answer.context["ways"]
        assert (way["is_met_now"], way["is_met"]) == (False, True)
        score = answer.context["outlook"].then.score
        assert score > card.score
        assert f">{format_score(score)}<" in answer.content.decode()
        (money,) = answer.context["outlook"].money
        assert (money.now, money.then, money.promoted) == (0, 50_00, 100_00)
        wrong = client.get(address, {"certified": "many", "deal1": "NaN", "kpi-csat": "inf"})
        assert wrong.status_code == 200
        assert "Something typed is no number" in wrong.content.decode()
        assert wrong.context["outlook"].then.results == wrong.context["outlook"].now.results
        with tenant_scope(tenant.pk):
            assert not LedgerEntry.objects.exists()

    @time_machine.travel(NOW, tick=False)
    def test_an_admin_tries_other_thresholds(
        self, tenant: Tenant, admin: Membership, client_as: SignIn
    ) -> None:
        """The partner that would rise has won 2,000, which earns 100 more at 10 than at 5 per cent."""
        with tenant_scope(tenant.pk):
            base, silver = make_tiers(asks("revenue", 5_000_00))
            make_plan({base: ((0, None, "0.05"),), silver: ((0, None, "0.1"),)})
            won_deal(PartnerFactory(name="Alpha"), 2_000_00, dt.date(2026, 10, 3))
            won_deal(PartnerFactory(name="Beta"), 1_000_00, dt.date(2026, 10, 3))
        client, address = client_as(admin), reverse("incentives:what_if_tiers", args=("acme",))
        assert client.get(address).context["preview"].changes == []
        preview = client.get(address, {f"reach-{silver.pk}-0": "1500"}).context["preview"]
        assert [(row.partner.name, row.after.name) for row in preview.changes] == [("Alpha", "Silver")]
        assert preview.costs == {"EUR": 100_00}
        assert client.get(address, {f"reach-{silver.pk}-0": "much"}).context["preview"].changes == []
        with tenant_scope(tenant.pk):
            silver.refresh_from_db()
            assert silver.tree.conditions()[0].threshold == 5_000_00


@pytest.mark.parametrize(("others", "learns"), [(1, False), (4, True)])
def test_a_partner_cannot_find_out_by_trying_where_the_one_other_peer_stands(
    others: int, learns: bool, admin: Membership, scoped: Tenant, client_as: SignIn
) -> None:
    """From five peers on it moves by quarters, whose limits its benchmarks tell it, and passes nobody in particular."""
    start = calendar_of(scoped).current(PeriodKind.QUARTER).start
    partner = PartnerFactory()
    won_deal(partner, 100_00, start)
    for number in range(others):
        won_deal(PartnerFactory(), 500_00 + number * 100_00, start)
    ensure_default_template(scoped)
    publish_template(
        ScorecardTemplate.objects.get(period_kind="quarter"),
        by=admin,
        kpis=[
            {"code": "revenue", "weight": 60, "method": "peer"},
            {"code": "deal_count", "weight": 40, "method": "target", "target": 10, "floor": 0},
        ],
        min_coverage=Decimal("0.5"),
    )
    recompute_everything()
    mine, vendors = situation(partner.pk, to_partner=True), situation(partner.pk)
    tried = [Wish((Idea(revenue),)) for revenue in (399_00, 401_00)]
    guessed = [Wish(figures={"revenue": value}) for value in (499_00.0, 501_00.0)]

    def scores(it: Situation, wishes: list[Wish]) -> int:
        return len({outlook_of(it, wish).then.score for wish in wishes})

    assert (scores(mine, tried), scores(mine, guessed)) == ((2, 2) if learns else (1, 1))
    assert scores(vendors, tried) == 2
    # Beyond the last quarter's limit, 700, is one peer of whom nothing is told: 800.
    beyond = [Wish((Idea(revenue),)) for revenue in (650_00, 750_00)]
    assert (scores(mine, beyond), scores(vendors, beyond)) == (1, 2 if learns else 1)
    owner = make_member(Role.PARTNER_OWNER, partner=partner)
    page = client_as(owner).get(reverse("incentives:what_if", args=("acme",))).content.decode()
    assert ("once you pass a quarter" in page, "stays as it is" in page) == (learns, not learns)
    # What is not held against the peers moves all the same.
    found = outlook_of(mine, tried[0])
    assert found.then.score > found.now.score  # type: ignore[operator]
    offered = {figure.code for figure in mine.figures()}
    assert ("revenue" in offered, "deal_count" in offered) == (learns, True)


@pytest.mark.parametrize(
    ("value", "now", "shown"),
    [
        (19.0, 10.0, 10.0),
        (20.0, 10.0, 20.0),
        (45.0, 10.0, 40.0),
        (29.0, 35.0, 30.0),
        (31.0, 35.0, 35.0),
        (1.0, 45.0, 20.0),
        (5.0, None, None),
        (25.0, None, 20.0),
        (None, 10.0, None),
        (10.0, 10.0, 10.0),
    ],
)
def test_among_peers_a_value_moves_from_limit_to_limit(
    value: float | None, now: float | None, shown: float | None
) -> None:
    assert _in_steps(value, now, [20.0, 30.0, 40.0]) == shown

"""What was changed is marked on trends, and figures of tiers are sums of their partners'."""

import datetime as dt
import html
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incentives.plans.models import Plan, PlanVersion
from incentives.tiers.models import Tier, TierAssignment
from metrics import actions as metrics
from metrics.marks import Mark, marked, marks_of, told
from metrics.models import Scorecard, ScorecardTemplate, SubjectKind
from metrics.periods import Period, PeriodKind, calendar_of
from metrics.readings.actions import ensure_known
from metrics.readings.models import MetricDefinition
from metrics.revenue import RevenueBase, change_revenue_base
from metrics.reviews.effects import effects
from metrics.reviews.models import Review, ReviewAction
from metrics.tier_groups import tier_figures
from metrics.trend import values_of
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import DealFactory, PartnerFactory, ReadingFactory, make_member, won_deal

SignIn = Callable[[Membership], Client]
QUARTER = PeriodKind.QUARTER


@pytest.fixture
def period(tenant: Tenant) -> Period:
    return calendar_of(tenant).current(QUARTER)


@pytest.fixture
def partner(tenant: Tenant, manager: Membership, period: Period) -> Partner:
    """Sold for 100 in the quarter before and for 300 in this one."""
    with tenant_scope(tenant.pk):
        partner = PartnerFactory(name="Harbour", manager=manager)
        won_deal(partner, 100_00, period.previous().start)
        won_deal(partner, 300_00, period.start)
        metrics.ensure_default_template(tenant)
        metrics.recompute_everything()
        return partner


def promise(
    partner: Partner, by: Membership, period: Period, done: dt.datetime, **given: object
) -> ReviewAction:
    review, _new = Review.objects.get_or_create(
        partner=partner,
        period_start=period.previous().start,
        defaults={"planned_on": period.start, "prepared_by": by},
    )
    return ReviewAction.objects.create(
        review=review, owner=by, due_on=period.start, done_at=done, **{"text": "Call weekly", **given}
    )


def card_of(partner: Partner, period: Period) -> Scorecard:
    return Scorecard.objects.get(partner=partner, period_kind=period.kind, period_start=period.start)


def test_an_action_is_measured_by_as_many_days_before_and_after(
    tenant: Tenant, manager: Membership, partner: Partner, period: Period
) -> None:
    calendar = calendar_of(tenant)
    today = calendar.today()
    with tenant_scope(tenant.pk):
        won_deal(partner, 40_00, today - dt.timedelta(days=12))
        won_deal(partner, 20_00, today - dt.timedelta(days=25))
        won_deal(partner, 70_00, today - dt.timedelta(days=3))
        DealFactory(partner=partner, stage="lost", closed_on=today - dt.timedelta(days=4))
        done = calendar.moment(today - dt.timedelta(days=9)) + dt.timedelta(hours=9)
        # Ten days since, today among them, against the ten before: 19 to 10 days ago.
        revenue = promise(partner, manager, period, done, kpi="revenue")
        rate = promise(partner, manager, period, done, kpi="win_rate")
        plain = promise(partner, manager, period, done)
        open_one = promise(partner, manager, period, None, kpi="revenue")
        effects(partner.pk, [revenue])
        with CaptureQueriesContext(connection) as one:
            found = effects(partner.pk, [revenue])
        with CaptureQueriesContext(connection) as many:
            found = effects(partner.pk, [revenue, rate, plain, open_one])
        assert len(many) == len(one)
    assert set(found) == {revenue.pk, rate.pk}
    recent = period.start >= today - dt.timedelta(days=9)
    assert (found[revenue.pk].days, found[revenue.pk].before) == (10, 40_00)
    assert found[revenue.pk].after == (370_00 if recent else 70_00)
    assert found[rate.pk].before == 1
    # Ten days say nothing yet, fourteen do.
    assert {found[revenue.pk].tone, found[rate.pk].tone} == {"early"}
    assert "in the 10 days since" in found[revenue.pk].text("EUR")
    later = {pk: replace(effect, days=14) for pk, effect in found.items()}
    assert later[revenue.pk].tone == "good"
    assert later[rate.pk].tone == "bad"
    assert replace(later[rate.pk], after=None).tone == "unknown"
    assert replace(later[rate.pk], days=13).tone == "early"


def test_what_was_changed_is_marked_for_whom_it_concerns(
    client_as: SignIn, tenant: Tenant, manager: Membership, partner: Partner, period: Period
) -> None:
    before = period.previous()
    with tenant_scope(tenant.pk):
        owner = make_member(Role.PARTNER_OWNER, partner=partner)
        gold = Tier.objects.create(name="Gold", rank=900)
        TierAssignment.objects.create(partner=partner, tier=gold, during=(before.start, None))
        TierAssignment.objects.create(
            partner=PartnerFactory(), tier=gold, during=(period.start, None), reason="Somebody else"
        )
        moment = calendar_of(tenant).moment(period.start)
        promise(partner, manager, period, moment, kpi="win_rate", text="Train the team")
        card = card_of(partner, period)
        periods = [before, period]
        seen = [mark.text for mark in marks_of(card, manager, periods)]
        assert seen == ["Tier: Gold", "Train the team"]
        assert [mark.text for mark in marks_of(card, owner, periods)] == ["Tier: Gold"]
        # Done for another KPI, it is not marked on this one.
        assert "Train the team" not in [mark.text for mark in marks_of(card, manager, periods, "revenue")]
        assert "Train the team" in [mark.text for mark in marks_of(card, manager, periods, "win_rate")]
        assert marks_of(card, manager, [before.previous()]) == []
    page = client_as(manager).get(f"/acme/scorecards/partners/{partner.pk}/").content.decode()
    assert "Train the team" in page
    own = client_as(owner).get("/acme/scorecards/mine/").content.decode()
    assert "Train the team" not in own
    assert "Tier: Gold" in own
    kpi = client_as(manager).get(f"/acme/scorecards/cards/{card.pk}/win_rate/")
    assert "Train the team" in kpi.content.decode()
    assert kpi.context["trend"]["option"]["series"][0]["markLine"]["data"] != []


def test_a_mark_falls_into_its_period() -> None:
    periods = [Period(dt.date(2026, 1, 1), QUARTER), Period(dt.date(2026, 4, 1), QUARTER)]
    first, last = Mark(dt.date(2026, 3, 31), "a"), Mark(dt.date(2026, 4, 1), "b")
    assert marked([first, last], periods) == [[first], [last]]


def test_other_rules_are_marked_where_they_begin(
    tenant: Tenant, admin: Membership, partner: Partner, period: Period
) -> None:
    """A new version of the template, and a template for some partners in the place of the general one."""
    with tenant_scope(tenant.pk):
        periods = [period.previous(), period]
        assert marks_of(card_of(partner, period), admin, periods) == []
        general = ScorecardTemplate.objects.get(period_kind=QUARTER)
        publish(general, admin, "revenue")
        (mark,) = marks_of(card_of(partner, period), admin, periods)
        assert (mark.text, mark.day) == (f"{general.name}, version 2", period.start)
        assert marks_of(card_of(partner, period), admin, [period]) == [mark]
        few = metrics.create_template(
            by=admin, name="Resellers", period_kind=QUARTER, partner_type=partner.type
        )
        publish(few, admin, "deal_count")
        (mark,) = marks_of(card_of(partner, period), admin, periods)
        assert (mark.text, mark.day) == ("Resellers, version 1", period.start)


def publish(template: ScorecardTemplate, by: Membership, code: str) -> None:
    lines = [{"code": code, "weight": 100, "method": "target", "target": 10, "floor": 0}]
    metrics.publish_template(template, by=by, kpis=lines, min_coverage=Decimal("0.5"))
    metrics.recompute_everything()


def test_a_new_definition_of_a_kpi_is_marked_with_the_figures_before_and_since(
    client_as: SignIn, tenant: Tenant, admin: Membership, partner: Partner, period: Period
) -> None:
    """Revenue counts what was ordered from this quarter on: nothing was."""
    with tenant_scope(tenant.pk):
        change_revenue_base(RevenueBase.ORDERS, by=admin, valid_from=period.start)
        metrics.recompute_everything()
        card = card_of(partner, period)
        owner = make_member(Role.PARTNER_OWNER, partner=partner)
        periods = [period.previous(), period]
        words = "Total sales revenue is measured in another way"
        assert [mark.text for mark in marks_of(card, admin, periods, "revenue")] == [words]
        assert [mark.text for mark in marks_of(card, owner, periods, "revenue")] == [words]
        # On the KPIs that are made of it and on the score, not on others.
        assert marks_of(card, admin, periods, "win_rate") == []
        assert ([mark.text for mark in marks_of(card, admin, periods)] == [words]) == (
            "revenue" in card.breakdown
        )
    page = client_as(owner).get(f"/acme/scorecards/cards/{card.pk}/revenue/")
    (sentence,) = page.context["trend"]["marks"]
    assert "before: €100" in sentence or "before: EUR" in sentence or "100" in sentence.split("before:")[1]
    assert "since:" in sentence
    assert sentence in html.unescape(page.content.decode())


def test_a_plan_is_marked_for_those_that_it_pays(
    tenant: Tenant, manager: Membership, partner: Partner, period: Period
) -> None:
    with tenant_scope(tenant.pk):
        gold = Tier.objects.create(name="Gold", rank=900)
        card, plan = card_of(partner, period), Plan.objects.create(name="Growth", currency="EUR")
        audiences: list[dict[str, list[object]]] = [
            {},
            {"partner_types": [card.partner_type]},
            {"partner_types": ["nobody"]},
            {"regions": [card.region]},
            {"regions": ["Elsewhere"]},
            {"tier_ids": [gold.pk]},
        ]
        for number, audience in enumerate(audiences, 1):
            # A day each, because one version of a plan is in force at a time.
            day = period.start + dt.timedelta(days=number)
            PlanVersion.objects.create(
                plan=plan, number=number, during=(day, day + dt.timedelta(days=1)), **audience
            )

        def seen(one: Scorecard) -> list[str]:
            return [mark.text for mark in marks_of(one, manager, [period]) if "Growth" in mark.text]

        assert seen(card) == ["Plan Growth begins", "Plan Growth, version 2", "Plan Growth, version 4"]
        TierAssignment.objects.create(partner=partner, tier=gold, during=(period.start, None))
        assert seen(card)[-1] == "Plan Growth, version 6"
        whole = Scorecard.objects.get(
            subject_kind=SubjectKind.PROGRAMME, period_kind=QUARTER, period_start=period.start
        )
        assert len(seen(whole)) == len(audiences)


def test_before_is_the_period_before_and_since_the_first_whole_one() -> None:
    periods = [Period(dt.date(2026, month, 1), QUARTER) for month in (1, 4, 7)]
    values, texts = [1, None, 3], ["one", "–", "three"]

    def words(day: dt.date) -> str:
        (sentence,) = told([Mark(day, "New")], periods, values, texts)
        return sentence.partition(": New")[2]

    assert words(dt.date(2026, 5, 9)) == "; before: one in Jan – Mar 2026; since: three in Jul – Sep 2026"
    # In the period before there is no figure; the one of the change has only begun.
    assert words(dt.date(2026, 7, 1)) == "; since: three in Jul – Sep 2026"
    # Nothing is since while there is no whole period after it.
    assert words(dt.date(2026, 9, 30)) == "; in the period itself: three in Jul – Sep 2026"
    assert words(dt.date(2026, 4, 2)) == "; before: one in Jan – Mar 2026; since: three in Jul – Sep 2026"
    assert words(dt.date(2026, 1, 1)) == "; since: one in Jan – Mar 2026"
    assert words(dt.date(2025, 1, 1)) == ""


def test_the_trend_shows_each_period_as_it_was_scored(
    tenant: Tenant, partner: Partner, period: Period
) -> None:
    with tenant_scope(tenant.pk):
        cards = [card_of(partner, period.previous()), card_of(partner, period)]
        assert values_of(cards, "revenue") == [100_00, 300_00]
        assert values_of(cards, "sales_cycle")[1] is not None
        assert values_of(cards, "nonsense") == [None, None]


# --- tiers as groups ---------------------------------------------------------------------------


def test_a_tiers_kpis_are_the_formula_on_summed_facts(
    client_as: SignIn, tenant: Tenant, manager: Membership, period: Period
) -> None:
    """Two partners of 1 of 1 and of 1 of 3 won: half, not the mean of 100% and 33%."""
    with tenant_scope(tenant.pk):
        gold = Tier.objects.create(name="Gold", rank=900)
        base = Tier.objects.create(name="Base", rank=0)
        one, two, other = PartnerFactory(), PartnerFactory(), PartnerFactory()
        for each in (one, two):
            TierAssignment.objects.create(partner=each, tier=gold, during=(period.start, None))
        won_deal(one, 100_00, period.start)
        won_deal(two, 200_00, period.start)
        won_deal(other, 50_00, period.start)
        for _number in range(2):
            DealFactory(partner=two, stage="lost", closed_on=period.start)
        metrics.ensure_default_template(tenant)
        metrics.recompute_everything()
        found = {tier.name: tier for tier in tier_figures(period, calendar_of(tenant).today())}
        whole = Scorecard.objects.get(
            subject_kind=SubjectKind.PROGRAMME, period_kind=QUARTER, period_start=period.start
        )
        summed = {
            name: sum(tier.facts.get(name, 0) for tier in found.values())
            for name in ("revenue_won", "deals_won", "deals_lost", "partners")
        }
        assert summed == {name: whole.facts.get(name, 0) for name in summed}
    assert found["Gold"].facts["revenue_won"] == 300_00
    assert found["Gold"].facts["partners"] == 2
    assert found["Gold"].breakdown["win_rate"]["value"] == 0.5
    page = client_as(manager).get("/acme/scorecards/groups/?by=tier")
    rows = page.context["side_by_side"]["rows"]
    assert page.status_code == 200
    assert "Gold" in page.content.decode()
    assert rows != []
    inside = client_as(manager).get(f"/acme/analysis/?tier={gold.pk}")
    assert {row["name"] for row in inside.context["rows"]} == {one.name, two.name}
    assert base.name == "Base"


# --- lifetime value ----------------------------------------------------------------------------


def test_lifetime_value_stands_beside_that_of_other_channels(
    client_as: SignIn, tenant: Tenant, manager: Membership, partner: Partner, period: Period
) -> None:
    with tenant_scope(tenant.pk):
        owner = make_member(Role.PARTNER_OWNER, partner=partner)
        ensure_known()
        metric = MetricDefinition.objects.get(code="direct_lifetime_value")
        ReadingFactory(definition=metric, partner=None, day=period.start, value=1600_00)
        metrics.recompute_everything()
        card = card_of(partner, period)
    page = client_as(manager).get(f"/acme/scorecards/cards/{card.pk}/lifetime_value/")
    assert "Customers of other channels" in page.content.decode()
    assert "1,600" in page.context["direct"]
    assert (
        "Customers of other channels"
        not in client_as(owner).get(f"/acme/scorecards/cards/{card.pk}/lifetime_value/").content.decode()
    )

"""Where the tenant's own KPIs are used beside scorecards: what holds their unit, and what keeps them in use."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from metrics import defining
from metrics.benchmarks.actions import remove_benchmark, set_benchmark
from metrics.benchmarks.models import Benchmark
from metrics.models import OwnKpi, SubjectKind
from metrics.periods import PeriodKind, calendar_of
from metrics.reviews import actions
from metrics.reviews.models import AlertRule, Goal, Review, ReviewAction
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory

SignIn = Callable[[Membership], Client]
SHAPE = {"unit": "count", "better": "up", "kind": "lag", "level": "PG", "meaning": "For tests."}


@pytest.fixture
def kpi(scoped: Tenant, admin: Membership) -> OwnKpi:
    return defining.define_kpi(by=admin, name="Worth", formula="deals_won", **SHAPE)


def words() -> list[str]:
    return [use.words for use in defining.uses().get("own_worth", [])]


def change_unit(kpi: OwnKpi, admin: Membership) -> None:
    changed = SHAPE | {"unit": "money", "name": "Worth", "formula": "deals_won"}
    number = kpi.versions.count()
    today = calendar_of(admin.tenant).today()
    defining.change_kpi(kpi, by=admin, seen_number=number, valid_from=today, **changed)


def a_goal(admin: Membership) -> Goal:
    period = calendar_of(admin.tenant).current(PeriodKind.QUARTER)
    return actions.set_goal(
        by=admin, level=SubjectKind.PROGRAMME, kpi="own_worth", period=period, target=5_000
    )


def a_rule(admin: Membership, rule: AlertRule | None = None, *, is_active: bool = True) -> AlertRule:
    fields = {"name": "Low", "kpi": "own_worth", "kind": "threshold", "limit": 5.0, "period_kind": "quarter"}
    return actions.save_rule(by=admin, rule=rule, is_active=is_active, **fields)


def a_benchmark(admin: Membership) -> Benchmark:
    return set_benchmark(
        by=admin,
        kpi="own_worth",
        period_kind=PeriodKind.QUARTER,
        value=7,
        source="Study",
        valid_from=dt.date(2026, 1, 1),
    )


def test_a_goal_under_way_keeps_it_in_use_and_an_earlier_one_its_unit(kpi: OwnKpi, admin: Membership) -> None:
    goal = a_goal(admin)
    assert words() == ["1 goal under way"]
    with pytest.raises(ActionRefused, match="1 goal under way"):
        defining.retire_kpi(kpi, by=admin)
    actions.drop_goal(goal, by=admin)
    assert words() == ["1 earlier goal"]
    with pytest.raises(ActionRefused, match="in this unit"):
        change_unit(kpi, admin)
    assert not defining.retire_kpi(kpi, by=admin).is_active


def test_a_goal_that_was_missed_keeps_it_in_use_no_longer(kpi: OwnKpi, admin: Membership) -> None:
    goal = a_goal(admin)
    Goal.objects.filter(pk=goal.pk).update(period_start=goal.period.previous().start)
    assert words() == ["1 earlier goal"]


def test_a_rule_in_use_keeps_it_in_use_and_one_switched_off_its_unit(kpi: OwnKpi, admin: Membership) -> None:
    rule = a_rule(admin)
    with pytest.raises(ActionRefused, match="Alert rule: Low"):
        defining.retire_kpi(kpi, by=admin)
    a_rule(admin, rule, is_active=False)
    with pytest.raises(ActionRefused, match="in this unit"):
        change_unit(kpi, admin)
    defining.retire_kpi(kpi, by=admin)
    # It can be changed, and not be switched on.
    a_rule(admin, rule, is_active=False)
    with pytest.raises(ActionRefused, match="cannot raise alerts"):
        a_rule(admin, rule)


def test_what_was_promised_holds_its_unit_until_it_is_done(kpi: OwnKpi, admin: Membership) -> None:
    partner = PartnerFactory()
    review = Review.objects.create(
        partner=partner, period_start=dt.date(2026, 1, 1), planned_on=dt.date(2026, 4, 1), prepared_by=admin
    )
    given = {"text": "Call", "owner": admin, "due_on": dt.date(2026, 5, 1)}
    actions.add_action(review, by=admin, kpi="own_worth", **given)
    actions.add_action(review, by=admin, **given)
    assert words() == ["1 unfinished action from reviews"]
    with pytest.raises(ActionRefused, match="in this unit"):
        change_unit(kpi, admin)
    # What is to be done is measured to its end all the same.
    assert not defining.retire_kpi(kpi, by=admin).is_active
    ReviewAction.objects.update(done_at=timezone.now())
    assert words() == []


def test_a_benchmark_holds_its_unit(kpi: OwnKpi, admin: Membership) -> None:
    benchmark = a_benchmark(admin)
    assert words() == ["1 benchmark"]
    with pytest.raises(ActionRefused, match="in this unit"):
        change_unit(kpi, admin)
    remove_benchmark(benchmark, by=admin)
    change_unit(kpi, admin)


def test_what_is_of_a_retired_kpi_stays_of_it(client_as: SignIn, tenant: Tenant, admin: Membership) -> None:
    with tenant_scope(tenant.pk):
        kpi = defining.define_kpi(by=admin, name="Worth", formula="deals_won", **SHAPE)
        rule, benchmark = a_rule(admin), a_benchmark(admin)
        # As it may have been before rules counted as a use.
        OwnKpi.objects.filter(pk=kpi.pk).update(is_active=False)
    client = client_as(admin)
    for address in (f"/acme/alerts/rules/{rule.pk}/", f"/acme/benchmarks/{benchmark.pk}/"):
        page = client.get(address).content.decode()
        assert '<option value="own_worth" selected>' in page, address
    assert "own_worth" not in client.get("/acme/alerts/rules/new/").content.decode()
    typed = {"kpi": "own_worth", "period_kind": "quarter"}
    lower = {"name": "Lower", "kind": "threshold", "limit": "4", "cooldown_days": "7"}
    assert client.post(f"/acme/alerts/rules/{rule.pk}/", typed | lower).status_code == 302
    better = {"value": "8", "source": "Study", "valid_from": "2026-01-01"}
    assert client.post(f"/acme/benchmarks/{benchmark.pk}/", typed | better).status_code == 302
    with tenant_scope(tenant.pk):
        rule.refresh_from_db()
        benchmark.refresh_from_db()
    assert (rule.kpi, rule.limit, rule.is_active) == ("own_worth", 4, False)
    assert (benchmark.kpi, benchmark.value) == ("own_worth", 8)


def test_the_catalogue_leads_to_where_it_is_used(
    client_as: SignIn, tenant: Tenant, admin: Membership
) -> None:
    with tenant_scope(tenant.pk):
        kpi = defining.define_kpi(by=admin, name="Worth", formula="deals_won", **SHAPE)
        rule = a_rule(admin)
        a_goal(admin)
        a_benchmark(admin)
    for address in ("/acme/scorecards/catalogue/", f"/acme/scorecards/catalogue/own/{kpi.pk}/"):
        page = client_as(admin).get(address).content.decode()
        assert '<a href="/acme/goals/">1 goal under way</a>' in page, address
        assert f'<a href="/acme/alerts/rules/{rule.pk}/">Alert rule: Low</a>' in page, address
    # What only keeps its unit stands where that is changed.
    benchmarks = '<a href="/acme/benchmarks/">1 benchmark</a>'
    assert benchmarks in page
    assert benchmarks not in client_as(admin).get("/acme/scorecards/catalogue/").content.decode()

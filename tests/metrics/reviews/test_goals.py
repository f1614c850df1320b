"""Goals: their progress, sharing out, giving up, and who sees them."""

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from metrics.catalogue import CATALOGUE
from metrics.models import SubjectKind
from metrics.periods import Period, PeriodKind, calendar_of
from metrics.reviews import actions
from metrics.reviews.figures import is_reached, progress
from metrics.reviews.goals import follow_goals
from metrics.reviews.models import Goal, GoalStatus
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member, won_deal
from tests.metrics.reviews.made import recompute

SignIn = Callable[[Membership], Client]


def test_progress_runs_from_the_baseline_to_the_target() -> None:
    assert progress(100, 200, 150) == 0.5
    assert progress(None, 200, 50) == 0.25
    # Less is better: from 30 days down to 10, at 25 a quarter of the way.
    assert progress(30, 10, 25) == 0.25
    assert progress(100, 200, 50) == 0
    assert progress(100, 200, None) is None
    assert is_reached(10, 10, up=False)
    assert not is_reached(10, 11, up=False)
    assert not is_reached(10, None, up=True)


def test_a_goal_is_reached_once_and_kept(
    scoped: Tenant, partner: Partner, manager: Membership, current: Period
) -> None:
    won_deal(partner, 40_00, current.previous().start)
    recompute(scoped)
    goal = actions.set_goal(
        by=manager, level=SubjectKind.PARTNER, kpi="revenue", period=current, target=100_00, partner=partner
    )
    assert (goal.baseline, goal.status) == (40_00, GoalStatus.OPEN)
    won_deal(partner, 100_00, current.start)
    recompute(scoped)
    assert follow_goals([partner.pk]) == 1
    assert follow_goals([partner.pk]) == 0
    goal.refresh_from_db()
    assert (goal.value, goal.status) == (100_00, GoalStatus.REACHED)
    assert Event.objects.filter(type="goal.reached", partner_id=partner.pk).count() == 1
    with pytest.raises(ActionRefused):
        actions.drop_goal(goal, by=manager)


def test_a_goal_that_is_met_when_it_is_set_says_so_and_nearly_is_not_all(
    tenant: Tenant, partner: Partner, manager: Membership, current: Period, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        won_deal(partner, 99_70, current.start)
        recompute(tenant)
        met, nearly = (
            actions.set_goal(
                by=manager, level=SubjectKind.PARTNER, kpi=kpi, period=current, target=target, partner=partner
            )
            for kpi, target in (("deal_count", 1), ("revenue", 100_00))
        )
        assert (met.status, nearly.status) == (GoalStatus.REACHED, GoalStatus.OPEN)
        assert met.reached_at is not None
        assert [event.subject_id for event in Event.objects.filter(type="goal.reached")] == [met.pk]
        assert follow_goals([partner.pk]) == 0
    lines = {line["kpi"]: line for line in client_as(manager).get("/acme/goals/").context["goals"]}
    shown = [(line["progress"], str(line["status"])) for _kpi, line in sorted(lines.items())]
    assert sorted(shown) == [("100%", "Reached"), ("99%", "Open")]


def test_one_goal_for_a_kpi_and_period(
    scoped: Tenant, partner: Partner, manager: Membership, current: Period
) -> None:
    first = actions.set_goal(
        by=manager, level=SubjectKind.PARTNER, kpi="revenue", period=current, target=1, partner=partner
    )
    with pytest.raises(ActionRefused):
        actions.set_goal(
            by=manager, level=SubjectKind.PARTNER, kpi="revenue", period=current, target=2, partner=partner
        )
    with pytest.raises(ActionRefused):
        actions.set_goal(
            by=manager, level=SubjectKind.PROGRAMME, kpi="revenue", period=current.previous(), target=2
        )
    actions.drop_goal(first, by=manager)
    actions.set_goal(
        by=manager, level=SubjectKind.PARTNER, kpi="revenue", period=current, target=2, partner=partner
    )


def test_a_goal_is_handed_down_by_what_each_brought(
    scoped: Tenant, manager: Membership, current: Period
) -> None:
    other = make_member(Role.CHANNEL_MANAGER)
    a, b, c = (PartnerFactory(manager=who) for who in (manager, manager, other))
    for who, revenue in ((a, 30_00), (b, 10_00), (c, 60_00)):
        won_deal(who, revenue, current.previous().start)
    recompute(scoped)
    top = actions.set_goal(
        by=manager, level=SubjectKind.PROGRAMME, kpi="revenue", period=current, target=200_00
    )
    portfolios = {goal.subject_key: goal for goal in actions.hand_down(top, by=manager)}
    assert {key: goal.target for key, goal in portfolios.items()} == {
        str(manager.pk): pytest.approx(80_00),
        str(other.pk): pytest.approx(120_00),
    }
    parts = actions.hand_down(portfolios[str(manager.pk)], by=manager)
    assert {goal.partner_id: (goal.target, float(goal.share)) for goal in parts} == {
        a.pk: (pytest.approx(60_00), 75.0),
        b.pk: (pytest.approx(20_00), 25.0),
    }
    with pytest.raises(ActionRefused):
        actions.hand_down(top, by=manager)
    rate = actions.set_goal(
        by=manager, level=SubjectKind.PROGRAMME, kpi="win_rate", period=current, target=0.5
    )
    with pytest.raises(ActionRefused):
        actions.hand_down(rate, by=manager)


@pytest.mark.parametrize(
    ("kpi", "target", "targets"), [("deal_count", 8, [4, 2, 2]), ("revenue", 1_00, [55, 27, 18])]
)
def test_numbers_are_shared_out_whole_and_add_up(
    scoped: Tenant, manager: Membership, current: Period, kpi: str, target: int, targets: list[int]
) -> None:
    partners = [PartnerFactory(manager=manager) for _ in range(3)]
    for who, deals in zip(partners, (6, 3, 2), strict=True):
        for _ in range(deals):
            won_deal(who, 1_00, current.previous().start)
    recompute(scoped)
    top = actions.set_goal(
        by=manager, level=SubjectKind.PORTFOLIO, kpi=kpi, period=current, target=target, manager=manager
    )
    parts = {goal.partner_id: goal.target for goal in actions.hand_down(top, by=manager)}
    assert [parts[who.pk] for who in partners] == targets


def test_what_adds_up_is_measured_by_the_target_and_a_rate_from_the_baseline(
    tenant: Tenant, partner: Partner, manager: Membership, current: Period, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        for number, won in enumerate((4, 1)):
            for _ in range(won):
                won_deal(partner, 100_00, (current.previous(), current)[number].start)
        recompute(tenant)
        for kpi, target in (("revenue", 500_00), ("deal_count", 5), ("average_deal_size", 200_00)):
            actions.set_goal(
                by=manager, level=SubjectKind.PARTNER, kpi=kpi, period=current, target=target, partner=partner
            )
    lines = {
        line["goal"].kpi: line["progress"] for line in client_as(manager).get("/acme/goals/").context["goals"]
    }
    assert lines == {"revenue": "20%", "deal_count": "20%", "average_deal_size": "0%"}
    shown = client_as(manager).get("/acme/api/v1/goals/").json()["results"]
    assert {goal["kpi"]: goal["progress"] for goal in shown} == {
        "revenue": 0.2,
        "deal_count": 0.2,
        "average_deal_size": 0.0,
    }
    assert not CATALOGUE["pipeline"].accrues
    assert not CATALOGUE["operating_costs"].accrues


def test_a_goal_is_given_up_and_shared_out_by_whose_it_is(
    tenant: Tenant,
    partner: Partner,
    manager: Membership,
    admin: Membership,
    current: Period,
    client_as: SignIn,
) -> None:
    with tenant_scope(tenant.pk):
        colleague = make_member(Role.CHANNEL_MANAGER)
        theirs = PartnerFactory(manager=colleague)

        def goal(by: Membership, level: SubjectKind, kpi: str = "revenue", **who: object) -> Goal:
            return actions.set_goal(by=by, level=level, kpi=kpi, period=current, target=9, **who)  # type: ignore[arg-type]

        programme = goal(admin, SubjectKind.PROGRAMME)
        portfolio = goal(admin, SubjectKind.PORTFOLIO, manager=manager)
        foreign = goal(colleague, SubjectKind.PARTNER, partner=theirs)
        of_colleague = goal(admin, SubjectKind.PORTFOLIO, manager=colleague)
        of_own_partner = goal(admin, SubjectKind.PARTNER, partner=partner)
        own = goal(manager, SubjectKind.PROGRAMME, "deal_count")
        for refused in (programme, portfolio, foreign):
            with pytest.raises(PermissionDenied):
                actions.drop_goal(refused, by=manager)
    client = client_as(manager)
    for refused in (programme, portfolio, foreign):
        assert client.post(f"/acme/goals/{refused.pk}/drop/").status_code == 403
    for refused in (programme, of_colleague):
        assert client.post(f"/acme/goals/{refused.pk}/hand-down/").status_code == 403
    lines = client.get("/acme/goals/").context["goals"]
    assert {line["goal"].pk for line in lines if line["may_drop"]} == {of_own_partner.pk, own.pk}
    assert {line["goal"].pk for line in lines if line["may_share"]} == {portfolio.pk, own.pk}
    for allowed in (of_own_partner, own):
        assert client.post(f"/acme/goals/{allowed.pk}/drop/").status_code == 302
    assert client_as(admin).post(f"/acme/goals/{foreign.pk}/drop/").status_code == 302
    with tenant_scope(tenant.pk):
        dropped = set(Goal.objects.filter(status=GoalStatus.DROPPED).values_list("pk", flat=True))
    assert dropped == {of_own_partner.pk, own.pk, foreign.pk}


def test_a_partner_finds_its_own_goals_alone(client_as: SignIn, tenant: Tenant, manager: Membership) -> None:
    with tenant_scope(tenant.pk):
        current = calendar_of(tenant).current(PeriodKind.QUARTER)
        ours, theirs = PartnerFactory(name="Ours"), PartnerFactory(name="Theirs")
        owner = make_member(Role.PARTNER_OWNER, partner=ours)
        for who in (ours, theirs):
            actions.set_goal(
                by=manager, level=SubjectKind.PARTNER, kpi="revenue", period=current, target=1, partner=who
            )
        actions.set_goal(by=manager, level=SubjectKind.PROGRAMME, kpi="revenue", period=current, target=9)
        Goal.objects.filter(partner=ours).update(share=7)
    page = client_as(owner).get("/acme/goals/").content.decode()
    assert "of a goal above" not in page
    assert "of a goal above" in client_as(manager).get("/acme/goals/").content.decode()
    assert "Ours" in page
    assert "Theirs" not in page
    assert "The whole programme" not in page
    with tenant_scope(tenant.pk, ours.pk):
        assert [goal.partner_id for goal in Goal.objects.all()] == [ours.pk]
    assert client_as(owner).get("/acme/alerts/").status_code == 403
    assert client_as(owner).get("/acme/reviews/").status_code == 403

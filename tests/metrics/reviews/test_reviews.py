"""Goals, alerts and reviews, by their rules and through the pages."""

import datetime as dt
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from metrics import actions as metrics
from metrics.catalogue import CATALOGUE
from metrics.models import Scorecard, SubjectKind
from metrics.periods import Period, PeriodKind, calendar_of
from metrics.reviews import actions
from metrics.reviews.alerts import evaluate_alerts
from metrics.reviews.figures import distance, is_reached, progress, ranks
from metrics.reviews.goals import follow_goals
from metrics.reviews.models import Alert, AlertRule, Goal, GoalStatus, Review, ReviewAction, RuleKind
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.notifications.enums import Channel
from portal.notifications.models import Notification
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member, won_deal

SignIn = Callable[[Membership], Client]


@pytest.fixture
def current(scoped: Tenant) -> Period:
    return calendar_of(scoped).current(PeriodKind.QUARTER)


@pytest.fixture
def partner(scoped: Tenant, manager: Membership) -> Partner:
    return PartnerFactory(name="Harbour", manager=manager)


def recompute(tenant: Tenant) -> None:
    metrics.ensure_default_template(tenant)
    metrics.recompute_everything()


def set_revenue(partner: Partner, period: Period, revenue: int) -> None:
    """A scorecard of the period that says so."""
    Scorecard.objects.update_or_create(
        subject_kind=SubjectKind.PARTNER,
        subject_key=str(partner.pk),
        period_kind=period.kind,
        period_start=period.start,
        defaults={
            "partner": partner,
            "partner_type": partner.type,
            "region": partner.region,
            "coverage": 1,
            "facts": {"revenue_won": revenue},
            "breakdown": {},
            "computed_at": timezone.now(),
        },
    )


# --- goals -------------------------------------------------------------------------------------


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


# --- alerts ------------------------------------------------------------------------------------


def test_distance_is_robust() -> None:
    # Median 10, absolute deviations 0 0 1 1 1 2: their median 1, so a deviation is 1.4826.
    assert distance(4, [9, 10, 10, 11, 11, 8]) == pytest.approx((4 - 10) / 1.4826)
    assert distance(4, [10] * 6) is None
    assert distance(4, [10] * 5) is None
    # More than half are equal: by the mean deviation, 6 / 6 = 1.
    assert distance(4, [10, 10, 10, 10, 10, 16]) == pytest.approx(-6 / 1.2533)


def test_ranks_need_five_peers() -> None:
    keys = [uuid4() for _number in range(5)]
    values = {
        key: (("reseller", "EMEA"), {"x": float(value)})
        for key, value in zip(keys, (1, 1, 2, 3, 4), strict=True)
    }
    assert ranks(values, "x", up=True)[keys[2]] == 50
    assert ranks(values, "x", up=False)[keys[4]] == 0
    values.pop(keys[0])
    assert ranks(values, "x", up=True) == {}


@pytest.fixture
def settled(scoped: Tenant) -> Period:
    return calendar_of(scoped).latest_settled(PeriodKind.QUARTER)


def a_rule(admin: Membership, kind: RuleKind = RuleKind.THRESHOLD, limit: float = 100_00) -> AlertRule:
    return actions.save_rule(
        by=admin,
        name="Low",
        kpi="revenue",
        kind=kind,
        limit=limit,
        period_kind="quarter",
        cooldown_days=14,
        is_active=True,
    )


def test_one_open_alert_that_closes_by_itself_and_rests(
    admin: Membership, partner: Partner, settled: Period
) -> None:
    a_rule(admin)
    set_revenue(partner, settled, 50_00)
    assert evaluate_alerts() == 1
    assert evaluate_alerts([partner.pk]) == 0
    set_revenue(partner, settled, 100_00)
    evaluate_alerts()
    alert = Alert.objects.get()
    assert alert.closed_at is not None
    # Bad again at once: no flood within the days of rest, and news after them.
    set_revenue(partner, settled, 50_00)
    assert evaluate_alerts() == 0
    Alert.objects.update(closed_at=timezone.now() - dt.timedelta(days=15))
    assert evaluate_alerts() == 1


def test_a_fall_against_the_peers(admin: Membership, partner: Partner, settled: Period) -> None:
    a_rule(admin, RuleKind.PEERS, 50)
    others = [PartnerFactory() for _number in range(4)]
    for number, one in enumerate(others):
        set_revenue(one, settled.previous(), 10_00 + number)
        set_revenue(one, settled, 100_00 + number)
    set_revenue(partner, settled.previous(), 50_00)
    # More than before, and still the last of five: from rank 100 to rank 0.
    set_revenue(partner, settled, 60_00)
    assert evaluate_alerts() == 1
    alert = Alert.objects.get()
    assert (alert.partner_id, alert.value, alert.reference) == (partner.pk, 0, 100)


def test_an_unusual_change_against_its_own_history(
    admin: Membership, partner: Partner, settled: Period
) -> None:
    a_rule(admin, RuleKind.UNUSUAL, 3.5)
    older = settled
    for revenue in (9_00, 10_00, 10_00, 11_00, 11_00, 8_00):
        older = older.previous()
        set_revenue(partner, older, revenue)
    set_revenue(partner, settled, 6_00)
    assert evaluate_alerts() == 0
    set_revenue(partner, settled, 4_00)
    assert evaluate_alerts() == 1


def test_alerts_are_kept_quiet_and_closed(
    client_as: SignIn, tenant: Tenant, admin: Membership, manager: Membership
) -> None:
    with tenant_scope(tenant.pk):
        settled = calendar_of(tenant).latest_settled(PeriodKind.QUARTER)
        partner = PartnerFactory(name="Harbour", manager=manager)
        a_rule(admin)
        set_revenue(partner, settled, 50_00)
        evaluate_alerts()
        alert = Alert.objects.get()
        until = calendar_of(tenant).today() + dt.timedelta(days=3)
    client = client_as(manager)
    assert "Harbour" in client.get("/acme/alerts/").content.decode()
    assert "Harbour" in client.get("/acme/").content.decode()
    client.post(f"/acme/alerts/{alert.pk}/snooze/", {"until": str(until)})
    assert "Harbour" not in client.get("/acme/alerts/").content.decode()
    assert "Harbour" in client.get("/acme/alerts/?show=quiet").content.decode()
    client.post(f"/acme/alerts/{alert.pk}/close/", {"note": "Called them"})
    assert "Called them" in client.get("/acme/alerts/?show=closed").content.decode()
    with tenant_scope(tenant.pk), pytest.raises(ActionRefused):
        actions.close_alert(alert, by=manager)


# --- reviews -----------------------------------------------------------------------------------


def test_a_review_is_prepared_held_and_followed_up(
    client_as: SignIn, tenant: Tenant, manager: Membership
) -> None:
    with tenant_scope(tenant.pk):
        current = calendar_of(tenant).current(PeriodKind.QUARTER)
        partner = PartnerFactory(name="Harbour", manager=manager)
        won_deal(partner, 100_00, current.previous().start)
        recompute(tenant)
        actions.set_goal(
            by=manager,
            level=SubjectKind.PARTNER,
            kpi="revenue",
            period=current,
            target=500_00,
            partner=partner,
        )
    client, today = client_as(manager), timezone.localdate()
    form = {"partner": partner.pk, "period": current.previous().key, "planned_on": str(today)}
    address = client.post("/acme/reviews/new/", form)["Location"]
    page = client.get(address).content.decode()
    assert "Score" in page
    assert "of €500" in page or "€500" in page
    assert client.post("/acme/reviews/new/", form).status_code == 422
    actioned = {"text": "Send the price list", "owner": manager.pk, "due_on": str(today)}
    client.post(f"{address}actions/", actioned)
    minutes = {"held_on": str(today), "minutes": "They want training.", "seen": ""}
    assert client.post(f"{address}minutes/", minutes).status_code == 302
    # Whoever began with the empty minutes too overwrites nothing, and keeps what was typed.
    late = client.post(f"{address}minutes/", {**minutes, "minutes": "Mine"})
    assert late.status_code == 422
    assert "Mine" in late.content.decode()
    with tenant_scope(tenant.pk):
        action = ReviewAction.objects.get()
        review = Review.objects.get()
        assert review.minutes == "They want training."
        second = actions.prepare_review(by=manager, partner=partner, period=current, planned_on=today)
        assert "Send the price list" in str(second.agenda)
    client.post(f"/acme/reviews/actions/{action.pk}/done/")
    client.post(f"/acme/reviews/actions/{action.pk}/done/")
    with tenant_scope(tenant.pk):
        assert Event.objects.filter(type="review.action_done").count() == 1


def test_a_colleagues_partner_is_reviewed_by_the_colleague(
    client_as: SignIn, tenant: Tenant, manager: Membership, admin: Membership
) -> None:
    today = timezone.localdate()
    with tenant_scope(tenant.pk):
        current = calendar_of(tenant).current(PeriodKind.QUARTER)
        partner = PartnerFactory(name="Harbour", manager=manager)
        review = actions.prepare_review(by=manager, partner=partner, period=current, planned_on=today)
        colleague = make_member(Role.CHANNEL_MANAGER)
        with pytest.raises(PermissionDenied):
            actions.prepare_review(by=colleague, partner=partner, period=current.previous(), planned_on=today)
        theirs = actions.add_action(review, by=admin, text="Call", owner=colleague, due_on=today)
        ours = actions.add_action(review, by=manager, text="Mail", owner=manager, due_on=today)
        with pytest.raises(PermissionDenied):
            actions.finish_action(ours, by=colleague)
        assert actions.finish_action(theirs, by=colleague).done_at is not None
    client, address = client_as(colleague), f"/acme/reviews/{review.pk}/"
    page = client.get(address).content.decode()
    assert "Mail" in page
    assert "Save the minutes" not in page
    minutes = {"held_on": str(today), "minutes": "Invented", "seen": ""}
    assert client.post(f"{address}minutes/", minutes).status_code == 403
    with tenant_scope(tenant.pk):
        assert Review.objects.get().minutes == ""


def test_a_review_holds_the_goals_of_its_year_and_the_trends_of_its_scorecard(
    client_as: SignIn, tenant: Tenant, manager: Membership
) -> None:
    with tenant_scope(tenant.pk):
        calendar = calendar_of(tenant)
        quarter, year = calendar.current(PeriodKind.QUARTER), calendar.current(PeriodKind.YEAR)
        partner = PartnerFactory(name="Harbour", manager=manager)
        for back, revenue in enumerate((300_00, 200_00, 400_00)):
            period = quarter
            for _step in range(back + 1):
                period = period.previous()
            won_deal(partner, revenue, period.start)
        won_deal(partner, 100_00, quarter.start)
        recompute(tenant)

        def goal(kpi: str, period: Period, target: float) -> Goal:
            return actions.set_goal(
                by=manager, level=SubjectKind.PARTNER, kpi=kpi, period=period, target=target, partner=partner
            )

        goal("revenue", year, 1_000_000_00)
        over = goal("deal_count", quarter, 50)
        Goal.objects.filter(pk=over.pk).update(
            period_start=year.previous().previous().start, period_kind=PeriodKind.YEAR
        )
        review = actions.prepare_review(
            by=manager, partner=partner, period=quarter, planned_on=calendar.today()
        )
        topics = {topic["title"]: topic for topic in review.agenda}
        (of_year,) = topics["Goals"]["lines"]
        assert of_year.startswith(f"Total sales revenue, {year.label()}: €")
        assert "of €1,000,000, progress 0% (Open)" in of_year
        revenue = next(
            row for row in topics["Trends"]["trends"]["rows"] if row["kpi"] == "Total sales revenue"
        )
        # What adds up is not held against a whole quarter while its own is running.
        assert (revenue["values"][-4:], revenue["way"]) == (["€400", "€200", "€300", "€100"], "unknown")
        before = actions.prepare_review(
            by=manager, partner=partner, period=quarter.previous(), planned_on=calendar.today()
        )
        topics = {topic["title"]: topic for topic in before.agenda}
        (line,) = [one for one in topics["Trends"]["lines"] if one.startswith("Total sales revenue: ")]
        assert line.endswith("€400 → €200 → €300; up")
    page = client_as(manager).get(f"/acme/reviews/{before.pk}/").content.decode()
    assert f'data-label="{quarter.previous().label()}">€300</td>' in page


def test_a_partners_person_does_what_a_review_has_agreed(
    client_as: SignIn, tenant: Tenant, manager: Membership
) -> None:
    today = timezone.localdate()
    with tenant_scope(tenant.pk):
        partner, other = PartnerFactory(name="Harbour", manager=manager), PartnerFactory(name="Quay")
        person = make_member(Role.PARTNER_MEMBER, partner=partner)
        colleague = make_member(Role.PARTNER_OWNER, partner=partner)
        stranger = make_member(Role.PARTNER_OWNER, partner=other)
        period = calendar_of(tenant).current(PeriodKind.QUARTER)
        review = actions.prepare_review(by=manager, partner=partner, period=period, planned_on=today)
        actions.hold_review(review, by=manager, held_on=today, minutes="Between us: they are slow.", seen="")
        with pytest.raises(ActionRefused):
            actions.add_action(review, by=manager, text="x", owner=stranger, due_on=today)
        own = actions.add_action(review, by=manager, text="Visit the customer", owner=manager, due_on=today)
    vendor = client_as(manager)
    form = {"text": "Train the engineers", "owner": person.pk, "due_on": str(today)}
    assert vendor.post(f"/acme/reviews/{review.pk}/actions/", form).status_code == 302
    with tenant_scope(tenant.pk):
        theirs = ReviewAction.objects.get(owner=person)
        dispatch_pending(tenant.pk)
        told = Notification.objects.get(member=person, channel=Channel.PORTAL)
        assert (told.kind, told.url_name) == ("reviews.given", "metrics_reviews:goals")
    client = client_as(person)
    page = client.get("/acme/goals/").content.decode()
    assert "Train the engineers" in page
    assert "Visit the customer" not in page
    assert "Train the engineers" not in client_as(colleague).get("/acme/goals/").content.decode()
    for address in ("reviews/", f"reviews/{review.pk}/", f"reviews/{review.pk}/minutes/"):
        assert client.get(f"/acme/{address}").status_code == 403
    with tenant_scope(tenant.pk, partner.pk):
        assert [action.pk for action in ReviewAction.objects.all()] == [theirs.pk]
    assert client_as(stranger).post(f"/acme/reviews/actions/{theirs.pk}/done/").status_code == 404
    assert client_as(colleague).post(f"/acme/reviews/actions/{theirs.pk}/done/").status_code == 403
    assert client.post(f"/acme/reviews/actions/{own.pk}/done/").status_code == 404
    done = client.post(f"/acme/reviews/actions/{theirs.pk}/done/")
    assert done["Location"] == "/acme/goals/"
    with tenant_scope(tenant.pk):
        theirs.refresh_from_db()
        assert theirs.done_at is not None
        dispatch_pending(tenant.pk)
        told = Notification.objects.get(member=manager, channel=Channel.PORTAL, kind="reviews.kept")
        assert told.words == {"text": "Train the engineers", "partner": "Harbour"}


def test_what_an_action_should_change_is_measured_on_the_reviews_page(
    client_as: SignIn, tenant: Tenant, manager: Membership
) -> None:
    today = timezone.localdate()
    with tenant_scope(tenant.pk):
        partner = PartnerFactory(name="Harbour", manager=manager)
        won_deal(partner, 300_00, today - dt.timedelta(days=20))
        won_deal(partner, 100_00, today - dt.timedelta(days=1))
        won_deal(partner, 700_00, today)
        period = calendar_of(tenant).current(PeriodKind.QUARTER)
        review = actions.prepare_review(by=manager, partner=partner, period=period, planned_on=today)
        with pytest.raises(ActionRefused, match="before and after"):
            actions.add_action(review, by=manager, text="x", owner=manager, due_on=today, kpi="quality_score")
    client, address = client_as(manager), f"/acme/reviews/{review.pk}/"
    promised = {"text": "Call", "owner": manager.pk, "due_on": str(today), "kpi": "revenue"}
    assert client.post(f"{address}actions/", promised).status_code == 302
    assert "should change Total sales revenue" in client.get(address).content.decode()
    with tenant_scope(tenant.pk):
        action = ReviewAction.objects.get()
    client.post(f"/acme/reviews/actions/{action.pk}/done/")
    page = client.get(address).content.decode()
    assert "€100 on the day before, €700 on the day since" in page
    # Of one day nothing is said.
    assert "too early to tell" in page
    assert "better" not in page
    with tenant_scope(tenant.pk):
        ReviewAction.objects.update(done_at=timezone.now() - dt.timedelta(days=13))
    page = client.get(address).content.decode()
    assert "€300 in the 14 days before, €800 in the 14 days since" in page
    assert "better" in page
    assert "too early to tell" not in page


def test_long_lists_have_pages(client_as: SignIn, tenant: Tenant, manager: Membership) -> None:
    with tenant_scope(tenant.pk):
        rule = AlertRule.objects.create(name="Low", kpi="revenue", kind=RuleKind.THRESHOLD, limit=1)
        partners = [PartnerFactory(name=f"P{number:02}", manager=manager) for number in range(27)]
        for number, partner in enumerate(partners):
            start = dt.date(2026, 1, 1)
            moment = timezone.now() - dt.timedelta(minutes=number)
            Alert.objects.create(
                rule=rule, partner=partner, period_start=start, value=0, reference=1, opened_at=moment
            )
            Review.objects.create(partner=partner, period_start=start, planned_on=start, prepared_by=manager)
            Goal.objects.create(
                subject_kind=SubjectKind.PARTNER,
                subject_key=str(partner.pk),
                partner=partner,
                kpi="revenue",
                period_kind=PeriodKind.QUARTER,
                period_start=start,
                target=1,
            )
    client = client_as(manager)
    for page, key in (("alerts", "alerts"), ("reviews", "reviews"), ("goals", "goals")):
        first, last = client.get(f"/acme/{page}/?mine=1"), client.get(f"/acme/{page}/?mine=1&page=2")
        assert (len(first.context[key]), len(last.context[key])) == (25, 2), page
        assert "page=2" in first.content.decode()
        assert "mine=1&amp;page=1" in last.content.decode()
        # Behind the end is the last page, and nonsense the first.
        assert len(client.get(f"/acme/{page}/?page=99").context[key]) == 2
        assert len(client.get(f"/acme/{page}/?page=x").context[key]) == 25


def test_goals_alerts_and_reviews_are_read_by_api(
    client_as: SignIn, tenant: Tenant, manager: Membership
) -> None:
    with tenant_scope(tenant.pk):
        ours, theirs = PartnerFactory(name="Ours"), PartnerFactory(name="Theirs")
        owner = make_member(Role.PARTNER_OWNER, partner=ours)
        start = dt.date(2026, 1, 1)
        for partner in (ours, theirs, None):
            Goal.objects.create(
                subject_kind=SubjectKind.PARTNER if partner else SubjectKind.PROGRAMME,
                subject_key=str(partner.pk) if partner else "",
                partner=partner,
                kpi="revenue",
                period_kind=PeriodKind.QUARTER,
                period_start=start,
                baseline=100,
                value=150,
                target=200,
            )
        rule = AlertRule.objects.create(name="Low", kpi="revenue", kind=RuleKind.THRESHOLD, limit=1)
        Alert.objects.create(
            rule=rule, partner=ours, period_start=start, value=0, reference=1, opened_at=timezone.now()
        )
        review = Review.objects.create(
            partner=ours,
            period_start=start,
            planned_on=start,
            prepared_by=manager,
            agenda=[{"title": "Results", "lines": ["Score 80"]}],
        )
        ReviewAction.objects.create(review=review, text="Call", owner=manager, due_on=start, kpi="revenue")
    vendor, partner_side = client_as(manager), client_as(owner)

    def rows(client: Client, address: str) -> list[dict]:
        answer = client.get(f"/acme/api/v1/{address}")
        assert answer.status_code == 200, answer.content
        return answer.json()["results"]

    assert len(rows(vendor, "goals/")) == 3
    (own,) = rows(partner_side, "goals/")
    assert (own["partner"], own["progress"], own["target"]) == (str(ours.pk), 0.75, 200)
    assert [row["partner"] for row in rows(vendor, f"goals/?partner={theirs.pk}&kpi=revenue")] == [
        str(theirs.pk)
    ]
    assert rows(vendor, "goals/?status=reached") == []
    (alert,) = rows(vendor, "alerts/?is_open=true")
    assert (alert["rule_name"], alert["kpi"]) == ("Low", "revenue")
    assert rows(vendor, "alerts/?is_open=false") == []
    (found,) = rows(vendor, f"reviews/?partner={ours.pk}")
    assert found["agenda"] == [{"title": "Results", "lines": ["Score 80"]}]
    assert [action["text"] for action in found["actions"]] == ["Call"]
    for closed in ("alerts/", "reviews/"):
        assert partner_side.get(f"/acme/api/v1/{closed}").status_code == 403
    not_so = vendor.post("/acme/api/v1/goals/", {})
    assert (not_so.status_code, not_so.json()["title"]) == (405, 'Method "POST" not allowed.')

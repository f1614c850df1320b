"""Alerts: when they are raised, rest and close."""

import datetime as dt
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from metrics.periods import Period, PeriodKind, calendar_of
from metrics.reviews import actions
from metrics.reviews.alerts import evaluate_alerts
from metrics.reviews.figures import distance, ranks
from metrics.reviews.models import Alert, AlertRule, RuleKind
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory
from tests.metrics.reviews.made import set_revenue

SignIn = Callable[[Membership], Client]


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
    assert Alert.objects.get().reference == 10_00
    # It is judged by the middle of 8, 9, 10, 11, 11 and 11, and says so.
    set_revenue(partner, older.next().next().next(), 11_00)
    evaluate_alerts()
    assert Alert.objects.get().reference == 10_50


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


def test_an_open_alert_says_how_it_is_now(admin: Membership, partner: Partner, settled: Period) -> None:
    rule = a_rule(admin)
    set_revenue(partner, settled, 50_00)
    evaluate_alerts()
    opened = Alert.objects.get()
    actions.save_rule(by=admin, rule=rule, kpi="revenue", limit=80_00)
    set_revenue(partner, settled, 40_00)
    assert evaluate_alerts() == 0
    alert = Alert.objects.get()
    assert (alert.pk, alert.value, alert.reference) == (opened.pk, 40_00, 80_00)
    assert (alert.opened_at, alert.closed_at) == (opened.opened_at, None)


def test_what_a_rule_measures_stays_once_there_are_alerts(
    client_as: SignIn, tenant: Tenant, admin: Membership
) -> None:
    with tenant_scope(tenant.pk):
        rule = a_rule(admin)
        actions.save_rule(by=admin, rule=rule, kpi="revenue", period_kind="month")
        actions.save_rule(by=admin, rule=rule, kpi="revenue", period_kind="quarter")
        set_revenue(PartnerFactory(), calendar_of(tenant).latest_settled(PeriodKind.QUARTER), 50_00)
        evaluate_alerts()
        for changed in ({"kpi": "deal_count"}, {"kind": "peers"}, {"period_kind": "month"}):
            with pytest.raises(ActionRefused, match="make another one") as refused:
                actions.save_rule(by=admin, rule=rule, **{"kpi": "revenue"} | changed)
            assert refused.value.field == next(iter(changed))
    address = f"/acme/alerts/rules/{rule.pk}/"
    typed = {"name": "Lower", "kpi": "revenue", "kind": "threshold", "limit": "90", "cooldown_days": "7"}
    page = client_as(admin).post(address, typed | {"period_kind": "month", "is_active": "on"})
    assert "make another one" in page.content.decode()
    client_as(admin).post(address, typed | {"period_kind": "quarter"})
    with tenant_scope(tenant.pk):
        rule.refresh_from_db()
    assert (rule.name, rule.limit, rule.period_kind, rule.is_active) == ("Lower", 90_00, "quarter", False)


def test_of_partners_that_have_left_nothing_stays_open(
    client_as: SignIn, tenant: Tenant, admin: Membership, manager: Membership
) -> None:
    with tenant_scope(tenant.pk):
        settled = calendar_of(tenant).latest_settled(PeriodKind.QUARTER)
        gone, resting = (PartnerFactory(name=name, manager=manager) for name in ("Harbour", "Meadow"))
        a_rule(admin)
        for partner in (gone, resting):
            set_revenue(partner, settled, 50_00)
        assert evaluate_alerts() == 2
        Partner.objects.filter(pk=gone.pk).update(status="terminated")
        Partner.objects.filter(pk=resting.pk).update(status="suspended")
        AlertRule.objects.update(is_active=False)
        assert evaluate_alerts([]) == 0
    client = client_as(manager)
    for address in ("/acme/alerts/", "/acme/"):
        page = client.get(address).content.decode()
        assert "Meadow" in page, address
        assert "Harbour" not in page, address
    closed = client.get("/acme/alerts/?show=closed").content.decode()
    assert "Harbour" in closed
    assert "closed on" in closed
    assert "recovered" not in closed

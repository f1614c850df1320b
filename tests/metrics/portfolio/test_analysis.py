"""The analysis: league, cohorts, breakdowns and the files, through the page."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import product

import polars as pl
import pytest
import time_machine
from django.db import connection
from django.db.backends.postgresql.psycopg_any import NumericRange
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from metrics import actions
from metrics.models import Scorecard
from metrics.periods import Period, PeriodKind, add_months, calendar_of
from metrics.portfolio import queries
from metrics.portfolio.charts import quadrant, sparkline
from metrics.portfolio.dimensions import dimension
from metrics.portfolio.queries import Choice
from metrics.portfolio.views import BY
from metrics.queries import fact_values
from metrics.revenue import RevenueBase, change_revenue_base
from metrics.templatetags.metrics import heat_cells
from partners.deals.enums import RegistrationStatus, SalesStage
from partners.deals.models import Deal
from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from partners.orders.enums import OrderStatus
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import DealFactory, OrderFactory, PartnerFactory, ProductFactory, won_deal

SignIn = Callable[[Membership], Client]
QUARTER = PeriodKind.QUARTER


@pytest.fixture
def period(tenant: Tenant) -> Period:
    return calendar_of(tenant).current(QUARTER)


@pytest.fixture
def three(tenant: Tenant, manager: Membership, period: Period) -> list[Partner]:
    """A of the manager's portfolio, B and C of nobody's, with sales now and in the quarter before."""
    with tenant_scope(tenant.pk):
        a = PartnerFactory(name="A", manager=manager)
        b, c = PartnerFactory(name="B", region="APAC"), PartnerFactory(name="C")
        won_deal(a, 300_00, period.start)
        won_deal(b, 200_00, period.start)
        won_deal(c, 100_00, period.start)
        won_deal(c, 50_00, period.previous().start)
        DealFactory(
            partner=a,
            status=RegistrationStatus.SUBMITTED,
            stage=SalesStage.PROPOSAL,
            amount=70_00,
            engaged_on=period.start,
        )
        actions.ensure_default_template(tenant)
        actions.recompute_everything()
        scores = {a: (90, 10), b: (90, 80), c: (40, 60)}
        for partner, (now, before) in scores.items():
            cards = Scorecard.objects.filter(partner=partner, period_kind=QUARTER)
            cards.filter(period_start=period.start).update(score=now)
            cards.filter(period_start=period.previous().start).update(score=before)
            if not cards.filter(period_start=period.previous().start).exists():
                card = cards.get(period_start=period.start)
                card.pk, card.period_start, card.score = None, period.previous().start, before
                card.id = None
                Scorecard.objects.bulk_create([_copy(card)])
        return [a, b, c]


def _copy(card: Scorecard) -> Scorecard:
    names = [
        field.attname for field in card._meta.concrete_fields if field.attname not in ("id", "created_at")
    ]
    return Scorecard(**{name: getattr(card, name) for name in names})


def test_places_are_shared_and_move(tenant: Tenant, three: list[Partner], period: Period) -> None:
    with tenant_scope(tenant.pk):
        rows = queries.league(Choice(), period)
        # Before: B 80, C 60, A 10. Now: A and B 90, C 40.
        assert [(row.name, row.place, row.previous_place, row.moved) for row in rows] == [
            ("A", 1, 3, 2),
            ("B", 1, 1, 0),
            ("C", 3, 2, -1),
        ]
        assert [row.revenue for row in rows] == [300_00, 200_00, 100_00]
        queries.with_trend(rows, period)
        assert [float(score) for score in rows[0].trend[-2:]] == [10, 90]


def test_who_is_chosen_is_ranked_alone(
    tenant: Tenant, three: list[Partner], manager: Membership, period: Period
) -> None:
    with tenant_scope(tenant.pk):
        assert [(row.name, row.moved) for row in queries.league(Choice(manager=manager.pk), period)] == [
            ("A", 0)
        ]
        assert [row.name for row in queries.league(Choice(region="APAC"), period)] == ["B"]
        assert [row.name for row in queries.league(Choice(region="EMEA"), period)] == ["A", "C"]
        assert queries.league(Choice(manager=manager.pk, region="APAC"), period) == []
        of_tier = Choice(tier="gold", of_tier=frozenset({three[2].pk}))
        assert [row.name for row in queries.league(of_tier, period)] == ["C"]


def test_what_stands_in_the_map_of_kpis_is_escaped() -> None:
    cell = {"value": "<b>", "attainment": "50%", "shade": 2, "address": "/a?b&c", "against": "better & more"}
    nothing = {"value": "–", "attainment": "", "shade": 0, "address": "", "against": ""}
    assert heat_cells([cell, nothing]) == (
        '<td class="num heat-2"><a href="/a?b&amp;c">&lt;b&gt;</a><br><small>50%</small>'
        '<br><small>better &amp; more</small></td><td class="num">–</td>'
    )


def test_breakdowns_add_up_to_the_programme(tenant: Tenant, three: list[Partner], period: Period) -> None:
    with tenant_scope(tenant.pk):
        won = queries.won_by(Choice(), period, [dimension(code, calendar_of(tenant)) for code in BY])
        assert list(won.by) == list(BY)
        for parts in (*won.by.values(), won.months):
            assert sum(part.amount for part in parts) == 600_00
            assert sum(part.deals for part in parts) == 3
        assert [(part.label, part.deals, part.amount) for part in won.by["region"]] == [
            ("EMEA", 2, 400_00),
            ("APAC", 1, 200_00),
        ]
        today = calendar_of(tenant).today()
        assert [(part.key, part.deals, part.amount) for part in queries.open_by_stage(Choice(), today)] == [
            (SalesStage.PROPOSAL, 1, 70_00)
        ]


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "America/Los_Angeles"])
def test_the_stages_of_today_are_the_pipeline_of_the_facts(
    client_as: SignIn, tenant: Tenant, admin: Membership, zone: str
) -> None:
    tenant.time_zone = zone
    tenant.save()
    with tenant_scope(tenant.pk), timezone.override(zone):
        period, today, partner = calendar_of(tenant).current(QUARTER), timezone.localdate(), PartnerFactory()
        Deal.objects.bulk_create(deals_of_all_kinds(partner, today))
        DealFactory(partner=partner, status=RegistrationStatus.SUBMITTED, first_submitted_at=timezone.now())
        facts = fact_values([period.window()], [partner.pk], today)[partner.pk, period.window().key]
        parts = queries.open_by_stage(Choice(), today)
    assert 0 < facts["pipeline_open_count"] == sum(part.deals for part in parts)
    assert facts["pipeline_open_amount"] == sum(part.amount for part in parts)
    page = client_as(admin)
    for part in parts:
        lines = b"".join(page.get(f"/acme/deals/?stage={part.key}&pipeline=true&export=csv")).decode()
        assert len(lines.strip().splitlines()) - 1 == part.deals


def deals_of_all_kinds(partner: Partner, today: date) -> list[Deal]:
    """Whatever a deal's registration, stage and days may be, each with an amount that no other sum has."""
    midnight, day = timezone.make_aware(datetime.combine(today, time.min)), timedelta(days=1)
    second = timedelta(seconds=1)
    since = [{"engaged_on": today + step} for step in (-day, 0 * day, day)]
    since += [{}, *({"first_submitted_at": at} for at in (midnight, midnight + day - second, midnight + day))]
    ends = [midnight, midnight + day - second, midnight + day]
    statuses = [status for status in ("", *RegistrationStatus) if status != RegistrationStatus.APPROVED]
    kinds = product(statuses, SalesStage, since, (None, today, today + day), ends)
    return [
        Deal(
            number=f"D-{place}",
            partner=partner,
            status=status,
            stage=stage,
            closed_on=closed_on,
            protection=NumericRange(midnight - 9 * day, end),
            amount_base=place**2,
            revenue=place,
            revenue_base=place,
            currency="EUR",
            **entered,
        )
        for place, (status, stage, entered, closed_on, end) in enumerate(kinds, 1)
        if closed_on or stage != SalesStage.WON
    ]


def test_cohorts_count_revenue_by_age(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        today = calendar_of(tenant).today()
        joined = add_months(today, -7)
        partner = PartnerFactory(joined_on=joined.replace(day=20))
        PartnerFactory(joined_on=joined, status=PartnerStatus.TERMINATED)
        won_deal(partner, 100_00, add_months(joined, 2))
        won_deal(partner, 40_00, add_months(joined, 3))
        actions.ensure_default_template(tenant)
        actions.recompute_everything()
        (cohort,) = queries.cohorts(Choice(), today)
        assert (cohort.month, cohort.joined, cohort.active) == (joined, 2, 1)
        # The seventh month is not wholly the third age yet: no figure rather than a small one.
        assert cohort.revenue == [100_00, 40_00, None, None]


@time_machine.travel("2026-11-20 12:00:00+00:00")
def test_cohorts_go_by_what_counts_as_revenue_in_each_month(
    client_as: SignIn, tenant: Tenant, admin: Membership
) -> None:
    """Won 100 and ordered 7 in each month from February on; what is ordered counts from June on."""
    with tenant_scope(tenant.pk):
        partner = PartnerFactory(joined_on=date(2026, 2, 10), region="North")
        other = PartnerFactory(joined_on=date(2025, 2, 10), region="North")
        for month in range(2, 11):
            won_deal(partner, 100_00, date(2026, month, 12))
            at = datetime(2026, month, 12, 12, tzinfo=UTC)
            OrderFactory(partner=partner, total=7_00, ordered_at=at)
            OrderFactory(partner=other, total=5_00, ordered_at=at)
        cancelled = {"status": OrderStatus.CANCELLED, "cancelled_on": date(2026, 9, 13)}
        OrderFactory(partner=partner, ordered_at=datetime(2026, 9, 12, 12, tzinfo=UTC), **cancelled)
        actions.ensure_default_template(tenant)
        change_revenue_base(RevenueBase.ORDERS, by=admin, valid_from=date(2026, 6, 1))
        actions.recompute_everything()
    client = client_as(admin)
    cohort = client.get("/acme/analysis/?region=North").context["cohorts"][0]
    assert [each["text"] for each in cohort["revenue"]] == ["€300", "€114", "€21", "–"]
    deals, mixed, orders, ahead = (each["address"] for each in cohort["revenue"])
    assert (mixed, ahead) == ("", "")
    listed = [client.get(address).context["table"].data for address in (deals, orders)]
    assert [deal.revenue_base for deal in listed[0]] == [100_00] * 3
    assert [(order.partner_id, order.total_base) for order in listed[1]] == [(partner.pk, 7_00)] * 3


def test_the_page_shows_what_is_behind_each_number(
    client_as: SignIn, tenant: Tenant, manager: Membership, three: list[Partner], period: Period
) -> None:
    page = client_as(manager).get("/acme/analysis/").content.decode()
    assert "▲ 2" in page
    assert "▼ 1" in page
    assert f"/acme/scorecards/partners/{three[0].pk}/" in page
    with tenant_scope(tenant.pk):
        card = Scorecard.objects.get(partner=three[0], period_kind=QUARTER, period_start=period.start)
    assert f"/acme/scorecards/cards/{card.pk}/" in page
    assert "<polyline" in page
    mine = client_as(manager).get(f"/acme/analysis/?manager={manager.pk}").content.decode()
    assert f"/acme/scorecards/partners/{three[1].pk}/" not in mine
    assert f"manager={manager.pk}" in mine
    for nonsense in ("?manager=x&page=99&sort=x&type=x&region=x", "?period=year", "?sort=change"):
        assert client_as(manager).get(f"/acme/analysis/{nonsense}").status_code == 200


def test_the_league_is_exported_in_three_forms(
    client_as: SignIn, manager: Membership, three: list[Partner]
) -> None:
    client = client_as(manager)
    csv = b"".join(client.get("/acme/analysis/?export=csv").streaming_content).decode()
    assert csv.splitlines()[1].split(",")[1] == "A"
    assert client.get("/acme/analysis/?export=xlsx").status_code == 200
    frame = pl.read_parquet(io.BytesIO(client.get("/acme/analysis/?export=parquet").content))
    assert frame["Partner"].to_list() == ["A", "B", "C"]
    assert frame["Revenue"].to_list() == [300.0, 200.0, 100.0]
    assert frame["Place"].to_list() == [1, 1, 3]
    assert frame["revenue value"].to_list() == frame["Revenue"].to_list()
    assert frame["Currency"].to_list() == ["EUR"] * 3
    assert frame["win_rate value (%)"].to_list() == [100.0] * 3
    assert "revenue attainment (%)" in frame.columns


def test_the_page_costs_the_same_for_one_partner_and_for_many(
    client_as: SignIn, tenant: Tenant, manager: Membership, three: list[Partner], period: Period
) -> None:
    client = client_as(manager)
    client.get("/acme/analysis/")
    with CaptureQueriesContext(connection) as few:
        client.get("/acme/analysis/?region=APAC")
    with tenant_scope(tenant.pk):
        for _number in range(4):
            won_deal(PartnerFactory(region="APAC"), 100_00, period.start, product=ProductFactory())
        actions.recompute_everything()
    with CaptureQueriesContext(connection) as many:
        client.get("/acme/analysis/?region=APAC")
    assert len(many) == len(few)


def test_sparklines_and_quadrant_need_two_points(
    tenant: Tenant, three: list[Partner], period: Period
) -> None:
    assert sparkline([None, 50]) is None
    line = sparkline([None, 0, 100])
    assert line is not None
    assert line["points"] == "48.0,22.0 94.0,2.0"
    with tenant_scope(tenant.pk):
        rows = queries.league(Choice(), period)
    chart = quadrant(rows, "EUR", lambda row: f"/{row.name}/")
    assert chart is not None
    assert [row[0] for row in chart["rows"]] == ["A", "B", "C"]
    assert quadrant(rows[:1], "EUR", str) is None

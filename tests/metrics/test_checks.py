"""The worked examples, from records or facts to the figure that a person sees."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from metrics import actions
from metrics.costs import actions as costs
from metrics.costs.models import Cost
from metrics.evaluation import evaluate_facts
from metrics.kpis import AREAS, KPIS
from metrics.models import Scorecard
from metrics.readings import actions as readings
from metrics.readings.models import MetricDefinition, Reading
from partners.directory.actions import end_business, resume_business
from partners.directory.models import Customer, Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.dispatch import dispatch_pending
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import (
    CampaignFactory,
    CostFactory,
    CustomerFactory,
    DailyFigureFactory,
    MetricDefinitionFactory,
    OrderFactory,
    PartnerFactory,
    make_member,
    won_deal,
)

pytestmark = pytest.mark.django_db
SignIn = Callable[[Membership], Client]
TODAY = dt.date(2026, 11, 20)


def test_marketing_orders_and_costs_on_the_page_of_a_scorecard(
    tenant: Tenant, admin: Membership, client_as: SignIn
) -> None:
    """10,000 impressions, 1,000 clicks, 20 conversions, 900 spent: CTR 10%, 2% convert, 0.90 a click, CPA 45."""
    with tenant_scope(tenant.pk):
        partner = PartnerFactory()
        DailyFigureFactory(
            campaign=CampaignFactory(partner=partner),
            impressions=10_000,
            clicks=1_000,
            conversions=20,
            spend=900_00,
        )
        OrderFactory(partner=partner, total=150_00)
        OrderFactory(partner=partner, total=250_00)
        won_deal(partner, 1_000_00, TODAY, cost_base=600_00)
        CostFactory(partner=partner, amount=100_00)
        actions.recompute_everything(TODAY)
        card = Scorecard.objects.get(partner=partner, period_kind="month", period_start=dt.date(2026, 11, 1))
        seller = make_member(Role.PARTNER_MEMBER, partner=partner)
    client = client_as(admin)
    expected = {
        "click_through_rate": "10.0%",
        "click_conversion": "2.0%",
        "cost_per_click": "€0.90",
        "cost_per_acquisition": "€45",
        "average_order_value": "€200",
        "partner_profitability": "30.0%",
    }
    for code, text in expected.items():
        page = client.get(f"/acme/scorecards/cards/{card.pk}/{code}/")
        assert page.status_code == 200, code
        assert text in page.content.decode(), code
    assert (
        client_as(seller).get(f"/acme/scorecards/cards/{card.pk}/partner_profitability/").status_code == 404
    )


def test_lifetime_value_velocity_and_what_has_no_data() -> None:
    values = evaluate_facts(
        {
            "customer_revenue": 100_00 * 1000,
            "customer_months": 1000 * 10_000,
            "customers_ended": 50,
            "revenue_with_cost": 100_00,
            "cost_won": 20_00,
        }
    )
    assert values["lifetime_value"] == pytest.approx(1_600_00)
    facts = {
        "pipeline_open_count": 18,
        "revenue_won": 42_000_00 * 24,
        "deals_won": 24,
        "deals_lost": 76,
        "cycle_days_won": 78 * 24,
    }
    assert round(evaluate_facts(facts)["deal_velocity"] / 100, 2) == 2326.15
    nothing = evaluate_facts({})
    assert nothing["win_rate"] is nothing["cash_flow"] is nothing["operating_costs"] is None
    assert evaluate_facts({"cash_flow_readings": 1})["cash_flow"] == 0


def test_every_kpi_is_in_an_area_and_comes_down_to_facts() -> None:
    assert {kpi.area for kpi in KPIS.values()} <= set(AREAS)
    assert all(kpi.facts for kpi in KPIS.values() if not kpi.ranks)


def test_the_catalogue_finds_filters_and_hides_what_is_the_vendors_own(
    tenant: Tenant, admin: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        actions.ensure_default_template(tenant)
        seller = make_member(Role.PARTNER_MEMBER, partner=PartnerFactory())
    client = client_as(admin)
    page = client.get("/acme/scorecards/catalogue/").content.decode()
    assert "Programme return on investment" in page
    assert client.get("/acme/scorecards/catalogue/?q=handle+time").context["count"] == 1
    assert client.get("/acme/scorecards/catalogue/?area=customers&kind=lead").context["count"] == 0
    orders = client.get("/acme/scorecards/catalogue/?source=orders").context["areas"]
    codes = [row["kpi"].code for area in orders for row in area["kpis"]]
    assert "return_rate" in codes
    assert "win_rate" not in codes
    hidden = client_as(seller).get("/acme/scorecards/catalogue/").content.decode()
    assert "Programme return on investment" not in hidden
    assert "programme_cost" not in hidden


def test_a_cost_and_a_reading_by_hand_show_in_the_programme(
    tenant: Tenant, admin: Membership, client_as: SignIn
) -> None:
    client = client_as(admin)
    cost = {"spent_on": "2026-11-02", "category": "tools", "amount": "1,250.50"}
    assert "Tools" in client.post("/acme/costs/new/", cost, follow=True).content.decode()
    assert client.post("/acme/costs/new/", {**cost, "amount": "0"}).status_code == 422
    with tenant_scope(tenant.pk):
        noted = Cost.objects.get()
    assert "Tools · €1,250.50" in client.get(f"/acme/costs/{noted.pk}/edit/").content.decode()
    metric = {"name": "Visits", "unit": "count", "better": "up", "combination": "mean"}
    taken = client.post("/acme/metrics/new/", {**metric, "code": "revenue"})
    assert "is the name of another figure" in taken.content.decode()
    client.post("/acme/metrics/new/", {**metric, "code": "visits_here"})
    with tenant_scope(tenant.pk):
        PartnerFactory()
        definition = MetricDefinition.objects.get(code="visits_here")
    for day, number in (("2026-11-02", "10"), ("2026-11-03", "20.5"), ("2026-11-03", "30")):
        client.post(f"/acme/metrics/{definition.pk}/report/", {"day": day, "number": number})
    stays = client.post(f"/acme/metrics/{definition.pk}/edit/", {**metric, "unit": "money"})
    assert "unit and combination stay" in stays.content.decode()
    with tenant_scope(tenant.pk):
        assert list(Reading.objects.order_by("day").values_list("value", flat=True)) == [10_0000, 30_0000]
        actions.recompute_everything(TODAY)
        cards = Scorecard.objects.filter(period_kind="month", period_start=dt.date(2026, 11, 1))
        facts = cards.get(subject_kind="programme").facts
    assert facts["programme_cost"] == 1_250_50
    assert (facts["visits_here_total"], facts["visits_here_readings"]) == (40_0000, 2)
    assert client.get("/acme/metrics/").status_code == 200
    assert "30" in client.get("/acme/metrics/readings/").content.decode()


def test_costs_and_readings_by_the_api(tenant: Tenant, admin: Membership, client_as: SignIn) -> None:
    client = client_as(admin)
    body = {"spent_on": "2026-11-02", "category": "people", "amount": 500}
    made = client.post("/acme/api/v1/costs/", body, content_type="application/json")
    assert made.status_code == 201
    address = f"/acme/api/v1/costs/{made.json()['id']}/"
    changed = client.patch(address, {"amount": 700}, content_type="application/json")
    assert changed.json()["amount"] == 700
    assert client.delete(address).status_code == 204
    known = {row["code"]: row["id"] for row in client.get("/acme/api/v1/metrics/").json()["results"]}
    body = {"definition": known["market_share_growth"], "day": "2026-11-02", "number": "12.5"}
    assert client.post("/acme/api/v1/readings/", body, content_type="application/json").status_code == 201
    with tenant_scope(tenant.pk):
        assert Reading.objects.get().value == 1250


def test_a_customer_that_leaves_and_comes_back(scoped: Tenant) -> None:
    customer, admin = CustomerFactory(started_on=dt.date(2020, 1, 1)), make_member(Role.ADMIN)
    with pytest.raises(ActionRefused, match="before it began"):
        end_business(customer, by=admin, ended_on=dt.date(2019, 1, 1), reason="Gone")
    end_business(customer, by=admin, ended_on=dt.date(2026, 10, 31), reason="Gone")
    with pytest.raises(ActionRefused, match="ended already"):
        end_business(customer, by=admin, ended_on=dt.date(2026, 10, 31), reason="Gone")
    resume_business(customer, by=admin, reason="A new contract")
    customer.refresh_from_db()
    assert customer.ended_on is None


def test_a_customers_start_and_end_by_the_api_reach_retention_and_churn(
    tenant: Tenant, admin: Membership, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        partner = PartnerFactory()
        customers = [CustomerFactory(served_by=partner) for _number in range(4)]
        actions.recompute_everything(TODAY)
    client = client_as(admin)
    address = "/acme/api/v1/customers/{}/{}/"

    def post(customer: Customer, verb: str, **body: str) -> int:
        return client.post(
            address.format(customer.pk, verb), body, content_type="application/json"
        ).status_code

    assert [post(each, "start", started_on="2026-09-01") for each in customers] == [200] * 4
    assert post(customers[0], "end", ended_on="2026-08-31", reason="Gone") == 409
    assert post(customers[0], "end", ended_on="2026-11-10", reason="Gone") == 200
    assert post(customers[0], "end", ended_on="2026-11-10", reason="Gone") == 409
    assert post(customers[0], "start", started_on="2026-11-11") == 409
    with tenant_scope(tenant.pk):
        seller = make_member(Role.PARTNER_OWNER, partner=partner)
    own = client_as(seller)
    body = {"reason": "Ours"}
    refused = own.post(address.format(customers[0].pk, "resume"), body, content_type="application/json")
    assert refused.status_code == 403
    assert churn_of(tenant, partner) == {"retention": 0.75, "churn": 0.25}
    assert post(customers[0], "resume", reason="A new contract") == 200
    assert churn_of(tenant, partner) == {"retention": 1, "churn": 0}


def churn_of(tenant: Tenant, partner: Partner) -> dict[str, float | None]:
    """Of November, once the events have been told."""
    with tenant_scope(tenant.pk):
        dispatch_pending(tenant.pk)
        actions.recompute_dirty(TODAY)
        card = Scorecard.objects.get(partner=partner, period_kind="month", period_start=dt.date(2026, 11, 1))
        return evaluate_facts(card.facts, ["retention", "churn"])


def test_removing_takes_away_once_and_amounts_must_be_something(scoped: Tenant) -> None:
    admin, cost = make_member(Role.ADMIN), CostFactory()
    costs.remove_cost(cost, by=admin)
    with pytest.raises(ActionRefused, match="removed this cost"):
        costs.remove_cost(cost, by=admin)
    readings.ensure_known()
    readings.ensure_known()
    metric = MetricDefinition.objects.get(code="cash_flow")
    with pytest.raises(ActionRefused, match="too large"):
        readings.report_reading(metric, by=admin, day=TODAY, number=Decimal(10) ** 14)


def test_a_reading_is_kept_by_the_unit_of_the_moment(scoped: Tenant) -> None:
    admin, opened = make_member(Role.ADMIN), MetricDefinitionFactory(code="stock", unit="count")
    readings.change_metric(MetricDefinition.objects.get(pk=opened.pk), by=admin, unit="money")
    # By a page that was opened before.
    reading = readings.report_reading(opened, by=admin, day=TODAY, number=Decimal("12.50"))
    assert (reading.value, reading.definition.unit) == (12_50, "money")

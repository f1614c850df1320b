"""Every row of the tables of KPIs, worked out by hand, and each of them from real records at every level."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from incentives.funds.models import Budget, Claim, Fund, FundRequest
from incentives.ledger.enums import EntryKind
from incentives.ledger.models import LedgerEntry
from metrics import actions
from metrics.evaluation import evaluate_facts
from metrics.explain import card_values
from metrics.kpis import KPIS
from metrics.kpis.shape import Kpi
from metrics.models import Scorecard, SubjectKind
from metrics.periods import Window, calendar_of
from metrics.queries import peer_figures
from metrics.readings import actions as readings
from metrics.readings.models import MetricDefinition
from metrics.sources import FACTS, SOURCES
from metrics.stretches import facts_between
from partners.deals.enums import DealOrigin, RegistrationStatus, SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from partners.leads.models import LeadOffer
from partners.marketing.models import Campaign
from partners.training.enums import SeatStatus
from partners.training.models import Course, Seat, Session
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import (
    CampaignFactory,
    DailyFigureFactory,
    DealFactory,
    LeadFactory,
    MetricDefinitionFactory,
    PartnerFactory,
    ReadingFactory,
    VendorLeadFactory,
    make_member,
    share_deal,
    won_deal,
)
from tests.metrics.test_sources import something_of_everything

pytestmark = pytest.mark.django_db
SignIn = Callable[[Membership], Client]
TODAY = dt.date(2026, 11, 20)
HOUR = 3600

SALES: dict[str, tuple[dict[str, int], float]] = {
    "revenue": ({"revenue_won": 600_00}, 600_00),
    "deal_count": ({"deals_won": 45}, 45),
    "average_deal_size": ({"revenue_won": 600_00, "deals_won": 2}, 300_00),
    "average_order_value": ({"order_revenue": 1_000_00, "orders_count": 4}, 250_00),
    "win_rate": ({"deals_won": 45, "deals_lost": 135, "deals_attributed": 260}, 0.25),
    "close_rate": ({"deals_won": 45, "deals_lost": 135, "deals_attributed": 260}, 45 / 260),
    "deal_success": ({"deals_won_registered": 6, "deals_approved": 9, "deals_rejected": 3}, 0.5),
    "sales_conversion_rate": ({"leads_converted": 3, "leads_submitted": 12}, 0.25),
    "sales_cycle": ({"cycle_days_won": 390, "deals_won": 5}, 78),
    "deal_velocity": (
        {
            "pipeline_open_count": 18,
            "revenue_won": 24 * 42_000,
            "deals_won": 24,
            "deals_lost": 76,
            "cycle_days_won": 24 * 78,
        },
        18 * 42_000 * 0.24 / 78,
    ),
    "pipeline": ({"pipeline_open_amount": 700_00}, 700_00),
    "weighted_pipeline": ({"pipeline_weighted_amount": 210_00}, 210_00),
    "deal_registration_rate": ({"deals_registered": 3, "deals_attributed": 4}, 0.75),
    "approval_rate": ({"deals_approved": 9, "deals_rejected": 3}, 0.75),
    "decision_time": ({"decision_hours": 10 * HOUR, "deals_decided": 4}, 2.5),
    "revenue_growth": ({"revenue_won": 150_00, "revenue_won_previous": 100_00}, 0.5),
    "sourced_revenue": ({"revenue_sourced": 300_00}, 300_00),
    "influenced_revenue": ({"revenue_influenced": 100_00}, 100_00),
    "sourced_share": ({"revenue_sourced": 300_00, "revenue_influenced": 100_00}, 0.75),
    "gross_margin": ({"revenue_with_cost": 1_000_00, "cost_won": 600_00}, 0.4),
    "net_margin": ({"revenue_with_cost": 1_000_00, "cost_won": 600_00, "incentives_paid": 50_00}, 0.35),
    "client_acquisition": ({"customers_new": 7}, 7),
}
CAMPAIGN = {"impressions": 10_000, "clicks": 1_000, "conversions": 20, "marketing_spend": 900_00}
LEADS: dict[str, tuple[dict[str, int], float]] = {
    "leads": ({"leads_submitted": 12}, 12),
    "qualified_leads": ({"leads_qualified": 8}, 8),
    "marketing_qualified_leads": ({"leads_marketing_qualified": 5}, 5),
    "lead_quality": ({"leads_qualified": 8, "leads_submitted": 10}, 0.8),
    "lead_conversion": ({"leads_converted": 2, "leads_qualified": 8}, 0.25),
    "lead_acceptance": ({"leads_accepted": 3, "leads_received": 4}, 0.75),
    "cost_per_lead": ({"marketing_spend": 900_00, "leads_submitted": 12}, 75_00),
    "website_traffic": ({"visits": 800}, 800),
    "click_through_rate": (CAMPAIGN, 0.1),
    "click_conversion": (CAMPAIGN, 0.02),
    "cost_per_click": (CAMPAIGN, 90),
    "cost_per_acquisition": (CAMPAIGN, 45_00),
    "customer_acquisition_cost": ({"marketing_spend": 900_00, "marketing_new_customers": 5}, 180_00),
    "earnings_per_click": ({"incentives_paid": 500_00, "clicks": 1_000}, 50),
    "marketing_roi": ({"marketing_revenue": 2_700_00, "marketing_spend": 900_00}, 2),
    "return_on_funds": ({"funds_revenue": 1_500_00, "funds_settled": 500_00}, 2),
    "asset_utilisation": ({"asset_downloads": 12, "assets_available": 8}, 1.5),
    "cobranded_campaigns": ({"campaigns_cobranded": 2}, 2),
    "social_engagement": ({"social_engagements": 340}, 340),
}
CUSTOMERS: dict[str, tuple[dict[str, int], float]] = {
    "csat": ({"csat_satisfied": 160, "csat_responses": 200}, 0.8),
    "nps": ({"nps_promoters": 60, "nps_detractors": 20, "nps_responses": 100}, 40),
    "retention": ({"customers_retained": 19, "customers_at_start": 20}, 0.95),
    "churn": ({"customers_lost": 1, "customers_at_start": 20}, 0.05),
    "monthly_churn": ({"customers_ended": 1, "customer_months": 20 * 10_000}, 0.05),
    "lifetime_value": (
        {
            "customer_revenue": 2_000_00,
            "customer_months": 20 * 10_000,
            "customers_ended": 1,
            "revenue_with_cost": 1_000_00,
            "cost_won": 200_00,
        },
        1_600_00,
    ),
    "direct_lifetime_value": (
        {"direct_lifetime_value_total": 1_200_00, "direct_lifetime_value_readings": 1},
        1_200_00,
    ),
}
OPERATIONS: dict[str, tuple[dict[str, int], float]] = {
    "fulfilment_time": ({"fulfilment_hours": 90 * HOUR, "orders_fulfilled": 3}, 30),
    "return_rate": ({"units_returned": 3, "units_sold": 60}, 0.05),
    "average_inventory": ({"average_inventory_total": 500_00, "average_inventory_readings": 1}, 500_00),
    "inventory_turnover": (
        {"cost_of_goods": 2_000_00, "average_inventory_total": 500_00, "average_inventory_readings": 1},
        4,
    ),
    "operating_costs": ({"operating_costs_total": 70_00, "operating_costs_readings": 2}, 70_00),
    "handle_time": (
        {"handle_seconds_total": 7_200 * 10_000, "handled_contacts_total": 8 * 10_000},
        0.25,
    ),
    "project_completion": (
        {"projects_completed_total": 9 * 10_000, "projects_due_total": 12 * 10_000},
        0.75,
    ),
    "cash_flow": ({"cash_flow_total": -20_00, "cash_flow_readings": 1}, -20_00),
}
ENGAGED = {
    "people_trained": 1,
    "people_active": 2,
    "asset_downloads": 1,
    "assets_available": 4,
    "campaigns_cobranded": 1,
    "events_attended": 0,
    "events_offered": 2,
    "interactions": 6,
    "members_active": 1,
    "members_total": 2,
}
ENGAGEMENT: dict[str, tuple[dict[str, int], float]] = {
    "training_completions": ({"completions": 4}, 4),
    "certified_people": ({"people_certified": 3}, 3),
    "training_participation": ({"people_trained": 3, "people_active": 12}, 0.25),
    "training_compliance": ({"required_courses_done": 9, "required_courses": 10}, 0.9),
    "interactions": ({"interactions": 11}, 11),
    "participation": ({"events_attended": 3, "events_offered": 4}, 0.75),
    "active_members": ({"members_active": 5, "members_total": 8}, 0.625),
    # 50%, 25%, all, nothing, all (twice what is expected) and 50%.
    "engagement_score": (ENGAGED, 100 * (0.5 + 0.25 + 1 + 0 + 1 + 0.5) / 6),
    "partner_satisfaction": ({"partner_sat_satisfied": 8, "partner_sat_responses": 10}, 0.8),
    "satisfaction_response": (
        {"partner_sat_response_satisfied": 1, "partner_sat_response_responses": 4},
        0.25,
    ),
    "satisfaction_support": ({"partner_sat_support_satisfied": 2, "partner_sat_support_responses": 4}, 0.5),
    "satisfaction_communication": (
        {"partner_sat_communication_satisfied": 3, "partner_sat_communication_responses": 4},
        0.75,
    ),
    "strategic_alignment": ({"alignment_points": 12, "alignment_points_possible": 16}, 75),
    "time_to_first_deal": ({"activation_days": 90, "partners_activated": 2}, 45),
}
COSELLING: dict[str, tuple[dict[str, int], float]] = {
    "joint_customers": ({"joint_customers_won": 3}, 3),
    "shared_pipeline_growth": ({"pipeline_shared_amount": 150_00, "pipeline_shared_before": 100_00}, 0.5),
    "shared_leads": ({"leads_received": 4, "leads_submitted": 6}, 10),
    "combined_sales_lift": ({"campaign_revenue": 300_00, "campaign_revenue_before": 200_00}, 0.5),
    "new_regions": ({"new_countries": 2}, 2),
    # 5% and 7% reported of two partners: a share does not add up.
    "market_share_growth": ({"market_share_growth_total": 1_200, "market_share_growth_readings": 2}, 0.06),
    "distribution_channels": (
        {"distribution_channels_total": 5 * 10_000, "distribution_channels_readings": 1},
        5,
    ),
}
SPENT = {
    "revenue_won": 1_000_00,
    "revenue_with_cost": 1_000_00,
    "cost_won": 600_00,
    "incentives_paid": 50_00,
    "programme_cost": 150_00,
}
PROGRAMME: dict[str, tuple[dict[str, int], float]] = {
    "recruitment": ({"partners_recruited": 4}, 4),
    "activation_rate": ({"recruits_activated": 1, "partners_recruited": 4}, 0.25),
    "active_partners": ({"partners_active": 9}, 9),
    "partner_growth": ({"partners_at_end": 23, "partners_at_start": 20}, 0.15),
    "partner_retention": ({"partners_at_start": 20, "partners_left": 2}, 0.9),
    "revenue_per_partner": ({"revenue_won": 900_00, "partners_active": 9}, 100_00),
    "revenue_efficiency": (SPENT, 1_000 / 150),
    "programme_roi": (SPENT, 1),
    "partner_profitability": (SPENT, 0.2),
    "attributed_revenue": ({"revenue_won": 900_00}, 900_00),
    "sessions_held": ({"sessions_held": 6}, 6),
}
TABLES = (SALES, LEADS, CUSTOMERS, OPERATIONS, ENGAGEMENT, COSELLING, PROGRAMME)
# A place among peers is no formula over facts.
RANKED = {"quality_score"}


@pytest.mark.parametrize("table", TABLES)
def test_each_row_of_a_table_gives_what_was_worked_out_by_hand(
    table: dict[str, tuple[dict[str, int], float]],
) -> None:
    for code, (facts, expected) in table.items():
        # A set of facts is one partner's.
        found = evaluate_facts({"partners": 1, **facts}, [code])[code]
        assert found == pytest.approx(expected), code


def test_no_kpi_is_without_a_row() -> None:
    codes = [code for table in TABLES for code in table]
    assert len(codes) == len(set(codes))
    assert set(codes) | RANKED == set(KPIS)


@pytest.mark.parametrize("table", TABLES)
def test_nothing_to_divide_by_is_no_data(table: dict[str, Any]) -> None:
    for code in table:
        value = evaluate_facts({}, [code])[code]
        divides = "/" in KPIS[code].formula
        assert (value is None) == divides, code


def a_busy_november(manager: Membership) -> list[Partner]:
    """Two partners of a portfolio and one of nobody's, with records of every source in November 2026 and before; and
    one of the portfolio that joined in that month and won its first deal ten days later."""
    partners = [*PartnerFactory.create_batch(2, manager=manager), PartnerFactory()]
    new = PartnerFactory(joined_on=dt.date(2026, 11, 2), manager=manager)
    won_deal(new, 10_00, dt.date(2026, 11, 12))
    readings.ensure_known()
    for definition in MetricDefinition.objects.all():
        for partner in (*partners, None):
            ReadingFactory(definition=definition, partner=partner, day=dt.date(2026, 11, 4), value=30_000)
    something_of_everything(partners, MetricDefinitionFactory())
    decided = dt.datetime(2026, 11, 5, 12, tzinfo=dt.UTC)
    for partner in partners:
        won_deal(partner, 70_00, dt.date(2026, 10, 5))
        registered(partner, decided)
        DealFactory(
            partner=partner,
            origin=DealOrigin.IMPORTED,
            status="",
            stage=SalesStage.LOST,
            engaged_on=dt.date(2026, 10, 1),
            closed_on=dt.date(2026, 11, 6),
        )
        shared = DealFactory(
            partner=partner,
            origin=DealOrigin.IMPORTED,
            status="",
            stage=SalesStage.ENGAGING,
            engaged_on=dt.date(2026, 10, 1),
        )
        share_deal(shared, 20, manager)
        lead_offered(partner, decided)
        campaign = CampaignFactory(partner=partner, is_joint=True, starts_on=dt.date(2026, 10, 4))
        DailyFigureFactory(
            campaign=campaign, clicks=5, conversions=2, new_customers=1, spend=10_00, revenue=30_00, visits=4
        )
        session_attended(partner, decided)
        funded(campaign, earned(partner))
    return [*partners, new]


def registered(partner: Partner, decided: dt.datetime) -> Deal:
    submitted = decided - dt.timedelta(hours=10)
    return won_deal(
        partner,
        90_00,
        dt.date(2026, 11, 8),
        origin=DealOrigin.REGISTERED,
        status=RegistrationStatus.WON,
        engaged_on=submitted.date(),
        first_submitted_at=submitted,
        submitted_at=submitted,
        decided_at=decided,
        cost_base=30_00,
    )


def lead_offered(partner: Partner, at: dt.datetime) -> None:
    """A lead of the vendor's that the partner accepted, and one of its own that became a deal."""
    lead = VendorLeadFactory()
    LeadOffer.objects.create(
        lead=lead, partner=partner, means="rule", offered_at=at, due_at=at, state="accepted"
    )
    LeadFactory(
        partner=partner,
        submitted_at=at,
        status="converted",
        closed_at=at,
        deal=DealFactory(partner=partner),
        marketing_qualified=True,
    )


def session_attended(partner: Partner, at: dt.datetime) -> None:
    course = Course.objects.get(title="Basics")
    session = Session.objects.create(course=course, starts_at=at, ends_at=at + dt.timedelta(hours=1))
    member = make_member(Role.PARTNER_MEMBER, partner=partner)
    Seat.objects.create(session=session, member=member, partner=partner, status=SeatStatus.ATTENDED)


def earned(partner: Partner) -> LedgerEntry:
    day = dt.date(2026, 11, 9)
    return LedgerEntry.objects.create(
        partner=partner,
        item=uuid4(),
        kind=EntryKind.MANUAL,
        amount=25_00,
        currency="EUR",
        base=0,
        rate=0,
        exchange_rate=1,
        sequence=1,
        **dict.fromkeys(("occurred_on", "booked_on", "payable_on", "posted_on"), day),
    )


def funded(campaign: Campaign, entry: LedgerEntry) -> None:
    """A campaign that a marketing fund paid for, with this entry."""
    fund, _new = Fund.objects.get_or_create(
        name="Growth", currency="EUR", defaults={"basis": "tier", "period": "quarter", "starts_on": TODAY}
    )
    partner = {"partner": campaign.partner}
    budget = Budget.objects.create(fund=fund, period_start=dt.date(2026, 10, 1), amount=100_00, **partner)
    member = make_member(Role.PARTNER_OWNER, **partner)
    request = FundRequest.objects.create(
        budget=budget,
        number=str(campaign.pk)[-20:],
        title="Breakfast",
        kind="event",
        starts_on=TODAY,
        ends_on=TODAY,
        cost=50_00,
        amount=25_00,
        approved=25_00,
        settled=25_00,
        status="settled",
        campaign=campaign,
        **partner,
    )
    Claim.objects.create(
        request=request,
        cost=50_00,
        amount=25_00,
        settled=25_00,
        status="paid",
        claimed_by=member,
        entry=entry,
        **partner,
    )


@pytest.fixture
def november(tenant: Tenant, manager: Membership) -> list[Partner]:
    with tenant_scope(tenant.pk):
        actions.ensure_default_template(tenant)
        with time_machine.travel("2026-11-03 12:00:00+00:00"):
            partners = a_busy_november(manager)
        actions.recompute_everything(TODAY)
    return partners


@time_machine.travel("2026-11-20 12:00:00+00:00")
def test_every_kpi_has_a_value_from_records_for_partner_portfolio_and_programme(
    tenant: Tenant, manager: Membership, november: list[Partner], client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        cards = Scorecard.objects.filter(period_kind="month", period_start=dt.date(2026, 11, 1))
        partner = cards.get(partner=november[0])
        groups = [
            cards.get(subject_kind=SubjectKind.PORTFOLIO, subject_key=str(manager.pk)),
            cards.get(subject_kind=SubjectKind.PROGRAMME),
        ]
        own = card_values(partner, peer_figures(november[0].pk, partner.period))
        missing = [code for code, kpi in KPIS.items() if "P" in kpi.level and own[code] is None]
        # It has won its first deal before.
        assert missing == ["time_to_first_deal"]
        assert card_values(cards.get(partner=november[-1]))["time_to_first_deal"] == 10
        everyone = list(cards.filter(subject_kind__in=[SubjectKind.PARTNER, SubjectKind.HOUSE]))
        portfolio = [card for card in everyone if card.manager_id == manager.pk]
        for card, members in zip(groups, (portfolio, everyone), strict=True):
            values = card_values(card)
            missing = [code for code, kpi in KPIS.items() if "G" in kpi.level and values.get(code) is None]
            assert missing == [], card.subject_kind
            # The formula over the facts added up, never a mean of means.
            summed: dict[str, int] = {}
            for member in members:
                for name, amount in member.facts.items():
                    summed[name] = summed.get(name, 0) + amount
            assert {name: amount for name, amount in summed.items() if amount} == card.facts
            assert values == {**evaluate_facts(summed), **scored_values(card)}
        for card in (partner, *groups):
            as_in_october(card)
    client = client_as(manager)
    for card in (partner, *groups):
        level = "P" if card.partner_id else "G"
        for code in [code for code, kpi in KPIS.items() if level in kpi.level]:
            page = client.get(f"/acme/scorecards/cards/{card.pk}/{code}/")
            assert page.status_code == 200, code
            assert str(KPIS[code].name) in page.content.decode().replace("&#x27;", "'"), code
            assert page.context["formula"] or page.context["parts"] or KPIS[code].ranks, code
            assert leads_to_its_records(page, card, KPIS[code]), code
            trend = page.context["trend"]
            known = not KPIS[code].ranks and page.context["line"].value is not None
            assert (
                [value for _month, value, *_marks in trend["rows"]][-2:]
                == [page.context["line"].value_text] * 2
                if known
                else trend is None
            ), code
        assert client.get(f"/acme/scorecards/cards/{card.pk}/nonsense/").status_code == 404


def as_in_october(card: Scorecard) -> None:
    """A card like this one for the month before, so that there is a trend of whatever it has a value of."""
    same = {"subject_kind": card.subject_kind, "subject_key": card.subject_key, "period_kind": "month"}
    names = (
        "partner_id",
        "manager_id",
        "version_id",
        "score",
        "coverage",
        "facts",
        "breakdown",
        "computed_at",
    )
    Scorecard.objects.update_or_create(
        **same,
        period_start=dt.date(2026, 10, 1),
        defaults={name: getattr(card, name) for name in names},
    )


def leads_to_its_records(page: Any, card: Scorecard, kpi: Kpi) -> bool:
    """Whether what a KPI's page shows below it adds up to each of its facts: a partner's records, or a group's
    partners and what is of none."""
    if kpi.ranks:
        return True  # a place among peers has none of its own
    told = {fact.name: fact.value_text for fact in page.context["facts"]}
    if card.partner_id:
        sums = [total for table in page.context["records"] for total in table.sums]
        counted = [name for name in told if SOURCES[FACTS[name].source].records is not None]
        return bool(told) and sorted(sums) == sorted(told[name] for name in counted)
    members = page.context["members"]
    added = dict.fromkeys(kpi.facts, 0)
    with tenant_scope(page.wsgi_request.tenant.pk):
        rows = Scorecard.objects.filter(pk__in=[line.card_id for line in members.lines])
        for facts in rows.values_list("facts", flat=True):
            added = {name: amount + facts.get(name, 0) for name, amount in added.items()}
        if members.house:
            assert page.context["house_lists"] != []
            house = Scorecard.objects.get(
                subject_kind=SubjectKind.HOUSE, period_kind=card.period_kind, period_start=card.period_start
            )
            added = {name: amount + house.facts.get(name, 0) for name, amount in added.items()}
    assert members.total == len(members.lines)
    return added == {name: card.facts.get(name, 0) for name in kpi.facts}


@time_machine.travel("2026-11-20 12:00:00+00:00")
def test_what_a_partner_adds_to_a_groups_kpi_is_for_the_vendor(
    tenant: Tenant, manager: Membership, november: list[Partner], client_as: SignIn
) -> None:
    """The programme's costs lead to the partner's, those to its records; and to the list of what is of no partner."""
    with tenant_scope(tenant.pk):
        owner = make_member(Role.PARTNER_OWNER, partner=november[0])
        cards = Scorecard.objects.filter(period_kind="month", period_start=dt.date(2026, 11, 1))
        own, programme = cards.get(partner=november[0]), cards.get(subject_kind=SubjectKind.PROGRAMME)
    client = client_as(manager)
    page = client.get(f"/acme/scorecards/cards/{programme.pk}/revenue_efficiency/")
    assert f"/acme/scorecards/cards/{own.pk}/revenue_efficiency/" in page.content.decode()
    ((_label, costs),) = page.context["house_lists"]
    assert [row.amount for row in client.get(costs).context["page"].rows] == [500_00]
    part = client.get(f"/acme/scorecards/cards/{own.pk}/revenue_efficiency/")
    assert part.context["is_part"] is True
    assert [line.title for table in part.context["records"] for line in table.lines if "People" in line.title]
    theirs = client_as(owner)
    assert theirs.get(f"/acme/scorecards/cards/{own.pk}/revenue_efficiency/").status_code == 404
    assert theirs.get(f"/acme/scorecards/cards/{programme.pk}/revenue/").status_code == 404


def test_any_days_come_to_what_their_scorecards_say(
    tenant: Tenant, manager: Membership, november: list[Partner]
) -> None:
    """For a partner, a portfolio and the programme, each fact; live from the records."""
    calendar = calendar_of(tenant)
    with tenant_scope(tenant.pk):
        for kind, start in (("month", dt.date(2026, 11, 1)), ("quarter", dt.date(2026, 10, 1))):
            cards = Scorecard.objects.filter(period_kind=kind, period_start=start)
            for card in (
                cards.get(partner=november[0]),
                cards.get(subject_kind=SubjectKind.PORTFOLIO, subject_key=str(manager.pk)),
                cards.get(subject_kind=SubjectKind.PORTFOLIO, subject_key=""),
                cards.get(subject_kind=SubjectKind.PROGRAMME),
            ):
                window = Window.of(card.period.start, card.period.end)
                earlier = Window.of(dt.date(2025, 1, 1), dt.date(2025, 2, 1))
                found, nothing = facts_between(card, [window, earlier], calendar, TODAY)
                assert {name: amount for name, amount in found.items() if amount} == card.facts
                assert nothing.get("revenue_won", 0) == 0


def scored_values(card: Scorecard) -> dict[str, Any]:
    return {code: parts["value"] for code, parts in card.breakdown.items()}

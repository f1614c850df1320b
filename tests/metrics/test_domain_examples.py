"""The worked examples of scorecards and KPIs, from records to what people read on pages and by API."""

import datetime as dt
import html
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client

from metrics import actions, defining
from metrics.models import Scorecard, ScorecardTemplate
from metrics.publishing import publish_version
from partners.deals.enums import DealOrigin, SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from partners.training.models import Completion, Course
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import (
    CustomerFactory,
    MetricDefinitionFactory,
    PartnerFactory,
    ReadingFactory,
    make_member,
    won_deal,
)

pytestmark = pytest.mark.django_db
SignIn = Callable[[Membership], Client]
TODAY = dt.date(2026, 11, 20)
DAY = dt.date(2026, 11, 4)
OWN = {"unit": "count", "better": "up", "kind": "lag", "level": "PG", "meaning": "For tests."}
FOUR = [
    {"code": "own_a", "weight": 30, "method": "steps", "points": 30, "units": 4000}
    | {"choice": "Association", "track": "A"},
    {"code": "own_b", "weight": 30, "method": "steps", "points": 30, "units": 1000}
    | {"choice": "Association", "track": "B"},
    {"code": "certified_people", "weight": 15, "method": "steps", "points": 15, "units": 7},
    {"code": "deal_count", "weight": 15, "method": "peer"},
    {"code": "revenue", "weight": 40, "method": "target", "target": 100, "floor": 0},
]


@pytest.fixture
def partner(tenant: Tenant, admin: Membership) -> Partner:
    """The second of five with 2 deals among 1, 1, 3 and 4, seven certified people, 2,000 in one association and 1,500 in
    the other; no customer of it has been asked anything."""
    with tenant_scope(tenant.pk):
        partner = PartnerFactory(name="Harbour Systems")
        for count, each in zip((2, 1, 1, 3, 4), [partner, *PartnerFactory.create_batch(4)], strict=True):
            for _number in range(count):
                won_deal(each, 50, DAY)
        for name, value in (("a", 2_000), ("b", 1_500)):
            metric = MetricDefinitionFactory(code=f"association_{name}")
            ReadingFactory(definition=metric, partner=partner, day=DAY, value=value * 10_000)
        for name in "ab":
            defining.define_kpi(by=admin, name=name, formula=f"association_{name}_total", **OWN)
        course = Course.objects.create(title="Basics", status="published")
        for number in range(7):
            member = make_member(Role.PARTNER_MEMBER, partner=partner)
            type(member).objects.filter(pk=member.pk).update(
                created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
            )
            Completion.objects.create(
                course=course,
                member=member,
                partner=partner,
                completed_on=DAY,
                via="hand",
                certificate=f"C{number}",
            )
        actions.ensure_default_template(tenant)
        monthly = ScorecardTemplate.objects.get(period_kind="month")
        publish_version(monthly, FOUR, Decimal("0.5"), dt.date.min, admin)
        quarterly = ScorecardTemplate.objects.get(period_kind="quarter")
        lines = [*FOUR[:-1], {**FOUR[-1], "weight": 30}, NPS]
        publish_version(
            quarterly, lines, Decimal("0.5"), dt.date.min, admin, gate_score=Decimal(70), gate_each=True
        )
        actions.recompute_everything(TODAY)
        return partner


NPS = {"code": "nps", "weight": 10, "method": "target", "target": 50, "floor": -50}


def of(client: Client, partner: Partner, kind: str) -> dict:
    (found,) = client.get(
        f"/acme/api/v1/scorecards/?partner={partner.pk}&period_kind={kind}&period_start="
        f"{'2026-11-01' if kind == 'month' else '2026-10-01'}"
    ).json()["results"]
    return found


def test_steps_the_better_association_seven_of_seven_people_and_a_place_among_peers(
    tenant: Tenant, partner: Partner, admin: Membership, client_as: SignIn
) -> None:
    client = client_as(admin)
    card = of(client, partner, "month")
    told = client.get(f"/acme/api/v1/scorecards/{card['id']}/explanation/").json()
    lines = {line["code"]: line for line in told["lines"]}
    # A alone would give 15 of its 30 points.
    assert (lines["own_a"]["attainment"], lines["own_a"]["points"], lines["own_a"]["counts"]) == (
        0.5,
        None,
        False,
    )
    assert (lines["own_b"]["points"], lines["own_b"]["counts"]) == (30, True)
    assert lines["certified_people"]["points"] == 15
    assert (lines["deal_count"]["attainment"], lines["deal_count"]["points"]) == (0.5, 7.5)
    assert float(card["score"]) == 30 + 15 + 7.5 + 40
    start = "period=month&start=2026-11-01"
    page = html.unescape(client.get(f"/acme/scorecards/partners/{partner.pk}/?{start}").content.decode())
    assert "92.5" in page
    assert "track B, which counts" in page
    assert "track A, which does not count" in page


def test_a_gate_of_70_and_every_metric_leaves_out_the_one_that_does_not_apply(
    tenant: Tenant, partner: Partner, admin: Membership, client_as: SignIn
) -> None:
    client = client_as(admin)
    card = of(client, partner, "quarter")
    # 82.5 of 90, for nobody has been asked.
    assert float(card["score"]) == pytest.approx(100 * 82.5 / 90, abs=1e-3)
    assert card["breakdown"]["nps"]["value"] is None
    assert card["passed"] is True
    with tenant_scope(tenant.pk):
        Completion.objects.all().delete()
        actions.recompute_everything(TODAY)
    card = of(client, partner, "quarter")
    # Still above 70, but nobody is certified.
    assert float(card["score"]) == pytest.approx(100 * 67.5 / 90, abs=1e-3)
    assert card["passed"] is False


def test_figures_on_the_pages(tenant: Tenant, manager: Membership, client_as: SignIn) -> None:
    """Win rate, close rate, velocity, lifetime value, and what has no data."""
    with tenant_scope(tenant.pk):
        decided, quick, loyal, waiting = PartnerFactory.create_batch(4)
        deals(decided, won=45, lost=135, still_open=80)
        deals(quick, won=24, lost=76, still_open=18, revenue=42_000_00, days=78)
        for number in range(20):
            ended = dt.date(2026, 10, 31) if number == 0 else None
            customer = CustomerFactory(served_by=loyal, started_on=dt.date(2020, 1, 1), ended_on=ended)
            won_deal(loyal, 100_00, dt.date(2026, 10, 5), customer=customer, cost_base=20_00)
        deals(waiting, still_open=1)
        actions.recompute_everything(TODAY)
        cards = {
            card.partner_id: card.pk
            for card in Scorecard.objects.filter(period_kind="month", period_start=dt.date(2026, 10, 1))
        }
    client = client_as(manager)
    for partner, code, text in (
        (decided, "win_rate", "25.0%"),
        (decided, "close_rate", "17.3%"),
        (quick, "average_deal_size", "€42,000"),
        (quick, "deal_velocity", "€2,326"),
        (loyal, "lifetime_value", "€1,600"),
        (waiting, "win_rate", "–"),
    ):
        page = client.get(f"/acme/scorecards/cards/{cards[partner.pk]}/{code}/").content.decode()
        assert text in html.unescape(page), code


def deals(
    partner: Partner,
    *,
    won: int = 0,
    lost: int = 0,
    still_open: int = 0,
    revenue: int = 100_00,
    days: int = 1,
) -> None:
    """Deals that entered the pipeline in October; those decided were so `days` before their last in that month."""
    closed = dt.date(2026, 10, 30)
    stages = [SalesStage.WON] * won + [SalesStage.LOST] * lost + [SalesStage.ENGAGING] * still_open
    Deal.objects.bulk_create(
        Deal(
            number=f"{partner.number}-{number}",
            partner=partner,
            origin=DealOrigin.IMPORTED,
            status="",
            stage=stage,
            currency="EUR",
            engaged_on=closed - dt.timedelta(days=days),
            closed_on=None if stage == SalesStage.ENGAGING else closed,
            revenue=revenue if stage == SalesStage.WON else None,
            revenue_base=revenue if stage == SalesStage.WON else None,
        )
        for number, stage in enumerate(stages)
    )

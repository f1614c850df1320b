"""What moved a score, the cheapest ways up, two periods side by side, the PDF and the API."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from metrics import actions, queries
from metrics.changes import bridge_chart, kpi_moves
from metrics.comparison import compare
from metrics.explain import NO_PEERS, fact_text, kpi_lines
from metrics.models import Scorecard, ScorecardTemplate, SubjectKind
from metrics.own import catalogue_at
from metrics.periods import PeriodKind, calendar_of
from metrics.queries import PeerFigures
from metrics.ways import _gains, _scored_gains, _steps, ways_to_gain
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member, won_deal

SignIn = Callable[[Membership], Client]
LINES = [
    {"code": "revenue", "weight": 40, "method": "target", "target": 1000_00, "floor": 0},
    {"code": "deal_count", "weight": 30, "method": "steps", "points": 10, "units": 1, "whole": True},
    {"code": "average_deal_size", "weight": 30, "method": "peer"},
]


@pytest.fixture
def partner(tenant: Tenant, admin: Membership) -> Partner:
    """One of six peers: 600 in two deals this quarter, 100 in one the quarter before."""
    with tenant_scope(tenant.pk):
        calendar = calendar_of(tenant)
        period = calendar.current(PeriodKind.QUARTER)
        partner = PartnerFactory(name="Harbour Systems")
        won_deal(partner, 200_00, period.start, title="Cranes")
        won_deal(partner, 400_00, period.start, title="Docks")
        won_deal(partner, 100_00, period.previous().start, title="Ropes")
        for number in range(1, 6):
            won_deal(PartnerFactory(), number * 100_00, period.start)
        actions.ensure_default_template(tenant)
        template = ScorecardTemplate.objects.get(period_kind="quarter")
        actions.publish_template(
            template,
            by=admin,
            kpis=LINES,
            min_coverage=Decimal("0.5"),
            gate_score=Decimal(70),
            gate_each=True,
        )
        actions.recompute_everything()
        return partner


def cards_of(tenant: Tenant, partner: Partner) -> tuple[Scorecard, Scorecard]:
    period = calendar_of(tenant).current(PeriodKind.QUARTER)
    found = [
        queries.card_of("partner", str(partner.pk), each)  # type: ignore[arg-type]
        for each in (period, period.previous())
    ]
    assert found[0] is not None
    assert found[1] is not None
    return found[0], found[1]


def test_the_moves_add_up_and_name_their_records(tenant: Tenant, partner: Partner) -> None:
    with tenant_scope(tenant.pk):
        card, previous = cards_of(tenant, partner)
        calendar = calendar_of(tenant)
        moves = kpi_moves(card, previous, calendar, calendar.today(), "EUR")
        assert card.score is not None
        assert previous.score is not None
        assert sum(move.points for move in moves) == pytest.approx(
            float(card.score - previous.score), abs=0.3
        )
        revenue = next(move for move in moves if move.kpi.code == "revenue")
        told = {record.title for record in revenue.records}
        assert any("Cranes" in title for title in told)
        # What counted before and no longer does has not raised it.
        assert not any("Ropes" in title for title in told)
        assert kpi_moves(card, None, calendar, calendar.today(), "EUR") == []


def test_every_bar_from_score_to_score_has_its_name(tenant: Tenant, partner: Partner) -> None:
    """One below the other, each from where the one before has left the score."""
    with tenant_scope(tenant.pk):
        card, previous = cards_of(tenant, partner)
        calendar = calendar_of(tenant)
        moves = kpi_moves(card, previous, calendar, calendar.today(), "EUR")
        chart = bridge_chart(moves, card, previous)
    names = ["Before", *(str(move.kpi.name) for move in moves), "Now"]
    axis = chart["option"]["yAxis"]
    assert (axis["data"], axis["inverse"], axis["axisLabel"]["interval"]) == (names, True, 0)
    assert [name for name, _points in chart["rows"]] == names
    below, score, gained, lost = (series["data"] for series in chart["option"]["series"])
    assert {len(below), len(score), len(gained), len(lost)} == {len(names)}
    assert (score[0], score[-1]) == (float(round(previous.score, 1)), float(round(card.score, 1)))  # type: ignore[arg-type]
    level = float(previous.score)  # type: ignore[arg-type]
    for at, move in enumerate(moves, 1):
        assert below[at] == pytest.approx(min(level, level + move.points), abs=0.01)
        assert gained[at] - lost[at] == pytest.approx(move.points, abs=0.01)
        level += move.points
    assert chart["height"] > 30 * len(names)


def test_what_is_named_pushed_the_value_the_way_it_went(tenant: Tenant) -> None:
    """From one deal of 1,000 to three of 500: the average falls by the deals, though the revenue has grown more."""
    with tenant_scope(tenant.pk):
        calendar = calendar_of(tenant)
        period = calendar.current(PeriodKind.QUARTER)
        partner = PartnerFactory()
        won_deal(partner, 1_000_00, period.previous().start, title="Ropes")
        for title in ("Cranes", "Docks", "Sheds"):
            won_deal(partner, 500_00, period.start, title=title)
        now, before = (
            Scorecard(
                partner=partner,
                period_kind=each.kind,
                period_start=each.start,
                facts={"revenue_won": revenue, "deals_won": deals},
                breakdown={"average_deal_size": {"points": points, "value": revenue / deals}},
                score=Decimal(points),
            )
            for each, revenue, deals, points in (
                (period, 1_500_00, 3, 10),
                (period.previous(), 1_000_00, 1, 20),
            )
        )

        def told(card: Scorecard, previous: Scorecard) -> set[tuple[str, str]]:
            (move,) = kpi_moves(card, previous, calendar, calendar.today(), "EUR")
            return {(record.title.split(" · ")[-1], record.text) for record in move.records}

        assert {text for _title, text in told(now, before)} == {"1 more: Deals won in the period"}
        assert len(told(now, before)) == 3
        # And the other way round: fewer deals raise it, of which it is said that they are fewer.
        assert {text for _title, text in told(before, now)} == {"1 less: Deals won in the period"}


def test_the_cheapest_way_is_what_the_scoring_gives_for_it(tenant: Tenant, partner: Partner) -> None:
    """600 of 1,000 is 24 of 40, two deals are 20 of 30, an average of 300 is third of six: rank 0.4 to 0.6."""
    with tenant_scope(tenant.pk):
        card, _previous = cards_of(tenant, partner)
        peers = queries.peer_figures(partner.pk, card.period)
        assert peers.count == 6
        ways = {way.kpi.code: way for way in ways_to_gain(card, "EUR", peers)}
        assert ways["revenue"].points == pytest.approx(16, abs=0.01)
        assert ways["revenue"].effort == pytest.approx(400 / 600)
        assert ways["revenue"].effort_text == "a rise of 67%"
        fewer = replace(ways["revenue"], value=30, target=29, effort=1 / 30)
        assert fewer.effort_text == "a fall of 3.3%"
        assert replace(fewer, value=0, target=5).effort_text == "from nothing so far"
        # The next deal gives its ten points for half as much more.
        assert (ways["deal_count"].target, ways["deal_count"].effort) == (3, 0.5)
        assert ways["deal_count"].points == pytest.approx(10, abs=0.01)
        best = ways_to_gain(card, "EUR", peers)[0]
        assert best.points / best.effort == max(way.points / way.effort for way in ways.values())
        # Without the peers' figures nothing is said of a rank.
        alone = ways_to_gain(card, "EUR", PeerFigures(0, {}))
        assert "average_deal_size" not in {way.kpi.code for way in alone}


def test_a_way_gives_without_scoring_what_it_gives_with_it(
    tenant: Tenant, partner: Partner, admin: Membership
) -> None:
    with tenant_scope(tenant.pk):
        template = ScorecardTemplate.objects.get(period_kind="quarter")
        lines = [
            LINES[0],
            {"code": "deal_count", "weight": 35, "method": "target", "target": 9, "floor": 1},
            {"code": "average_deal_size", "weight": 15, "method": "peer"},
            {"code": "nps", "weight": 10, "method": "target", "target": 50, "floor": 0},
        ]
        actions.publish_template(template, by=admin, kpis=lines, min_coverage=Decimal("0.5"))
        actions.recompute_everything()
        card, _previous = cards_of(tenant, partner)
        assert card.version is not None
        catalogue, rules = catalogue_at(card.period.end), list(card.version.rules.kpis)
        peers = queries.peer_figures(partner.pk, card.period)
        steps = [step for rule in rules for step in _steps(card, rule, catalogue[rule.code], peers)]
        assert {step.code for step in steps} == {"revenue", "deal_count", "average_deal_size"}
        gains = _gains(card, rules, catalogue, steps)
        assert gains == pytest.approx(_scored_gains(card, rules, catalogue, steps), abs=0.001)
        assert min(gains) > 0


def test_quartiles_are_told_from_five_on(tenant: Tenant, partner: Partner) -> None:
    with tenant_scope(tenant.pk):
        card, previous = cards_of(tenant, partner)
        peers = queries.peer_figures(partner.pk, card.period)
        # 100, 200, 300, 400, 500, 600
        assert (peers.lower["revenue"], peers.medians["revenue"], peers.upper["revenue"]) == (
            225_00,
            350_00,
            475_00,
        )
        # Of the quarter before one partner alone has an average.
        before = queries.peer_figures(partner.pk, previous.period)
        assert "average_deal_size" not in before.medians
        assert "average_deal_size" not in before.lower


def test_any_two_periods_side_by_side(tenant: Tenant, partner: Partner) -> None:
    with tenant_scope(tenant.pk):
        card, previous = cards_of(tenant, partner)
        rows = {row.name: row for row in compare(card, previous, "EUR")}
        revenue = rows["Total sales revenue"]
        assert (revenue.previous, revenue.current, revenue.change) == (100_00, 600_00, 500_00)
        assert revenue.good is True
        assert next(iter(rows)) == "Score"


def test_page_pdf_export_and_api(
    client_as: SignIn, tenant: Tenant, partner: Partner, partner_owner: Membership
) -> None:
    with tenant_scope(tenant.pk):
        owner = make_member(Role.PARTNER_OWNER, partner=partner)
        card, previous = cards_of(tenant, partner)
    client = client_as(owner)
    page = client.get("/acme/scorecards/mine/").content.decode()
    for words in ("The gate is not passed", "Cheapest ways", "Cranes", "10 points for every full 1"):
        assert words in page
    address = f"/acme/scorecards/cards/{card.pk}"
    with CaptureQueriesContext(connection) as few:
        pdf = client.get(f"{address}/pdf/")
    # However many KPIs it tells the records of.
    assert sum("metrics_periodlock" in str(query["sql"]) for query in few) <= 3
    assert sum("deals_won" in str(query["sql"]) for query in few) <= 3
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(pdf.content)).pages)
    assert "Harbour Systems" in text
    assert "How the score is made" in text
    assert "Total sales revenue" in text
    behind = text.partition("What the figures are made of")[2]
    assert "Cranes" in behind
    assert previous.period.label() in text
    with tenant_scope(tenant.pk):
        group = Scorecard.objects.get(
            subject_kind="programme", period_kind=card.period_kind, period_start=card.period_start
        )
        vendor = make_member(Role.ADMIN)
    whole = client_as(vendor).get(f"/acme/scorecards/cards/{group.pk}/pdf/")
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(whole.content)).pages)
    assert "Harbour Systems" in text.partition("What the figures are made of")[2]
    shown = client.get(f"{address}/compare/?against={previous.period.key}").content.decode()
    assert "Total sales revenue" in shown
    export = b"".join(client.get(f"{address}/compare/?against={previous.period.key}&export=csv")).decode()
    assert "Total sales revenue,money,EUR," in export
    assert "100.00" in export
    assert "10000" not in export
    assert client.get(f"{address}/compare/?against={previous.period.key}&export=xlsx").status_code == 200
    assert client.get(f"{address}/compare/?against=nonsense").status_code == 200
    told = client.get(f"/acme/api/v1/scorecards/{card.pk}/explanation/").json()
    assert told["score"] == float(card.score or 0)
    assert {line["code"] for line in told["lines"]} == {line["code"] for line in LINES}
    assert told["peers"] == 6
    assert told["ways"]
    assert told["moves"]
    assert told["passed"] is False
    behind = client.get(f"/acme/api/v1/scorecards/{card.pk}/records/?kpi=revenue").json()
    assert [each["code"] for each in behind] == ["revenue"]
    ((fact,), (source,)) = behind[0]["facts"], behind[0]["sources"]
    assert (
        fact["amount"] == behind[0]["value"] == sum(row["amounts"][0] for row in source["records"]) == 600_00
    )
    assert source["facts"] == [fact["name"]]
    whole = client.get(f"/acme/api/v1/scorecards/{card.pk}/records/").json()
    assert {each["code"] for each in whole} == {line["code"] for line in LINES}
    # What is no KPI, or the vendor's own affair, is none to a partner.
    for code in ("nonsense", "partner_profitability", "recruitment"):
        refused = client.get(f"/acme/api/v1/scorecards/{card.pk}/records/?kpi={code}")
        assert (refused.status_code, b"no such KPI" in refused.content) == (400, True), code
    other = client_as(partner_owner)
    for path in (f"{address}/pdf/", f"{address}/compare/", f"/acme/api/v1/scorecards/{card.pk}/explanation/"):
        assert other.get(path).status_code == 404


def test_what_is_asked_of_one_partner_is_said_to_be_where_there_are_several(
    tenant: Tenant, partner: Partner
) -> None:
    def methods(kind: SubjectKind, key: str) -> list[str]:
        card = queries.card_of(kind, key, calendar_of(tenant).current(PeriodKind.QUARTER))
        assert card is not None
        lines, _others = kpi_lines(card, None, NO_PEERS, "EUR", list(card.breakdown))
        return [line.method_text for line in lines]

    with tenant_scope(tenant.pk):
        one = ["from €0 to €1,000", "10 points for every full 1", "rank among peers"]
        assert methods(SubjectKind.PARTNER, str(partner.pk)) == one
        assert methods(SubjectKind.PROGRAMME, "") == [
            "from €0 to €1,000 for each partner",
            "10 points for every full 1 for each partner",
            "rank among peers",
        ]


def test_a_group_is_explained_by_the_api_down_to_its_partners(
    tenant: Tenant, partner: Partner, manager: Membership, partner_owner: Membership, client_as: SignIn
) -> None:
    client, address = client_as(manager), "/acme/api/v1/group-scorecards/"
    period = calendar_of(tenant).current(PeriodKind.QUARTER)
    asked = f"?kind=programme&period_kind=quarter&period_start={period.start}"
    [card] = client.get(address + asked).json()["results"]
    assert (card["kind"], card["key"], card["name"]) == ("programme", "", "The whole programme")
    told = client.get(f"{address}{card['id']}/explanation/").json()
    assert {line["code"] for line in told["lines"]} == {line["code"] for line in LINES}
    assert (told["peers"], told["score"]) == (0, float(card["score"]))
    assert sum(line["points"] or 0 for line in told["lines"]) == pytest.approx(told["score"], abs=0.001)
    [behind] = client.get(f"{address}{card['id']}/partners/?kpi=average_deal_size").json()
    assert {each["code"] for each in client.get(f"{address}{card['id']}/partners/").json()} == {
        line["code"] for line in LINES
    }
    # The mean of all deals, not of the partners' means.
    assert behind["value"] == 2_100_00 / 7
    assert behind["total"] == len(behind["partners"]) == 6
    assert [fact["amount"] for fact in behind["facts"]] == [
        sum(amounts) for amounts in zip(*(part["amounts"] for part in behind["partners"]), strict=True)
    ]
    assert behind["of_no_partner"] == [0, 0]
    first = behind["partners"][0]
    assert (first["name"], first["value"]) == ("Harbour Systems", 300_00)
    assert client.get(f"/acme/api/v1/scorecards/{first['scorecard']}/").status_code == 200
    refused = client.get(f"{address}{card['id']}/partners/?kpi=nonsense")
    assert (refused.status_code, b"no such KPI" in refused.content) == (400, True)
    assert client.get(f"{address}{first['scorecard']}/").status_code == 404
    assert client_as(partner_owner).get(f"{address}{card['id']}/").status_code == 403


def test_the_list_of_group_scorecards_costs_the_same_however_many(
    tenant: Tenant, partner: Partner, manager: Membership, client_as: SignIn
) -> None:
    client, counts = client_as(manager), []
    for size in (1, 3):
        with CaptureQueriesContext(connection) as queries_:
            found = client.get(f"/acme/api/v1/group-scorecards/?page_size={size}").json()["results"]
        assert len(found) >= size
        counts.append(len(queries_))
    assert counts[0] == counts[1]


def test_facts_are_shown_in_their_unit() -> None:
    assert fact_text("revenue_won", 1_200_00, "EUR") == "€1,200"
    assert fact_text("decision_hours", 5_400, "EUR") == "1.5"
    assert fact_text("market_share_growth_total", 250, "EUR") == "2.5%"
    assert fact_text("distribution_channels_total", 6_0000, "EUR") == "6"

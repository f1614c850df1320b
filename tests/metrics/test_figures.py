"""Facts and KPIs against figures worked out by hand."""

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from metrics import actions, queries
from metrics.catalogue import CATALOGUE, percentile_rank
from metrics.catalogues import BUILT_IN
from metrics.display import exported_value
from metrics.evaluation import evaluate_facts, evaluate_rows
from metrics.formulas import FormulaError, to_sql
from metrics.models import Scorecard, ScorecardTemplate
from metrics.periods import Calendar, Period, PeriodKind, Window, calendar_of
from metrics.publishing import publish_version
from metrics.queries import fact_values, kpi_values, peer_figures, score_history, scores
from metrics.records import records_behind
from metrics.scoring import PEER, KpiRule, TemplateRules, score_rows
from metrics.sources import FACTS
from metrics.sources.reading import contributions
from partners.deals.enums import DealOrigin, RegistrationStatus, SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from partners.leads.models import LeadOffer
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import (
    CustomerFactory,
    DealFactory,
    LeadFactory,
    PartnerFactory,
    VendorLeadFactory,
    won_deal,
)

TODAY = dt.date(2026, 11, 20)
ALL = Window.of(dt.date(2026, 1, 1), dt.date(2027, 1, 1))


def open_deal(partner: Partner, entered: dt.date | None, **fields: object) -> Deal:
    values = {
        "origin": DealOrigin.IMPORTED,
        "status": "",
        "stage": SalesStage.ENGAGING,
        "engaged_on": entered,
    }
    return DealFactory(partner=partner, **(values | fields))


def facts_of(partner: Partner, window: Window = ALL) -> dict[str, int]:
    return fact_values([window], [partner.pk], TODAY)[partner.pk, window.key]


def kpis_of(partner: Partner, window: Window = ALL) -> dict[str, float | None]:
    return kpi_values([window], [partner.pk], today=TODAY)[partner.pk, window.key]


def test_deals_of_200_and_400_in_a_fortnight_are_300_on_average(scoped: Tenant) -> None:
    partner = PartnerFactory()
    won_deal(partner, 200_00, dt.date(2026, 11, 2))
    won_deal(partner, 400_00, dt.date(2026, 11, 15))
    won_deal(partner, 999_00, dt.date(2026, 11, 16))
    fortnight = Window.of(dt.date(2026, 11, 2), dt.date(2026, 11, 16))
    assert kpis_of(partner, fortnight)["average_deal_size"] == 300_00


def test_win_rate_leaves_open_deals_out_and_close_rate_does_not() -> None:
    values = evaluate_facts({"deals_won": 45, "deals_lost": 135, "deals_attributed": 260})
    assert values["win_rate"] == 0.25
    assert values["close_rate"] == 45 / 260


def test_velocity_a_day() -> None:
    # 6 won of 25 decided at 42,000 on average, and 78 days each.
    facts = {
        "pipeline_open_count": 18,
        "revenue_won": 6 * 42_000,
        "deals_won": 6,
        "deals_lost": 19,
        "cycle_days_won": 6 * 78,
    }
    assert round(evaluate_facts(facts)["deal_velocity"], 2) == 2326.15


def test_nothing_to_divide_by_is_no_data(scoped: Tenant) -> None:
    partner = PartnerFactory()
    open_deal(partner, dt.date(2026, 11, 1))
    values = kpis_of(partner)
    assert values["win_rate"] is None
    assert values["revenue"] == 0
    assert {code for code, value in evaluate_facts({}).items() if value is not None} == {
        # What nobody has reported is no data.
        code
        for code, kpi in CATALOGUE.items()
        if kpi.additive and "readings" not in kpi.sources
    }


def test_the_percentile_rank_of_2_in_1_1_2_3_4_is_a_half() -> None:
    frame = pl.DataFrame({"value": [1, 1, 2, 3, 4], "peers": ["a"] * 5})
    ranks = frame.select(percentile_rank(pl.col("value"), ["peers"]))["value"].to_list()
    assert ranks == [0.125, 0.125, 0.5, 0.75, 1.0]


def test_a_registration_is_counted_from_submission_to_sale(scoped: Tenant) -> None:
    partner = PartnerFactory()
    submitted = dt.datetime(2026, 10, 30, 12, tzinfo=dt.UTC)
    deal = DealFactory(
        partner=partner,
        status=RegistrationStatus.SUBMITTED,
        first_submitted_at=submitted,
        submitted_at=submitted,
        engaged_on=submitted.date(),
        amount=1_000_00,
        amount_base=1_000_00,
    )
    facts = facts_of(partner)
    assert (facts["deals_submitted"], facts["deals_decided"], facts["deals_attributed"]) == (1, 0, 1)
    assert (facts["pipeline_open_amount"], facts["pipeline_weighted_amount"]) == (1_000_00, 100_00)
    Deal.objects.filter(pk=deal.pk).update(
        status=RegistrationStatus.WON,
        stage=SalesStage.WON,
        decided_at=submitted + dt.timedelta(hours=6),
        revenue=900_00,
        revenue_base=900_00,
        closed_on=dt.date(2026, 11, 9),
    )
    values = kpis_of(partner)
    assert values["decision_time"] == 6
    assert values["approval_rate"] == values["deal_success"] == values["sourced_share"] == 1
    assert values["sales_cycle"] == 10
    assert values["pipeline"] == 0
    # At the end of October it was open, and its stage of then is not known any more.
    october = Window.of(dt.date(2026, 10, 1), dt.date(2026, 11, 1))
    assert facts_of(partner, october)["pipeline_open_amount"] == 1_000_00


@pytest.mark.parametrize(
    "status", [RegistrationStatus.DRAFT, RegistrationStatus.REJECTED, RegistrationStatus.WITHDRAWN]
)
def test_what_was_refused_or_never_asked_is_no_opportunity(
    scoped: Tenant, status: RegistrationStatus
) -> None:
    partner = PartnerFactory()
    DealFactory(partner=partner, status=status, engaged_on=dt.date(2026, 11, 1))
    facts = facts_of(partner)
    assert facts["deals_attributed"] == facts["pipeline_open_count"] == 0


def test_a_period_is_bounded_by_midnight_where_the_tenant_is(scoped: Tenant) -> None:
    scoped.time_zone = "Pacific/Auckland"
    scoped.save()
    partner = PartnerFactory()
    # 31 October 12:30 UTC is 1 November 01:30 in Auckland.
    moment = dt.datetime(2026, 10, 31, 12, 30, tzinfo=dt.UTC)
    DealFactory(
        partner=partner, status=RegistrationStatus.SUBMITTED, first_submitted_at=moment, submitted_at=moment
    )
    months = [
        calendar_of(scoped).period(PeriodKind.MONTH, dt.date(2026, month, 1)).window() for month in (10, 11)
    ]
    found = fact_values(months, [partner.pk], TODAY)
    assert [found[partner.pk, month.key]["deals_submitted"] for month in months] == [0, 1]
    assert [found[partner.pk, month.key]["deals_attributed"] for month in months] == [0, 1]


def test_a_fiscal_year_that_begins_in_april() -> None:
    calendar = Calendar(ZoneInfo("Europe/Amsterdam"), 4)
    year = calendar.period(PeriodKind.YEAR, dt.date(2027, 3, 31))
    assert (year.start, year.end) == (dt.date(2026, 4, 1), dt.date(2027, 4, 1))
    quarter = calendar.period(PeriodKind.QUARTER, dt.date(2027, 2, 28))
    assert (quarter.start, quarter.previous().start) == (dt.date(2027, 1, 1), dt.date(2026, 10, 1))
    assert calendar.trailing(PeriodKind.QUARTER, 4, dt.date(2027, 2, 1)) == Window.of(
        dt.date(2026, 4, 1), dt.date(2027, 4, 1)
    )
    assert calendar.moment(dt.date(2027, 3, 28)) == dt.datetime(2027, 3, 27, 23, tzinfo=dt.UTC)


def test_a_customer_is_new_with_the_first_sale_and_lost_at_its_end(scoped: Tenant) -> None:
    partner = PartnerFactory()
    customer = CustomerFactory(served_by=partner, ended_on=dt.date(2026, 11, 10))
    won_deal(partner, 100_00, dt.date(2026, 9, 2), customer=customer)
    won_deal(partner, 100_00, dt.date(2026, 11, 2), customer=customer)
    known = CustomerFactory(served_by=partner, started_on=dt.date(2020, 1, 1))
    won_deal(partner, 100_00, dt.date(2026, 11, 2), customer=known)
    november = Window.of(dt.date(2026, 11, 1), dt.date(2026, 12, 1))
    facts = facts_of(partner, november)
    names = ("customers_at_start", "customers_new", "customers_lost", "customers_retained")
    assert [facts[name] for name in names] == [2, 0, 1, 1]
    september = facts_of(partner, Window.of(dt.date(2026, 9, 1), dt.date(2026, 10, 1)))
    assert [september[name] for name in names] == [1, 1, 0, 1]


def test_growth_is_against_the_period_before(scoped: Tenant) -> None:
    partner = PartnerFactory()
    won_deal(partner, 100_00, dt.date(2026, 8, 2))
    won_deal(partner, 150_00, dt.date(2026, 11, 2))
    quarter = calendar_of(scoped).current(PeriodKind.QUARTER, TODAY).window()
    assert kpis_of(partner, quarter)["revenue_growth"] == 0.5


def test_one_and_all_partners_have_the_same_facts(scoped: Tenant) -> None:
    partners = PartnerFactory.create_batch(3)
    for number, partner in enumerate(partners):
        won_deal(partner, 100_00 + number, dt.date(2026, 11, 2), cost_base=50_00)
        open_deal(partner, dt.date(2026, 10, 2))
    windows = [period.window() for period in calendar_of(scoped).every(dt.date(2026, 1, 1), TODAY)]
    everyone = fact_values(windows, None, TODAY)
    some = fact_values(windows, [partner.pk for partner in partners], TODAY)
    assert {key: facts for key, facts in some.items() if key in everyone} == everyone
    assert len(some) == 3 * len(windows)


def offered(partner: Partner, day: dt.date, state: str) -> None:
    """A lead of the vendor's that was offered to the partner on a day, and what the partner answered."""
    at = dt.datetime.combine(day, dt.time(12), dt.UTC)
    LeadOffer.objects.create(
        lead=VendorLeadFactory(), partner=partner, state=state, means="rule", offered_at=at, due_at=at
    )


def test_leads_by_hand(scoped: Tenant) -> None:
    """October: 5 submitted, 4 of them qualified and 1 for marketing; of 3 received 2 accepted. November: 2 became
    deals. December's first day belongs to December, also in the tenant's time zone."""
    scoped.time_zone = "America/New_York"
    scoped.save()
    partner, other = PartnerFactory(), PartnerFactory()
    noon = dt.datetime(2026, 10, 9, 12, tzinfo=dt.UTC)
    deal = DealFactory(partner=partner)
    for number in range(5):
        LeadFactory(
            partner=partner,
            submitted_at=noon,
            qualified=number > 0,
            marketing_qualified=number == 1,
            **(
                {"status": "converted", "deal": deal, "closed_at": noon + dt.timedelta(days=31)}
                if number < 2
                else {}
            ),
        )
    LeadFactory(partner=other, submitted_at=noon)
    # 1 December in UTC is still 30 November in New York.
    LeadFactory(partner=partner, submitted_at=dt.datetime(2026, 12, 1, 3, tzinfo=dt.UTC), qualified=False)
    for state in ("accepted", "accepted", "declined", "withdrawn"):
        offered(partner, dt.date(2026, 10, 20), state)
    offered(partner, dt.date(2026, 11, 2), "lapsed")
    # What the vendor gave counts as received, not as the partner's own, whatever becomes of it.
    VendorLeadFactory(partner=partner, status="converted", deal=deal, closed_at=noon)
    october = Window.of(dt.date(2026, 10, 1), dt.date(2026, 11, 1))
    november = Window.of(dt.date(2026, 11, 1), dt.date(2026, 12, 1))
    names = [name for name, fact in FACTS.items() if fact.source == "leads"]
    assert [facts_of(partner, october)[name] for name in names] == [5, 4, 1, 0, 3, 2]
    assert [facts_of(partner, november)[name] for name in names] == [1, 0, 0, 2, 1, 0]
    values = kpis_of(partner, october)
    assert values["leads"] == 5
    assert values["lead_quality"] == 4 / 5
    assert values["lead_acceptance"] == 2 / 3
    assert values["shared_leads"] == 8
    assert (values["qualified_leads"], values["marketing_qualified_leads"]) == (4, 1)
    both = kpis_of(partner, Window.of(dt.date(2026, 10, 1), dt.date(2026, 12, 1)))
    assert (both["lead_conversion"], both["sales_conversion_rate"]) == (2 / 4, 2 / 6)
    assert kpis_of(partner, november)["lead_conversion"] is None
    assert kpis_of(other, october)["lead_acceptance"] is None


def test_what_the_records_add_is_the_fact(scoped: Tenant) -> None:
    partner = PartnerFactory()
    won_deal(partner, 100_00, dt.date(2026, 11, 2))
    won_deal(partner, 250_00, dt.date(2026, 10, 9))
    open_deal(partner, dt.date(2026, 10, 2))
    facts = facts_of(partner)
    LeadFactory(partner=partner, submitted_at=dt.datetime(2026, 10, 9, 12, tzinfo=dt.UTC))
    facts = facts_of(partner)
    for source in ("deals", "customers", "leads"):
        frame = contributions(source, ALL, calendar_of(scoped), TODAY, partner.pk)
        for name, fact in FACTS.items():
            if fact.source == source:
                assert frame[name].sum() == facts[name], name
    actions.recompute_everything(TODAY)
    card = Scorecard.objects.get(partner=partner, period_kind="year", period_start=dt.date(2026, 1, 1))
    (table,) = records_behind(card, [CATALOGUE["revenue"]], calendar_of(scoped), TODAY, "EUR")["revenue"]
    assert table.total == 2
    assert table.sums == ["€350"]


def test_points_by_target_and_the_share_of_what_has_no_data() -> None:
    rules = TemplateRules(
        (
            KpiRule("revenue", 50, target=1000, floor=0),
            KpiRule("sales_cycle", 25, target=40, floor=120),
            KpiRule("win_rate", 25, target=0.5, floor=0),
        ),
        min_coverage=0.5,
    )
    frame = pl.DataFrame(
        {
            "partners": [1, 1, 1],
            "kpi.revenue": [500, 2000, None],
            "kpi.sales_cycle": [60.0, 130.0, None],
            "kpi.win_rate": [None, 0.25, 0.5],
        },
        schema_overrides={"kpi.revenue": pl.Int64},
    )
    rows = score_rows(frame, rules).to_dicts()
    # 500 of 1,000 is half of 50; 60 days is three quarters of 25; shared over 75.
    assert rows[0]["score"] == round(100 * (25 + 18.75) / 75, 4)
    assert rows[0]["coverage"] == 0.75
    assert rows[0]["revenue.points"] + rows[0]["sales_cycle.points"] == pytest.approx(
        rows[0]["score"], abs=1e-3
    )
    assert rows[1]["score"] == 50 + 0 + 12.5
    assert (rows[2]["score"], rows[2]["coverage"]) == (None, 0.25)


def test_points_by_rank_among_peers_turn_round_where_less_is_better() -> None:
    rules = TemplateRules((KpiRule("sales_cycle", 100, method=PEER),))
    frame = pl.DataFrame(
        {"partners": 1, "kpi.sales_cycle": [10.0, 20.0, 30.0, 5.0], "peers": ["a", "a", "a", None]}
    )
    assert score_rows(frame, rules)["score"].to_list() == [100, 50, 0, None]


def test_a_group_is_measured_by_as_many_targets_as_it_has_partners(scoped: Tenant) -> None:
    first, _second = PartnerFactory.create_batch(2)
    won_deal(first, 60_000_00, dt.date(2026, 11, 2))
    actions.recompute_everything(TODAY)
    cards = Scorecard.objects.filter(period_kind="quarter", period_start=dt.date(2026, 10, 1))
    programme = cards.get(subject_kind="programme").breakdown["revenue"]
    assert (programme["value"], programme["target"], programme["attainment"]) == (60_000_00, 120_000_00, 0.5)
    assert cards.get(partner=first).breakdown["revenue"]["attainment"] == 1


@pytest.mark.parametrize(
    "formula",
    [
        "__import__('os')",
        "revenue_won.x",
        "deals_won if 1 else 2",
        "open(1)",
        "[1]",
        "'a'",
        "a" * 3,
        "1 +",
        "True",
    ],
)
def test_a_formula_may_do_nothing_but_arithmetic_on_known_names(formula: str) -> None:
    with pytest.raises(FormulaError):
        to_sql(formula, {}, dict.fromkeys(FACTS, 1))


def test_a_formula_may_not_be_defined_by_itself() -> None:
    with pytest.raises(FormulaError, match="itself"):
        to_sql("a + 1", {"a": "b", "b": "a"}, {})


def test_peers_answer_with_medians_only_from_five_on(scoped: Tenant) -> None:
    partners = PartnerFactory.create_batch(4)
    for number, partner in enumerate(partners, start=1):
        won_deal(partner, number * 100_00, dt.date(2026, 11, 2))
    actions.recompute_everything(TODAY)
    period = calendar_of(scoped).current(PeriodKind.MONTH, TODAY)
    assert peer_figures(partners[0].pk, period).medians == {}
    partners.append(PartnerFactory())
    actions.recompute_everything(TODAY)
    with tenant_scope(scoped.pk, partners[0].pk):
        figures = peer_figures(partners[0].pk, period)
    assert figures.count == 5
    assert figures.medians["revenue"] == 200_00
    assert figures.quality == pytest.approx(100 * ((0.5 * 3 + 1) / 4 + 0.25) / 2, abs=0.01)
    assert (figures.lower["revenue"], figures.upper["revenue"]) == (100_00, 300_00)


def test_figures_found_beside_those_of_the_peers_are_the_same(scoped: Tenant) -> None:
    partners = PartnerFactory.create_batch(5)
    for number, partner in enumerate(partners, start=1):
        won_deal(partner, number * 100_00, dt.date(2026, 11, 2))
    actions.recompute_everything(TODAY)
    period = calendar_of(scoped).current(PeriodKind.MONTH, TODAY)
    facts = [{"revenue_won": 7_00, "deals_won": 2, "deals_lost": 1, "partners": 1}, {}]
    codes = list(BUILT_IN.formula_codes)
    figures = peer_figures(partners[0].pk, period, codes, facts)
    assert figures.beside == evaluate_rows(facts, codes) == [evaluate_facts(each, codes) for each in facts]
    assert figures.medians == peer_figures(partners[0].pk, period).medians
    assert peer_figures(partners[0].pk, period, ["revenue"]).medians == {"revenue": 300_00}


def test_scores_and_history(scoped: Tenant) -> None:
    partner, quiet = PartnerFactory.create_batch(2)
    won_deal(partner, 100_00, dt.date(2026, 9, 2))
    actions.recompute_everything(TODAY)
    period = calendar_of(scoped).current(PeriodKind.QUARTER, TODAY)
    found = scores(period)
    assert set(found) == {partner.pk, quiet.pk}
    assert isinstance(found[partner.pk].coverage, Decimal)
    history = score_history(partner.pk, PeriodKind.QUARTER, 3)
    assert [each.start for each, _score in history] == [
        dt.date(2026, 4, 1),
        dt.date(2026, 7, 1),
        dt.date(2026, 10, 1),
    ]


def test_the_most_particular_template_counts(scoped: Tenant) -> None:
    reseller = PartnerFactory(region="North")
    actions.ensure_default_template(scoped)
    lines = [{"code": "revenue", "weight": 100, "method": "target", "target": 100, "floor": 0}]
    for partner_type, region in (("reseller", ""), ("", "North"), ("reseller", "South")):
        template = ScorecardTemplate.objects.create(
            name=f"{partner_type} {region}", period_kind="month", partner_type=partner_type, region=region
        )
        publish_version(template, lines, Decimal(0), dt.date.min, None)
    actions.recompute_everything(TODAY)
    card = Scorecard.objects.get(partner=reseller, period_kind="month", period_start=dt.date(2026, 11, 1))
    assert card.version.template.partner_type == "reseller"
    assert queries.templates().count() == 6


def test_the_real_data_set_has_its_known_figures(scoped: Tenant, sample_data: Path) -> None:
    """4,238 won, 2,473 lost, 2,089 open; revenue 10,005,534; average deal 2,360.91; win rate 63.15%."""
    partners: dict[str, Partner] = {}
    deals = []
    stages = {"Won": "won", "Lost": "lost", "Engaging": "engaging", "Prospecting": "prospecting"}
    with (sample_data / "crm" / "sales_pipeline.csv").open(newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines)):
            partner = partners.get(row["sales_agent"]) or PartnerFactory(name=row["sales_agent"])
            partners[row["sales_agent"]] = partner
            won = row["deal_stage"] == "Won"
            revenue = int(row["close_value"]) * 100 if won else None
            deals.append(
                Deal(
                    number=f"DR-{number}",
                    partner=partner,
                    origin=DealOrigin.IMPORTED,
                    status="",
                    stage=stages[row["deal_stage"]],
                    currency="USD",
                    revenue=revenue,
                    revenue_base=revenue,
                    engaged_on=_day(row["engage_date"]),
                    closed_on=_day(row["close_date"]),
                )
            )
    Deal.objects.bulk_create(deals, batch_size=2000)
    today = calendar_of(scoped).today()
    window = Window.of(dt.date(2016, 1, 1), today + dt.timedelta(days=2))
    totals: dict[str, int] = {}
    for facts in fact_values([window], None, today).values():
        for name, value in facts.items():
            totals[name] = totals.get(name, 0) + value
    names = ("deals_won", "deals_lost", "pipeline_open_count", "deals_attributed", "revenue_won")
    assert [totals[name] for name in names] == [4_238, 2_473, 2_089, 8_800, 10_005_534_00]
    values = evaluate_facts(totals)
    assert round(values["average_deal_size"] / 100, 2) == 2360.91
    assert round(100 * values["win_rate"], 2) == 63.15


def _day(text: str) -> dt.date | None:
    """A date such as 10/20/2016."""
    if not text:
        return None
    month, day, year = map(int, text.split("/"))
    return dt.date(year, month, day)


def test_every_partner_that_is_asked_for_is_answered(scoped: Tenant) -> None:
    unknown = UUID(int=7)
    assert kpi_values([ALL], [unknown], ["revenue"], TODAY) == {(unknown, ALL.key): {"revenue": 0}}


def test_a_period_is_compared_only_when_it_is_nearly_over() -> None:
    calendar = Calendar(ZoneInfo("UTC"))
    third, fourth = (Period(dt.date(2026, month, 1), PeriodKind.QUARTER) for month in (7, 10))
    assert calendar.latest_settled(PeriodKind.QUARTER, dt.date(2026, 10, 1)) == third
    assert calendar.latest_settled(PeriodKind.QUARTER, dt.date(2026, 11, 23)) == third
    assert calendar.latest_settled(PeriodKind.QUARTER, dt.date(2026, 12, 28)) == fourth
    assert third.is_settled(dt.date(2026, 11, 23))


def test_a_row_scores_the_same_alone_and_among_others() -> None:
    """To the last digit: an incremental run scores a few rows of those that a full run scores together."""
    rules = TemplateRules(
        (
            KpiRule("revenue", 30, target=70_007, floor=3),
            KpiRule("win_rate", 30, target=0.7, floor=0.1),
            KpiRule("sales_cycle", 40, target=45, floor=121),
        )
    )
    rows = 500
    frame = pl.DataFrame(
        {
            "partners": [1 + n % 7 for n in range(rows)],
            "kpi.revenue": [n * 1009 % 99_991 for n in range(rows)],
            "kpi.win_rate": [None if n % 11 == 0 else (n * 37 % 101) / 103 for n in range(rows)],
            "kpi.sales_cycle": [(n * 53 % 997) / 9 for n in range(rows)],
        }
    )
    together = score_rows(frame, rules)
    alone = pl.concat([score_rows(frame.slice(n, 1), rules) for n in range(rows)])
    assert alone.rows() == together.rows()


def test_a_leap_days_last_hour_belongs_to_the_fiscal_year_that_it_ends(scoped: Tenant) -> None:
    """A year that begins in March ends on 29 February 2028; in New York that day ends when it is five in London."""
    scoped.time_zone, scoped.fiscal_year_start = "America/New_York", 3
    scoped.save()
    partner = PartnerFactory()
    won_deal(partner, 290_00, dt.date(2028, 2, 29))
    won_deal(partner, 1_00, dt.date(2028, 3, 1))
    for hour in (4, 5):
        LeadFactory(partner=partner, submitted_at=dt.datetime(2028, 3, 1, hour, 59, tzinfo=dt.UTC))
    calendar = calendar_of(scoped)
    found = {}
    for kind in PeriodKind:
        old, new = (calendar.period(kind, day) for day in (dt.date(2028, 2, 29), dt.date(2028, 3, 1)))
        assert (old.end, new.start, new.previous()) == (dt.date(2028, 3, 1), dt.date(2028, 3, 1), old)
        facts = fact_values([old.window(), new.window()], [partner.pk], dt.date(2028, 3, 20))
        found[kind] = [
            (facts[partner.pk, period.key]["revenue_won"], facts[partner.pk, period.key]["leads_submitted"])
            for period in (old, new)
        ]
    assert list(found.values()) == [[(290_00, 1), (1_00, 1)]] * 3
    assert calendar.period(PeriodKind.YEAR, dt.date(2028, 2, 29)).start == dt.date(2027, 3, 1)
    # The growth of a shorter month is against the whole one before.
    march = calendar.period(PeriodKind.MONTH, dt.date(2028, 3, 1)).window()
    assert kpi_values([march], [partner.pk], ["revenue_growth"], dt.date(2028, 3, 20))[
        partner.pk, march.key
    ] == {"revenue_growth": (1_00 - 290_00) / 290_00}


@pytest.mark.parametrize(
    ("unit", "value", "currency", "exported"),
    [
        ("money", 2_043_340_00, "EUR", Decimal("2043340.00")),
        ("money", 1234.567, "EUR", Decimal("12.35")),
        ("money", 1234, "JPY", Decimal(1234)),
        ("money", 1234, "KWD", Decimal("1.234")),
        ("%", 0.4705, "EUR", Decimal("47.05")),
        ("hours", 12.5, "EUR", 12.5),
        ("count", 3, "EUR", 3),
        ("money", None, "EUR", None),
    ],
)
def test_a_file_has_values_as_their_unit_says(unit, value, currency, exported):
    assert exported_value(unit, value, currency) == exported

"""What holds for every source of facts: conservation, and the same answer whichever way it is asked."""

import datetime as dt
from typing import Any

import pytest
import time_machine

from metrics import actions, consumers
from metrics.models import Scorecard
from metrics.periods import Window, calendar_of
from metrics.queries import fact_values
from metrics.readings.models import MetricDefinition
from metrics.sources import FACTS, SOURCES, fill
from metrics.sources.reading import (
    active_sources,
    contributions,
    fact_names,
    read_facts,
    read_house_facts,
)
from partners.content.models import Asset, AssetAudience, AssetDownload, AssetVersion
from partners.directory.models import Partner
from partners.engagement.models import ActiveDay, Gathering, Guest, Interaction
from partners.orders.models import OrderReturn
from partners.training.enums import CourseStatus
from partners.training.models import Completion, Course, Duty
from portal.accounts.enums import Role
from portal.events.models import Event
from portal.tenancy.models import Tenant
from tests.factories import (
    CampaignFactory,
    CostFactory,
    CustomerFactory,
    DailyFigureFactory,
    LeadFactory,
    MetricDefinitionFactory,
    OrderFactory,
    PartnerFactory,
    ReadingFactory,
    make_member,
    won_deal,
)
from tests.metrics.test_recompute import snapshot
from tests.partners.surveys.builders import a_survey, answered

TODAY = dt.date(2026, 11, 20)
NOON = dt.datetime(2026, 11, 9, 12, tzinfo=dt.UTC)
YEAR = Window.of(dt.date(2026, 1, 1), dt.date(2027, 1, 1))
NOVEMBER = Window.of(dt.date(2026, 11, 1), dt.date(2026, 12, 1))
OCTOBER = Window.of(dt.date(2026, 10, 1), dt.date(2026, 11, 1))
WINDOWS = [YEAR, NOVEMBER, OCTOBER]
# Only the floor above can make its records.
FROM_ABOVE = {"incentives", "funds"}
SURVEYS = {
    "nps": 9,
    "csat": 2,
    "partner": {"response": 5, "support": 3, "communication": 4},
    "alignment": {"innovation": 5, "projects": 3, "initiatives": 1, "brand": 4},
}


def something_of_everything(partners: list[Partner], definition: MetricDefinition) -> None:
    """Some record of each source for each partner, and what is of no partner."""
    for number, partner in enumerate(partners):
        customer = CustomerFactory(served_by=partner, country="NL", ended_on=dt.date(2026, 11, 10))
        won_deal(partner, 100_00 + number, dt.date(2026, 9, 2), customer=customer, cost_base=50_00)
        won_deal(partner, 300_00 + number, dt.date(2026, 11, 2))
        trained_and_engaged(partner)
        LeadFactory(partner=partner, submitted_at=NOON)
        an_asset(partner, taken=number)
        order = OrderFactory(partner=partner, fulfilled_at=NOON, status="delivered")
        OrderReturn.objects.create(order=order, partner=partner, returned_on=TODAY, quantity=1 + number)
        campaign = CampaignFactory(partner=partner, is_cobranded=True, is_joint=True)
        DailyFigureFactory(campaign=campaign, impressions=1000, clicks=100 + number, spend=90_00)
        CostFactory(partner=partner, amount=10_00 + number)
        for day in (2, 4):
            ReadingFactory(definition=definition, partner=partner, day=dt.date(2026, 11, day), value=number)
    CostFactory(amount=500_00)
    ReadingFactory(definition=definition, value=7)
    asked_and_answered()


def asked_and_answered() -> None:
    """Every partner's answer to each ready-made survey."""
    admin = make_member(Role.ADMIN)
    with time_machine.travel("2026-11-09 12:00:00+00:00"):
        for ready, answer in SURVEYS.items():
            survey = a_survey(admin, ready)
            for partner in Partner.objects.order_by("pk"):
                answered(survey, {"q1": answer, "q2": "x", "q3": "x"}, partner=partner)


def trained_and_engaged(partner: Partner) -> None:
    """A person of the partner who learnt, was here, and came to an event."""
    member = make_member(Role.PARTNER_MEMBER, partner=partner)
    course, _new = Course.objects.get_or_create(title="Basics", status=CourseStatus.PUBLISHED)
    day, at = dt.date(2026, 11, 10), dt.datetime(2026, 11, 10, 9, tzinfo=dt.UTC)
    Completion.objects.create(
        course=course,
        member=member,
        partner=partner,
        completed_on=day,
        via="hand",
        certificate=str(member.pk)[:20],
    )
    Duty.objects.create(course=course, member=member, partner=partner, since=day, due_on=day)
    ActiveDay.objects.create(member=member, partner=partner, day=day)
    Interaction.objects.create(
        about=partner, partner_id=partner.pk, kind="call", happened_at=at, subject="Hello"
    )
    gathering = Gathering.objects.create(
        title="Summit", kind="webinar", status="published", starts_at=at, ends_at=at + dt.timedelta(hours=1)
    )
    Guest.objects.create(gathering=gathering, member=member, partner=partner, attended=True)


def an_asset(partner: Partner, *, taken: int, **fields: Any) -> Asset:
    """For this partner since the 5th of November, and taken so often on the 9th."""
    asset = Asset.objects.create(title=f"For {partner.name}", status="published", **fields)
    member = make_member(Role.PARTNER_OWNER, partner=partner)
    version = AssetVersion.objects.create(asset=asset, number=1, added_by=member)
    AssetAudience.objects.create(asset=asset, partner=partner, since=dt.date(2026, 11, 5))
    for _number in range(taken):
        row = AssetDownload.objects.create(asset=asset, version=version, partner=partner, member=member)
        AssetDownload.objects.filter(pk=row.pk).update(created_at=dt.datetime(2026, 11, 9, 12, tzinfo=dt.UTC))
    return asset


def test_assets_count_while_they_are_out_and_downloads_each_time(scoped: Tenant) -> None:
    """Three assets were there in November, one of them gone before and one to come; five downloads of the first."""
    partner = PartnerFactory()
    an_asset(partner, taken=5)
    ended = an_asset(PartnerFactory(), taken=0)
    AssetAudience.objects.create(
        asset=ended, partner=partner, since=dt.date(2026, 9, 1), until=dt.date(2026, 11, 2)
    )
    for since, until, dates in [
        (dt.date(2026, 9, 1), dt.date(2026, 11, 1), {}),
        (dt.date(2026, 11, 25), None, {}),
        (dt.date(2026, 9, 1), None, {"expires_on": dt.date(2026, 10, 20)}),
        (dt.date(2026, 9, 1), None, {"publish_on": dt.date(2026, 11, 20)}),
    ]:
        asset = Asset.objects.create(title=f"{since} {until} {dates}", status="published", **dates)
        AssetAudience.objects.create(asset=asset, partner=partner, since=since, until=until)
    facts = read_facts(WINDOWS, calendar_of(scoped), TODAY).filter(
        partner_id=str(partner.pk), key=WINDOWS[1].key
    )
    assert facts.select("asset_downloads", "assets_available").rows() == [(5, 3)]


def test_a_source_without_records_is_not_read(scoped: Tenant) -> None:
    assert active_sources() == ()
    assert read_facts(WINDOWS, calendar_of(scoped), TODAY).columns == ["partner_id", "key"]
    partner = PartnerFactory()
    assert [source.name for source in active_sources()] == ["partnership"]
    LeadFactory(partner=partner, submitted_at=NOON)
    assert {source.name for source in active_sources()} == {"leads", "partnership"}


def test_the_records_of_every_source_add_up_to_its_facts_and_some_partners_are_as_all(scoped: Tenant) -> None:
    partners = PartnerFactory.create_batch(3)
    something_of_everything(partners, MetricDefinitionFactory(combination="last"))
    sources, calendar = active_sources(), calendar_of(scoped)
    names = [name for name, source in SOURCES.items() if source.sql and name not in FROM_ABOVE]
    assert [source.name for source in sources] == names
    columns = ["partner_id", "key", *fact_names(sources)]
    everyone = read_facts(WINDOWS, calendar, TODAY).select(columns).sort("partner_id", "key")
    ids = sorted(set(everyone["partner_id"]))
    assert len(ids) == 3
    some = read_facts(WINDOWS, calendar, TODAY, ids).select(columns).sort("partner_id", "key")
    assert some.rows() == everyone.rows()
    for facts in everyone.iter_rows(named=True):
        window = next(window for window in WINDOWS if window.key == facts["key"])
        for source in sources:
            frame = contributions(source.name, window, calendar, TODAY, facts["partner_id"])
            added = {name: frame[name].sum() for name in source.names}
            assert added == {name: facts[name] for name in source.names}, source.name
    house = read_house_facts(WINDOWS, calendar, TODAY, sources).filter(key=NOVEMBER.key)
    assert house["programme_cost"].to_list() == [500_00]


def test_partners_and_house_add_up_to_the_programme_and_an_incremental_run_agrees_in_any_order(
    scoped: Tenant,
) -> None:
    partners = PartnerFactory.create_batch(3)
    definition = MetricDefinitionFactory()
    actions.recompute_everything(TODAY)
    something_of_everything(partners, definition)
    for partner in [partners[2], partners[0]]:
        actions.mark_dirty([(partner.pk, dt.date(2026, 9, 1))])
        actions.recompute_dirty(TODAY)
    actions.mark_dirty([(None, dt.date(2026, 11, 1)), (partners[1].pk, actions.ALWAYS)])
    actions.recompute_dirty(TODAY)
    incremental = snapshot()
    actions.recompute_everything(TODAY)
    assert snapshot() == incremental
    cards = Scorecard.objects.filter(period_kind="month", period_start=dt.date(2026, 11, 1))
    programme = cards.get(subject_kind="programme").facts
    parts = [card.facts for card in cards.filter(subject_kind__in=["partner", "house"])]
    assert {name: sum(facts.get(name, 0) for facts in parts) for name in programme} == programme
    assert programme["programme_cost"] == 500_00 + 3 * 10_00 + 3
    assert cards.get(subject_kind="type").facts["programme_cost"] == 3 * 10_00 + 3
    house = cards.get(subject_kind="house")
    assert (house.score, house.facts["partners"]) == (None, 0)
    # A cost that is taken away takes its month's row with it.
    told = {"old": {"partner_id": "", "spent_on": "2026-11-01"}}
    moment = dt.datetime.combine(TODAY, dt.time(12), dt.UTC)
    event = Event(type="cost.removed", subject_id=house.pk, data=told, occurred_at=moment)
    scoped.refresh_from_db()
    definition.readings.filter(partner=None).delete()
    CostFactory._meta.model.objects.filter(partner=None).delete()
    consumers.records_changed(SOURCES["costs"], [event])
    actions.recompute_dirty(TODAY)
    assert not Scorecard.objects.filter(subject_kind="house").exists()
    assert cards.get(subject_kind="programme").facts["programme_cost"] == 3 * 10_00 + 3


def test_the_last_reading_counts_however_old_and_sums_stay_in_their_period(scoped: Tenant) -> None:
    partner = PartnerFactory()
    level = MetricDefinitionFactory(code="stock", combination="last")
    flow = MetricDefinitionFactory(code="visits_here", combination="sum")
    for day, value in ((dt.date(2026, 9, 30), 8), (dt.date(2026, 11, 5), 5), (dt.date(2026, 11, 19), 6)):
        ReadingFactory(definition=level, partner=partner, day=day, value=value)
        ReadingFactory(definition=flow, partner=partner, day=day, value=value)
    frame = read_facts([OCTOBER, NOVEMBER], calendar_of(scoped), TODAY, [partner.pk])
    names = ["key", "stock_total", "stock_readings", "visits_here_total", "visits_here_readings"]
    found = {key: tuple(values) for key, *values in frame.select(names).iter_rows()}
    assert found == {OCTOBER.key: (8, 1, 0, 0), NOVEMBER.key: (6, 1, 11, 2)}
    assert FACTS["stock_total"].divisor == 10_000


def test_orders_by_hand(scoped: Tenant) -> None:
    """Two orders in November, one of them cancelled; one of October delivered in November after 30 hours."""
    scoped.time_zone = "America/New_York"
    scoped.save()
    partner = PartnerFactory()
    OrderFactory(partner=partner)
    OrderFactory(partner=partner, status="cancelled", cancelled_on=TODAY)
    # 1 November in UTC is still 31 October in New York.
    placed = dt.datetime(2026, 11, 1, 2, tzinfo=dt.UTC)
    order = OrderFactory(
        partner=partner, ordered_at=placed, fulfilled_at=placed + dt.timedelta(hours=30), cost=None
    )
    OrderReturn.objects.create(order=order, partner=partner, returned_on=TODAY, quantity=2)
    found = fact_values([OCTOBER, NOVEMBER], [partner.pk], TODAY)
    names = [fact.name for fact in SOURCES["orders"].facts]
    october, november = (
        [found[partner.pk, window.key][name] for name in names] for window in (OCTOBER, NOVEMBER)
    )
    assert october == [1, 100_00, 0, 0, 10, 0, 0]
    assert november == [1, 100_00, 1, 30 * 3600, 10, 2, 60_00]


def test_customers_months_and_countries_by_hand(scoped: Tenant) -> None:
    """A whole year and a leap year's February are twelve months and one; a half November is half of one."""
    partner = PartnerFactory()
    CustomerFactory(served_by=partner, started_on=dt.date(2020, 1, 1), country="NL")
    CustomerFactory(
        served_by=partner,
        started_on=dt.date(2026, 11, 1),
        ended_on=dt.date(2026, 11, 15),
        country="BE",
    )
    february = Window.of(dt.date(2028, 2, 1), dt.date(2028, 3, 1))
    before = Window.of(dt.date(2025, 1, 1), dt.date(2026, 1, 1))
    found = fact_values([before, NOVEMBER, february], [partner.pk], dt.date(2028, 6, 1))
    names = ("customer_months", "customers_ended", "new_countries")
    values = [
        tuple(found[partner.pk, window.key][name] for name in names)
        for window in (before, NOVEMBER, february)
    ]
    assert values == [(12_0000, 0, 0), (1_5000, 1, 1), (1_0000, 0, 0)]


def test_a_joint_campaign_is_held_against_as_many_days_before(scoped: Tenant) -> None:
    """Ten days with 300 won against ten days before with 200; what was won later counts for neither."""
    partner = PartnerFactory()
    CampaignFactory(
        partner=partner, is_joint=True, starts_on=dt.date(2026, 10, 11), ends_on=dt.date(2026, 10, 20)
    )
    for amount, day in ((200, (10, 1)), (300, (10, 20)), (500, (10, 21)), (700, (9, 30))):
        won_deal(partner, amount, dt.date(2026, *day))
    found = fact_values([OCTOBER, NOVEMBER], [partner.pk], TODAY)
    facts = found[partner.pk, OCTOBER.key]
    assert (facts["campaign_revenue"], facts["campaign_revenue_before"]) == (300, 200)
    assert found[partner.pk, NOVEMBER.key]["campaign_revenue"] == 0


@pytest.mark.parametrize("ends_on", [None, dt.date(2026, 11, 15)])
def test_a_joint_campaign_that_runs_counts_to_the_last_day_of_a_period(
    scoped: Tenant, ends_on: dt.date | None
) -> None:
    """It began on 17 October with 300 won in it and 200 before; from November on it is November's alone."""
    partner = PartnerFactory()
    CampaignFactory(partner=partner, is_joint=True, starts_on=dt.date(2026, 10, 17), ends_on=ends_on)
    for amount, day in ((200, 10), (300, 20)):
        won_deal(partner, amount, dt.date(2026, 10, day))

    def revenues(month: int, day: int) -> list[int]:
        found = fact_values([OCTOBER, NOVEMBER], [partner.pk], dt.date(2026, month, day))
        return [found[partner.pk, window.key]["campaign_revenue"] for window in (OCTOBER, NOVEMBER)]

    assert revenues(10, 30)[0] == 300
    assert revenues(10, 31)[0] == 300
    assert revenues(11, 1) == [0, 300]


def test_every_fact_is_of_one_source_and_constants_do_not_clash() -> None:
    assert len(FACTS) == sum(len(source.facts) for source in SOURCES.values())
    values: dict[str, object] = {}
    for source in SOURCES.values():
        for name, value in source.values.items():
            assert values.setdefault(name, value) == value, name


def test_a_source_is_filled_once() -> None:
    with pytest.raises(ValueError, match="deals"):
        fill(SOURCES["deals"])

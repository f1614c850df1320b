"""Joining, the first deal, staying and leaving, against figures worked out by hand."""

import datetime as dt

import pytest

from metrics import actions
from metrics.evaluation import evaluate_facts
from metrics.models import Scorecard
from metrics.periods import Window, calendar_of
from metrics.queries import fact_values
from metrics.stretches import facts_between
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from tests.factories import PartnerFactory, won_deal

TODAY = dt.date(2026, 11, 20)
Q1 = Window.of(dt.date(2026, 1, 1), dt.date(2026, 4, 1))
NAMES = (
    "partners_recruited",
    "recruits_activated",
    "partners_activated",
    "activation_days",
    "partners_at_start",
    "partners_at_end",
    "partners_left",
    "partners_active",
)


def partner(joined: dt.date | None, *wins: dt.date, left: dt.date | None = None, **fields: object) -> Partner:
    made = PartnerFactory(joined_on=joined, left_on=left, **fields)
    for day in wins:
        won_deal(made, 1_000_00, day)
    return made


def day(month: int, number: int) -> dt.date:
    return dt.date(2026, month, number)


@pytest.fixture
def five(scoped: Tenant, manager: Membership) -> list[Partner]:
    """Two recruits of the quarter, one of whom sells after 20 days and one only after its end; a partner from before that
    sells for the first time after 100 days; one from before that leaves; and an old one that sells again."""
    return [
        partner(day(1, 10), day(1, 30), day(3, 1), manager=manager),
        partner(day(3, 1), day(4, 20), manager=manager),
        partner(dt.date(2025, 11, 20), day(2, 28)),
        partner(dt.date(2025, 1, 1), left=day(2, 15)),
        partner(dt.date(2020, 1, 1), dt.date(2021, 1, 1), day(3, 31), manager=manager),
    ]


def row(one: Partner) -> tuple[int, ...]:
    facts = fact_values([Q1], [one.pk], TODAY)[one.pk, Q1.key]
    return tuple(facts[name] for name in NAMES)


def test_each_partners_facts(five: list[Partner]) -> None:
    assert [row(one) for one in five] == [
        (1, 1, 1, 20, 0, 1, 0, 1),
        (1, 0, 0, 0, 0, 1, 0, 0),
        (0, 0, 1, 100, 1, 1, 0, 1),
        (0, 0, 0, 0, 1, 0, 1, 0),
        (0, 0, 0, 0, 1, 1, 0, 1),
    ]


def test_who_is_not_said_to_have_joined_is_there_from_the_tenants_day_of_being_entered(
    scoped: Tenant,
) -> None:
    """Entered in the first hours of 1 April in UTC, when it is still 31 March in New York."""
    scoped.time_zone = "America/New_York"
    scoped.save()
    one = partner(None, day(2, 10))
    Partner.objects.filter(pk=one.pk).update(created_at=dt.datetime(2026, 4, 1, 2, tzinfo=dt.UTC))
    months = [Window.of(day(month, 1), day(month + 1, 1)) for month in (2, 3, 4)]
    names = ("partners_at_start", "partners_recruited", "partners_at_end", "partners_active")
    rows = fact_values(months, [one.pk], TODAY)
    found = [tuple(rows[one.pk, month.key][name] for name in names) for month in months]
    # What it is known to have done before counts all the same.
    assert found == [(0, 0, 0, 1), (0, 1, 1, 0), (1, 0, 1, 0)]
    calendar = calendar_of(scoped)
    actions.ensure_default_template(scoped)
    actions.recompute_everything(TODAY)
    card = Scorecard.objects.get(partner=one, period_kind="month", period_start=day(3, 1))
    assert [facts["partners"] for facts in facts_between(card, months, calendar, TODAY)] == [0, 1, 1]


def test_activation_and_time_to_first_deal_for_a_partner_a_portfolio_and_the_programme(
    five: list[Partner],
) -> None:
    def figures(chosen: list[Partner]) -> dict[str, float | None]:
        rows = fact_values([Q1], [one.pk for one in chosen], TODAY)
        summed: dict[str, int] = {}
        for one in chosen:
            for name, value in rows[one.pk, Q1.key].items():
                summed[name] = summed.get(name, 0) + value
        return evaluate_facts(summed)

    assert figures(five[:1])["time_to_first_deal"] == 20
    assert figures(five[1:2])["time_to_first_deal"] is None
    portfolio = figures([five[0], five[1], five[4]])
    assert (portfolio["recruitment"], portfolio["activation_rate"]) == (2, 0.5)
    assert portfolio["time_to_first_deal"] == 20
    programme = figures(five)
    # Two joined, one of them sold by the end. First deals after 20 and 100 days.
    assert (programme["recruitment"], programme["activation_rate"]) == (2, 0.5)
    assert programme["time_to_first_deal"] == 60
    # Three at the start, four at the end; one of the three left.
    assert programme["partner_growth"] == pytest.approx(1 / 3)
    assert programme["partner_retention"] == pytest.approx(2 / 3)
    # Deals of 1,000 on 30 January, 28 February, 1 and 31 March: 4,000 won by three partners.
    assert (programme["active_partners"], programme["revenue_per_partner"]) == (
        3,
        pytest.approx(4_000_00 / 3),
    )


def test_without_recruits_there_is_no_activation_rate() -> None:
    assert evaluate_facts({"recruits_activated": 0, "partners_recruited": 0})["activation_rate"] is None

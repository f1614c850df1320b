"""Campaigns and their daily figures from files."""

import datetime as dt
import json
from decimal import Decimal

import pytest

from partners.marketing.models import Campaign, DailyFigure
from portal.events.models import Event
from portal.tenancy.models import Tenant
from tests.factories import CampaignFactory, DailyFigureFactory, PartnerFactory
from tests.importing import Importer, rows_of

pytestmark = pytest.mark.django_db
RATES = {"USD": Decimal("0.5")}
CAMPAIGNS = """campaign id,partner,campaign,start date,end date,co-branded,joint,budget,currency,goal
K1,Alpha,Autumn,2026-10-01,2026-10-31,yes,no,1000,USD,More visits
K2,Alpha,Winter,2026-12-01,,no,yes,500,EUR,
"""
FIGURES = """campaign,date,utm source,medium,impressions,clicks,conversions,spend,currency
Autumn,2026-10-02,search,paid,10000,1000,20,900,EUR
Autumn,2026-10-03,search,paid,500,,,10,USD
"""


@pytest.fixture
def alpha(scoped: Tenant) -> object:
    return PartnerFactory(name="Alpha")


def test_campaigns_come_once_and_then_change(importer: Importer, alpha: object) -> None:
    run = importer.run("campaigns", CAMPAIGNS, rates=RATES)
    assert (run.result["created"], run.counts["refuse"]) == (2, 0)
    autumn, winter = Campaign.objects.order_by("external_id")
    assert (autumn.budget, autumn.currency, autumn.is_cobranded, autumn.is_joint) == (
        500_00,
        "EUR",
        True,
        False,
    )
    assert (winter.is_joint, winter.ends_on, winter.goal) == (True, None, "")
    event = Event.objects.get(type="campaign.imported")
    assert (event.partner_id, event.data["count"]) == (alpha.pk, 2)  # type: ignore[attr-defined]
    assert event.data["days"] == ["2026-10-01", "2026-10-31", "2026-12-01"]
    again = importer.check("campaigns", CAMPAIGNS, rates=RATES)
    assert (again.counts["create"], again.counts["change"]) == (0, 0)
    run = importer.run(
        "campaigns", CAMPAIGNS.replace("2026-10-31", "2026-11-05").replace("More visits", ""), rates=RATES
    )
    assert (run.result["created"], run.result["changed"]) == (0, 1)
    autumn.refresh_from_db()
    # What the file leaves empty stays.
    assert (autumn.ends_on, autumn.goal, autumn.version) == (dt.date(2026, 11, 5), "More visits", 2)


def test_without_ids_a_campaign_is_known_by_partner_and_name(importer: Importer, alpha: object) -> None:
    known = CampaignFactory(partner=alpha, name="Autumn", starts_on=dt.date(2026, 9, 1))
    other = CampaignFactory(name="Autumn", starts_on=dt.date(2026, 9, 1))
    importer.run("campaigns", "partner,campaign,start date\nAlpha,Autumn,2026-10-01\n")
    known.refresh_from_db()
    other.refresh_from_db()
    assert (known.starts_on, other.starts_on) == (dt.date(2026, 10, 1), dt.date(2026, 9, 1))
    assert Campaign.objects.count() == 2


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("K9,Alpha,Spring,2026-03-01,2026-02-01", "end_before_start"),
        ("K9,Alpha,Taken,2026-03-01,", "name_taken"),
        ("K8,Alpha,Twice,2026-03-01,", "name_taken"),
        ("K9,Alpha,,2026-03-01,", "required"),
        ("K9,Nobody Ltd,Spring,2026-03-01,", "unknown"),
    ],
)
def test_rows_that_cannot_be_campaigns_are_refused(
    importer: Importer, alpha: object, line: str, code: str
) -> None:
    CampaignFactory(partner=alpha, name="Taken", external_id="K1")
    head = "external id,partner,campaign,start date,end date\nK7,Alpha,Twice,2026-03-01,\n"
    run = importer.check("campaigns", f"{head}{line}\n")
    if code != "unknown":
        assert code in rows_of(run, "refuse")[0]["problems"]
    assert run.counts["create"] == 1


def test_daily_figures_are_added_and_replaced(importer: Importer, alpha: object) -> None:
    campaign = CampaignFactory(partner=alpha, name="Autumn")
    run = importer.run("campaign_figures", FIGURES, rates=RATES)
    assert run.result["created"] == 2
    first, second = DailyFigure.objects.order_by("day")
    assert (first.campaign, first.partner_id) == (campaign, alpha.pk)  # type: ignore[attr-defined]
    assert (first.channel, first.impressions, first.clicks, first.spend) == ("paid", 10_000, 1_000, 900_00)
    assert (second.spend, second.clicks) == (5_00, 0)
    event = Event.objects.get(type="campaigns.imported")
    assert event.data["days"] == ["2026-10-02", "2026-10-03"]
    again = importer.check("campaign_figures", FIGURES, rates=RATES)
    assert (again.counts["create"], again.counts["change"]) == (0, 0)
    importer.run("campaign_figures", FIGURES.replace("10000,1000", "10000,1100"), rates=RATES)
    assert list(DailyFigure.objects.order_by("day").values_list("clicks", flat=True)) == [1_100, 0]
    future = importer.check("campaign_figures", FIGURES.replace("2026-10-03", "2199-10-03"), rates=RATES)
    assert "future" in rows_of(future, "refuse")[0]["problems"]


def test_a_campaign_whose_name_exists_twice_is_named_by_its_partner_or_its_id(
    importer: Importer, alpha: object
) -> None:
    own = CampaignFactory(partner=alpha, name="Autumn")
    other = CampaignFactory(partner=PartnerFactory(name="Beta"), name="Autumn")
    PartnerFactory(name="Gamma")
    alone = importer.check("campaign_figures", FIGURES, rates=RATES)
    assert alone.counts["refuse"] == 2
    # Without a column that says the partner, the heading is the field's own.
    assert (
        '"code": "ambiguous_within", "params": {"other": "Partner"}'
        in rows_of(alone, "refuse")[0]["problems"]
    )
    lines = (
        "campaign,partner,date,utm source,medium,clicks",
        "Autumn,Beta,2026-10-02,search,paid,7",
        "autumn,Alpha,2026-10-02,search,paid,8",
        f"{str(own.pk).upper()},,2026-10-03,search,paid,9",
        "Autumn,,2026-10-04,search,paid,10",
        f"{own.pk},Beta,2026-10-05,search,paid,11",
        "Autumn,Gamma,2026-10-06,search,paid,12",
    )
    run = importer.check("campaign_figures", "\n".join(lines))
    assert [json.loads(row["problems"])[0]["code"] for row in rows_of(run, "refuse")] == [
        "ambiguous_within",
        "not_within",
        "not_within",
    ]
    assert {
        "text": "A row is recognised by these columns together: partner, campaign, date, utm source, medium.",
        "count": 0,
    } in run.findings["warnings"]
    importer.commit(run)
    assert list(DailyFigure.objects.order_by("clicks").values_list("campaign", "partner", "clicks")) == [
        (other.pk, other.partner_id, 7),
        (own.pk, own.partner_id, 8),
        (own.pk, own.partner_id, 9),
    ]


def test_more_clicks_than_impressions_are_refused_also_beside_what_stands_there(
    importer: Importer, alpha: object
) -> None:
    campaign = CampaignFactory(partner=alpha, name="Autumn")
    DailyFigureFactory(
        campaign=campaign,
        day=dt.date(2026, 10, 2),
        source="search",
        channel="paid",
        impressions=100,
        clicks=9,
    )
    run = importer.check(
        "campaign_figures",
        "campaign,date,source,channel,impressions,clicks\n"
        "Autumn,2026-10-02,search,paid,,101\n"
        "Autumn,2026-10-03,search,paid,100,101\n"
        "Autumn,2026-10-04,search,paid,100,100\n"
        "Autumn,2026-10-05,mail,paid,,50\n",
    )
    assert [row["problems"].count('"code": "clicks"') for row in rows_of(run, "refuse")] == [1, 1]
    assert (run.counts["create"], run.counts["refuse"]) == (2, 2)

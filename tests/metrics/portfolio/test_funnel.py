"""The funnel and the channels: by hand, and each number against the list that it leads to."""

import datetime as dt
import html
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from metrics import actions
from metrics.periods import Period, PeriodKind, calendar_of
from metrics.portfolio.dimensions import TITLES, dimension
from metrics.portfolio.funnel import funnels, total
from metrics.portfolio.marketing import reach
from metrics.portfolio.queries import Choice
from partners.deals.enums import RegistrationStatus as S
from partners.deals.enums import SalesStage
from partners.directory.models import Partner
from partners.leads.enums import LeadStatus
from portal.accounts.models import Membership
from portal.reports.actions import keep_view
from portal.shell.reporting import as_opened_by, report_page
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import (
    CampaignFactory,
    DailyFigureFactory,
    DealFactory,
    LeadFactory,
    PartnerFactory,
    VendorLeadFactory,
    won_deal,
)

SignIn = Callable[[Membership], Client]


@pytest.fixture
def period(tenant: Tenant) -> Period:
    return calendar_of(tenant).current(PeriodKind.QUARTER).previous()


@pytest.fixture
def begun(tenant: Tenant, manager: Membership, period: Period) -> list[Partner]:
    """Partner A (EMEA, of the manager): two leads of which one became a registration; four registrations, of which two
    were approved and one won. Partner B (without a region): a lead that it was offered, and a registration that lies
    there. What began in other periods is nobody's business."""
    calendar = calendar_of(tenant)

    def at(days: float) -> dt.datetime:
        return calendar.moment(period.start) + dt.timedelta(days=days)

    with tenant_scope(tenant.pk):
        a = PartnerFactory(name="A", manager=manager, region="EMEA")
        b = PartnerFactory(name="B", region="", type="msp")

        def registration(partner: Partner, status: S, **given: object):
            given = {"first_submitted_at": at(10), "submitted_at": at(10), **given}
            return DealFactory(partner=partner, status=status, amount=100_00, **given)

        won = won_deal(
            a,
            250_00,
            calendar.day_of(at(10 + 4 + 30)),
            status=S.WON,
            first_submitted_at=at(10),
            decided_at=at(14),
            amount=200_00,
            source="Fair",
            channel="earned",
        )
        registration(a, S.LOST, decided_at=at(12), stage=SalesStage.LOST, closed_on=calendar.day_of(at(40)))
        registration(a, S.REJECTED, decided_at=at(11))
        registration(a, S.SUBMITTED, source="fair")
        registration(b, S.IN_REVIEW)
        registration(b, S.SUBMITTED, first_submitted_at=at(-3))
        LeadFactory(
            partner=a,
            submitted_at=at(1),
            status=LeadStatus.CONVERTED,
            deal=won,
            closed_at=at(9),
            source="Fair",
            channel="earned",
        )
        LeadFactory(partner=a, submitted_at=at(2), source="fair tales", channel="")
        LeadFactory(partner=a, submitted_at=at(-1), source="Fair")
        VendorLeadFactory(
            partner=b,
            status=LeadStatus.OPEN,
            offered_at=at(5),
            submitted_at=None,
            channel="paid",
            source="Ads",
        )
        actions.ensure_default_template(tenant)
        actions.recompute_everything()
        return [a, b]


def test_a_funnel_by_hand(tenant: Tenant, begun: list[Partner], period: Period) -> None:
    calendar = calendar_of(tenant)
    with tenant_scope(tenant.pk):
        (found,) = funnels(Choice(), period, dimension("", calendar), calendar)
        assert (found.leads, found.leads_registered, found.lead_days) == (3, 1, 9)
        assert (found.submitted, found.approved, found.won) == (5, 2, 1)
        assert (found.submitted_value, found.approved_value, found.won_value) == (600_00, 300_00, 250_00)
        # Approved after 4 and after 2 days; won 30 days after the approval.
        assert (found.approval_days, found.winning_days) == (3, 30)
        by_partner = funnels(Choice(), period, dimension("partner", calendar), calendar)
        assert [(one.label, one.leads, one.submitted, one.won) for one in by_partner] == [
            ("A", 2, 4, 1),
            ("B", 1, 1, 0),
        ]
        assert by_partner[1].approval_days is None
        by_source = {
            one.key: one for one in funnels(Choice(), period, dimension("source", calendar), calendar)
        }
        # However it is spelt in capitals, and not what merely begins alike.
        assert (by_source["fair"].leads, by_source["fair"].submitted) == (1, 2)
        assert by_source["fair tales"].leads == 1


@pytest.mark.parametrize("by", list(TITLES))
def test_every_breakdown_adds_up_to_the_whole(
    by: str, tenant: Tenant, begun: list[Partner], period: Period
) -> None:
    calendar = calendar_of(tenant)
    with tenant_scope(tenant.pk):
        whole = total(funnels(Choice(), period, dimension("", calendar), calendar))
        assert total(funnels(Choice(), period, dimension(by, calendar), calendar)) == whole
        assert whole["submitted"] == 5


def counted(page: str) -> list[tuple[str, int]]:
    """The links to lists of deals, leads and partners in a page's tables, with the numbers that they stand on."""
    links = re.findall(r'<a href="(/acme/(?:deals|leads|partners)/\?[^"]+)">([\d.,]+)</a>', page)
    return [(html.unescape(address), int(text.replace(",", "").replace(".", ""))) for address, text in links]


@pytest.mark.parametrize("choice", ["", "&region=EMEA", "&manager={manager}", "&type=msp"])
def test_each_number_leads_to_a_list_of_as_many(
    choice: str, client_as: SignIn, manager: Membership, begun: list[Partner], period: Period
) -> None:
    client = client_as(manager)
    chosen = f"period=quarter&start={period.start}{choice.format(manager=manager.pk)}"
    checked = 0
    pages = [f"/acme/analysis/funnel/?by={by}&{chosen}" for by in ("", *TITLES)]
    pages.append(f"/acme/analysis/channels/?{chosen}")
    seen: dict[str, int] = {}
    for address in pages:
        links = counted(client.get(address).content.decode())
        for link, number in links:
            if link not in seen:
                listed = client.get(link)
                assert listed.status_code == 200, link
                # A filter that the list does not know would show everything.
                assert not (listed.context["filterset"] and listed.context["filterset"].form.errors), link
                seen[link] = listed.context["page"].total
            assert seen[link] == number, link
            checked += 1
    assert checked > 20 or choice


def test_breakdowns_and_cohorts_of_the_analysis_lead_to_lists_of_as_many(
    client_as: SignIn, tenant: Tenant, manager: Membership, begun: list[Partner], period: Period
) -> None:
    client = client_as(manager)
    with tenant_scope(tenant.pk):
        Partner.objects.update(joined_on=period.start)
    response = client.get(f"/acme/analysis/?period=quarter&start={period.start}&region=EMEA")
    checked = 0
    for table in response.context["breakdowns"]:
        for line in table["lines"]:
            assert client.get(line["address"]).context["page"].total == int(line["deals"]), line
            checked += 1
    assert checked == 7
    (cohort,) = response.context["cohorts"]
    assert client.get(cohort["joined_address"]).context["page"].total == 1 == int(cohort["joined"])
    assert client.get(cohort["active_address"]).context["page"].total == int(cohort["active"])
    (row,) = response.context["rows"]
    records = client.get(row["deals_address"]).context["records"]
    assert sum(table["total"] if isinstance(table, dict) else table.total for table in records) == int(
        row["deals"]
    )


def test_channels_and_sources_by_hand(tenant: Tenant, begun: list[Partner], period: Period) -> None:
    calendar = calendar_of(tenant)
    with tenant_scope(tenant.pk):
        campaign = CampaignFactory(partner=begun[0])
        for source, visits in (("Ads", 100), ("ads", 50)):
            DailyFigureFactory(
                campaign=campaign,
                partner=begun[0],
                day=period.start,
                channel="paid",
                source=source,
                visits=visits,
                spend=30_00,
                revenue=0,
            )
        channels = {one.key: one for one in reach(Choice(), period, dimension("channel", calendar), calendar)}
        assert (channels["paid"].visits, channels["paid"].leads, channels["paid"].spend) == (150, 1, 60_00)
        assert channels["paid"].cost_per_lead == 60_00
        assert (channels["earned"].leads, channels["earned"].won, channels["earned"].won_value) == (
            1,
            1,
            250_00,
        )
        sources = {one.key: one for one in reach(Choice(), period, dimension("source", calendar), calendar)}
        assert (sources["ads"].visits, sources["ads"].leads) == (150, 1)
        assert sum(one.leads for one in sources.values()) == 3


def test_the_sums_of_a_channel_and_of_a_source_lead_to_the_days_behind_them(
    client_as: SignIn, tenant: Tenant, manager: Membership, begun: list[Partner], period: Period
) -> None:
    """Each of them to a list whose rows add up to it, and to no day, source, channel or partner beside."""
    outside = period.start - dt.timedelta(days=1)
    with tenant_scope(tenant.pk):
        rows = [
            (0, period.start, "paid", "Ads", 100),
            (0, period.start, "paid", "ads", 50),
            (0, period.start, "paid", "ads and more", 7),
            (0, period.start, "earned", "", 3),
            (1, period.start, "paid", "Ads", 1000),
            (0, outside, "paid", "Ads", 9),
        ]
        for partner, day, channel, source, visits in rows:
            campaign = CampaignFactory(partner=begun[partner])
            DailyFigureFactory(
                campaign=campaign, day=day, channel=channel, source=source, visits=visits, spend=visits * 100
            )
    client = client_as(manager)
    page = client.get(f"/acme/analysis/channels/?period=quarter&start={period.start}&region=EMEA")
    seen = {}
    for table in page.context["tables"]:
        for line in table["lines"]:
            if not line["days_address"]:
                continue
            listed = client.get(line["days_address"])
            assert not listed.context["filterset"], line
            sums = {str(each["label"]): each["value"] for each in listed.context["figures"]}
            assert (sums["Visits"], sums["Spend"]) == (line["visits"], line["spend"])
            assert (
                f'<a href="{html.escape(line["days_address"])}">{line["clicks"]}</a>' in page.content.decode()
            )
            seen[str(line["label"])] = (listed.context["page"].total, line["visits"])
    assert seen == {
        "Paid": (3, "157"),
        "Earned": (1, "3"),
        "ads": (2, "150"),
        "ads and more": (1, "7"),
        "Without a source": (1, "3"),
    }


def test_the_pages_cost_the_same_for_few_and_for_many(
    client_as: SignIn, tenant: Tenant, manager: Membership, begun: list[Partner], period: Period
) -> None:
    client = client_as(manager)
    addresses = [
        f"/acme/analysis/{page}&period=quarter&start={period.start}"
        for page in ("funnel/?by=partner", "channels/?x=")
    ]

    def costs() -> list[int]:
        found = []
        for address in addresses:
            with CaptureQueriesContext(connection) as made:
                assert client.get(address).status_code == 200
            found.append(len(made))
        return found

    costs()
    few = costs()
    moment = calendar_of(tenant).moment(period.start)
    with tenant_scope(tenant.pk):
        for _number in range(3):
            DealFactory(partner=PartnerFactory(), status=S.SUBMITTED, first_submitted_at=moment, source="New")
            LeadFactory(partner=PartnerFactory(), submitted_at=moment, source="New")
    assert costs() == few


@pytest.mark.parametrize(
    ("which", "expected"),
    [("analysis", "Pipeline"), ("funnel", "Registrations submitted"), ("channels", "Spend")],
)
def test_the_analysis_is_kept_and_sent_with_its_figures(
    which: str,
    expected: str,
    client_as: SignIn,
    tenant: Tenant,
    manager: Membership,
    begun: list[Partner],
    period: Period,
) -> None:
    name = f"metrics_portfolio:{which}"
    with tenant_scope(tenant.pk):
        query = f"period=quarter&start={period.start}&by=partner"
        view = keep_view(by=manager, name=which, page=name, query=query)
        found = report_page(name, tenant, manager)
        assert found is not None
        report = found.report(as_opened_by(manager, tenant, name, view.query))
    assert expected in dict(report.figures)
    assert report.is_whole
    assert report.rows
    assert {len(row) for row in report.rows} == {len(report.header)}
    assert {len(line) for line in report.lines} == {len(report.columns)}
    if which == "funnel":
        file = client_as(manager).get(f"/acme/analysis/funnel/?{query}&export=csv")
        lines = b"".join(file.streaming_content).decode().splitlines()
        assert lines[1].startswith("A,2,1,9.0,4,")
    assert client_as(manager).get(f"/acme/views/{view.pk}/", follow=True).status_code == 200

"""Campaigns and the grid of their daily figures."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from partners.marketing import actions
from partners.marketing.models import Campaign, DailyFigure
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CampaignFactory, DailyFigureFactory, PartnerFactory, make_member

pytestmark = pytest.mark.django_db
SignIn = Callable[[Membership], Client]


def test_a_campaign_is_added_and_its_figures_filled_in_changed_and_taken_away(
    tenant: Tenant, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        seller = make_member(Role.PARTNER_MEMBER, partner=PartnerFactory())
    client = client_as(seller)
    fields = {"name": "Autumn", "starts_on": "2026-11-01", "ends_on": "2026-10-01", "budget": "5,000"}
    wrong = client.post("/acme/campaigns/new/", fields)
    assert "It cannot end before it begins." in wrong.content.decode()
    client.post("/acme/campaigns/new/", {**fields, "ends_on": "", "is_cobranded": "on"})
    with tenant_scope(tenant.pk):
        campaign = Campaign.objects.get()
        assert (campaign.budget, campaign.is_cobranded) == (5_000_00, True)
    address = f"/acme/campaigns/{campaign.pk}/figures/?month=2026-11"
    line = {"line0-day": "2026-11-03", "line0-source": "search", "line0-channel": "paid"}
    numbers = {"line0-impressions": "10000", "line0-clicks": "1000", "line0-spend": "900"}
    page = client.post(address, {"lines": "1", **line, **numbers, "line0-clicks": "-1"})
    assert page.status_code == 422
    assert "900" in page.content.decode()
    page = client.post(address, {"lines": "1", **line, **numbers, "line0-clicks": "10001"})
    assert page.status_code == 422
    assert "On 3 Nov 2026 there are 10,001 clicks but only 10,000 impressions." in page.content.decode()
    page = client.post(address, {"lines": "1", **line, **numbers}, follow=True).content.decode()
    assert "1 line has been noted." in page
    with tenant_scope(tenant.pk):
        figure = DailyFigure.objects.get()
        assert (figure.impressions, figure.clicks, figure.spend) == (10_000, 1_000, 900_00)
    assert 'value="2026-11-03"' in client.get(address).content.decode()
    for month in ("9999-12", "0001-01", "nonsense"):
        assert client.get(f"{address.partition('?')[0]}?month={month}").status_code == 200
    client.post(address, {"lines": "1", **line})
    with tenant_scope(tenant.pk):
        assert not DailyFigure.objects.exists()


def test_a_row_takes_the_place_of_the_one_before_and_no_key_stands_twice(scoped: Tenant) -> None:
    campaign, admin = CampaignFactory(), make_member(Role.ADMIN)
    row = {"day": dt.date(2026, 11, 3), "source": " search ", "channel": "paid", "clicks": 5}
    actions.report_figures(campaign, [row], by=admin)
    actions.report_figures(campaign, [{**row, "source": "search", "clicks": 7}], by=admin)
    assert DailyFigure.objects.get().clicks == 7
    with pytest.raises(ActionRefused, match="twice"):
        actions.report_figures(campaign, [row, row], by=admin)
    with pytest.raises(ActionRefused, match="not been yet"):
        actions.report_figures(campaign, [{**row, "day": dt.date(2100, 1, 1)}], by=admin)
    other_manager = make_member(Role.CHANNEL_MANAGER)
    with pytest.raises(PermissionDenied):
        actions.report_figures(campaign, [row], by=other_manager)


def test_the_api_reports_figures(tenant: Tenant, admin: Membership, client_as: SignIn) -> None:
    with tenant_scope(tenant.pk):
        campaign = CampaignFactory()
    client = client_as(admin)
    rows = [{"day": "2026-11-03", "source": "mail", "channel": "owned", "visits": 12}]
    address = f"/acme/api/v1/campaigns/{campaign.pk}"
    answer = client.post(f"{address}/report/", rows, content_type="application/json")
    assert answer.status_code == 200
    wrong = client.post(
        f"{address}/report/",
        [{**rows[0], "impressions": 100, "clicks": 3000}],
        content_type="application/json",
    )
    assert (wrong.status_code, list(wrong.json()["errors"])) == (409, ["clicks"])
    assert client.get(f"{address}/figures/").json()[0]["visits"] == 12


def test_a_partner_lists_the_days_of_its_own_campaigns_alone(tenant: Tenant, client_as: SignIn) -> None:
    with tenant_scope(tenant.pk):
        own, other = CampaignFactory(name="Own"), CampaignFactory(name="Other")
        DailyFigureFactory(campaign=own, clicks=5)
        DailyFigureFactory(campaign=other, clicks=70)
        seller = make_member(Role.PARTNER_MEMBER, partner=own.partner)
        admin = make_member(Role.ADMIN)
    page = client_as(seller).get("/acme/campaigns/days/")
    assert [row.campaign for row in page.context["page"].rows] == [own]
    assert "Other" not in page.content.decode()
    # A filter by what one may not see is refused, whatever is asked.
    refused = client_as(seller).get(f"/acme/campaigns/days/?campaign={other.pk}")
    assert refused.context["filterset"].form.errors
    whole = client_as(admin).get(f"/acme/campaigns/days/?campaign={other.pk}")
    assert [row.clicks for row in whole.context["page"].rows] == [70]
    assert {each["label"]: each["value"] for each in whole.context["figures"]}["Clicks"] == "70"
    file = client_as(seller).get("/acme/campaigns/days/?export=csv")
    assert b"Other" not in b"".join(file.streaming_content)


def test_the_list_of_days_costs_the_same_for_few_and_for_many(tenant: Tenant, client_as: SignIn) -> None:
    with tenant_scope(tenant.pk):
        admin = make_member(Role.ADMIN)
        DailyFigureFactory()
    client = client_as(admin)
    client.get("/acme/campaigns/days/")
    with CaptureQueriesContext(connection) as few:
        client.get("/acme/campaigns/days/")
    with tenant_scope(tenant.pk):
        for _number in range(2):
            DailyFigureFactory(campaign=CampaignFactory(partner=PartnerFactory()))
    with CaptureQueriesContext(connection) as many:
        client.get("/acme/campaigns/days/")
    assert len(many) == len(few)

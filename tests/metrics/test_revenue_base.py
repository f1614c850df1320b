"""Revenue by won deals or by orders, as the tenant decides."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from incentives.tiers.models import Tier, TierAssignment
from metrics import actions
from metrics.models import OwnKpi, PeriodLock, Scorecard
from metrics.own import catalogue_at
from metrics.queries import peer_figures
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import OrderFactory, PartnerFactory, won_deal

pytestmark = pytest.mark.django_db
SignIn = Callable[[Membership], Client]
TODAY = dt.date(2026, 11, 20)
ADDRESS = "/acme/scorecards/catalogue/revenue/"
ORDERS = {"base": "order_revenue", "valid_from": "2026-11-01"}


@pytest.fixture
def partner(tenant: Tenant) -> Partner:
    """Won 300 in October and 500 in November, ordered 70 and 90; another one sold more and ordered nothing."""
    with tenant_scope(tenant.pk):
        partner, other = PartnerFactory(name="Harbour Systems"), PartnerFactory()
        for month, won, ordered in ((10, 300_00, 70_00), (11, 500_00, 90_00)):
            won_deal(partner, won, dt.date(2026, month, 5))
            won_deal(other, won * 2, dt.date(2026, month, 5))
            at = dt.datetime(2026, month, 5, 12, tzinfo=dt.UTC)
            OrderFactory(partner=partner, total=ordered, ordered_at=at)
        actions.ensure_default_template(tenant)
        actions.recompute_everything(TODAY)
        return partner


def card_of(partner: Partner, month: int) -> Scorecard:
    return Scorecard.objects.get(partner=partner, period_kind="month", period_start=dt.date(2026, month, 1))


def test_an_admin_bases_revenue_on_orders_from_a_day_on(
    tenant: Tenant, admin: Membership, manager: Membership, partner: Partner, client_as: SignIn
) -> None:
    client = client_as(admin)
    assert "What deals were won for" in client.get(ADDRESS).content.decode()
    assert client_as(manager).get(ADDRESS).status_code == 403
    answer = client.post(ADDRESS, ORDERS)
    assert answer.status_code == 302
    assert "/jobs/" in answer["Location"]
    with tenant_scope(tenant.pk):
        actions.recompute_everything(TODAY)
        october, november = card_of(partner, 10), card_of(partner, 11)
        # What was before stays as it was.
        assert october.breakdown["revenue"]["value"] == 300_00
        assert november.breakdown["revenue"]["value"] == 90_00
        assert november.facts["revenue_won"] == 500_00
        programme = Scorecard.objects.get(
            subject_kind="programme", period_kind="month", period_start=dt.date(2026, 11, 1)
        )
        assert programme.breakdown["revenue"]["value"] == 90_00
        # The best in orders, the second of two in deals won for no number.
        assert peer_figures(partner.pk, november.period).quality == 100 * (0.5 + 1) / 2
        assert peer_figures(partner.pk, october.period).quality == 100 * (0.5 + 0) / 2
        # What is ranked in it comes down to what is ordered as well.
        facts = [catalogue_at(card.period.end)["quality_score"].facts for card in (october, november)]
        assert facts == [("deals_won", "revenue_won"), ("deals_won", "order_revenue")]
        own = OwnKpi.objects.get()
    page = client.get(f"/acme/scorecards/cards/{november.pk}/revenue/").content.decode()
    assert "order_revenue" in page
    assert "€90" in page
    assert "O-2026" in page
    start = "period=month&start=2026-11-01"
    assert "€90" in client.get(f"/acme/scorecards/groups/?by=programme&{start}").content.decode()
    with tenant_scope(tenant.pk):
        gold = Tier.objects.create(name="Gold", rank=900)
        TierAssignment.objects.create(partner=partner, tier=gold, during=(dt.date(2026, 1, 1), None))
    tiers = client.get(f"/acme/scorecards/groups/?by=tier&{start}").context["table"]
    assert {row["name"]: row["revenue"] for row in tiers.data}["Gold"] == 90_00
    page = client.get("/acme/scorecards/catalogue/?q=total+sales").content.decode()
    assert "<code>order_revenue</code>" in page
    assert "The amount of what was ordered" in page
    # It is not one of the tenant's own KPIs.
    assert client.get(f"/acme/scorecards/catalogue/own/{own.pk}/").status_code == 404
    assert client.get("/acme/scorecards/templates/").status_code == 200


def test_what_is_so_already_or_would_change_what_is_locked_is_refused(
    tenant: Tenant, admin: Membership, partner: Partner, client_as: SignIn
) -> None:
    client = client_as(admin)
    same = client.post(ADDRESS, {**ORDERS, "base": "revenue_won"})
    assert "counts in this way already" in same.content.decode()
    with tenant_scope(tenant.pk):
        PeriodLock.objects.create(period_kind="month", period_start=dt.date(2026, 10, 1))
    early = client.post(ADDRESS, {**ORDERS, "valid_from": "2026-10-31"})
    assert early.status_code == 422
    assert "are locked" in early.content.decode()
    assert client.post(ADDRESS, ORDERS).status_code == 302
    back = client.post(ADDRESS, {"base": "revenue_won", "valid_from": "2026-11-01"})
    assert back.status_code == 302
    with tenant_scope(tenant.pk):
        actions.recompute_everything(TODAY)
        assert card_of(partner, 11).breakdown["revenue"]["value"] == 500_00

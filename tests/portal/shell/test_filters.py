"""What a filter by days lets in, for a column of days and for one of moments."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from partners.deals.models import Deal
from partners.orders.models import Order
from portal.shell.filters import on_days
from portal.tenancy.models import Tenant
from tests.factories import DealFactory, OrderFactory, PartnerFactory, won_deal

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
ONE = timedelta(days=1)


@pytest.fixture(params=["Europe/Amsterdam", "America/Los_Angeles"])
def zone(request: pytest.FixtureRequest, scoped: Tenant):
    with timezone.override(request.param):
        yield ZoneInfo(request.param)


def test_days_are_compared_as_they_are_in_every_zone(zone: ZoneInfo):
    partner = PartnerFactory()
    for day in (FIRST - ONE, FIRST, LAST, LAST + ONE):
        won_deal(partner, 100_00, day)
    found = on_days(Deal.objects.all(), "closed_on", slice(FIRST, LAST))
    assert sorted(found.values_list("closed_on", flat=True)) == [FIRST, LAST]
    assert on_days(Deal.objects.all(), "closed_on", slice(FIRST, None)).count() == 3
    assert on_days(Deal.objects.all(), "closed_on", slice(None, LAST)).count() == 3
    assert (
        on_days(Deal.objects.all(), "partner__joined_on", slice(partner.joined_on, partner.joined_on)).count()
        == 4
    )


def test_moments_belong_to_the_day_of_the_active_zone(zone: ZoneInfo):
    starts, ends = datetime(2026, 10, 1, tzinfo=zone), datetime(2026, 11, 1, tzinfo=zone)
    moment = timedelta(microseconds=1)
    inside = [OrderFactory(ordered_at=at).pk for at in (starts, ends - moment)]
    for at in (starts - moment, ends):
        OrderFactory(ordered_at=at)
    found = on_days(Order.objects.all(), "ordered_at", slice(FIRST, LAST))
    assert sorted(found.values_list("pk", flat=True)) == sorted(inside)


@pytest.mark.parametrize("url", ["/{slug}/deals/?export=csv&", "/{slug}/api/v1/deals/?"])
def test_pages_and_api_leave_out_the_day_before(tenant: Tenant, scoped: Tenant, client_as, admin, url: str):
    tenant.time_zone = "Europe/Amsterdam"
    tenant.save()
    partner = PartnerFactory()
    for number, day in enumerate((FIRST - ONE, FIRST, LAST, LAST + ONE)):
        won_deal(partner, 100_00, day, title=f"Won {number}")
    DealFactory(title="Won 4")
    answer = client_as(admin).get(
        url.format(slug=tenant.slug) + f"closed_after={FIRST}&closed_before={LAST}&stage=won"
    )
    body = b"".join(answer) if answer.streaming else answer.content
    assert [title for title in ("Won 0", "Won 1", "Won 2", "Won 3", "Won 4") if title.encode() in body] == [
        "Won 1",
        "Won 2",
    ]

"""The currency that everything is counted in, and what other currencies were worth."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.programme.actions import change_settings
from portal.rates.models import ExchangeRate
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import (
    CampaignFactory,
    CostFactory,
    DealFactory,
    MetricDefinitionFactory,
    OrderFactory,
    ReadingFactory,
)

pytestmark = pytest.mark.django_db


def a_rate() -> None:
    ExchangeRate.objects.create(currency="USD", rate=Decimal("0.9"), starts_on=dt.date(2026, 1, 1))


def a_reading() -> None:
    ReadingFactory(definition=MetricDefinitionFactory(unit="money"))


@pytest.mark.parametrize(
    ("something", "kept"),
    [
        (ReadingFactory, False),  # a count
        (DealFactory, True),
        (OrderFactory, True),
        (CampaignFactory, True),
        (CostFactory, True),
        (a_reading, True),
        (a_rate, True),
    ],
)
def test_the_currency_stays_once_anything_is_counted_in_it(
    tenant: Tenant, admin: Membership, something: Callable[[], object], kept: bool
) -> None:
    with tenant_scope(tenant.pk):
        something()
        if kept:
            with pytest.raises(ActionRefused, match="there are amounts in it"):
                change_settings(tenant, by=admin, values={"currency": "USD"})
        else:
            change_settings(tenant, by=admin, values={"currency": "USD"})
            tenant.refresh_from_db()
            assert tenant.currency == "USD"

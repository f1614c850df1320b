"""A partner and the quarter under way."""

import pytest

from metrics.periods import Period, PeriodKind, calendar_of
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from tests.factories import PartnerFactory


@pytest.fixture
def current(scoped: Tenant) -> Period:
    return calendar_of(scoped).current(PeriodKind.QUARTER)


@pytest.fixture
def partner(scoped: Tenant, manager: Membership) -> Partner:
    return PartnerFactory(name="Harbour", manager=manager)

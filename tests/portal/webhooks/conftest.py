from collections.abc import Iterator

import pytest

from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from portal.webhooks.actions import create_endpoint
from portal.webhooks.models import Endpoint
from tests.portal.webhooks.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def endpoint(tenant: Tenant, admin: Membership, receiver: Receiver) -> Endpoint:
    """Gets what happens to rates, at a system on this machine."""
    with tenant_scope(tenant.pk):
        found, _secret = create_endpoint(
            by=admin, url=receiver.url, events=["rate.*"], description="Own system"
        )
    return found

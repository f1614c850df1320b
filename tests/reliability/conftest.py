"""Fixtures for tests with real processes. Their data is committed, because other processes must see it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.tenancy.models import Tenant
from tests.factories import TenantFactory
from tests.reliability.processes import Portal, portal


@pytest.fixture
def running(transactional_db: None, tmp_path: Path) -> Iterator[Portal]:
    """The portal's processes on this test's database, with a broker of their own; all end with the test."""
    with portal(tmp_path) as found:
        yield found


@pytest.fixture
def vendor(transactional_db: None) -> Tenant:
    return TenantFactory(slug="acme", name="Acme", currency="EUR")

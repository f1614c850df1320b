"""Fixtures that every floor's tests share. PostgreSQL and Valkey are always real."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.core.cache import cache
from django.test import Client

from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, TenantFactory, make_member
from tests.importing import Importer

# How fast the machine is says nothing about a property, and a run must be repeatable.
hypothesis.settings.register_profile(
    "portal",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("portal")


@pytest.fixture
def tenant(db: None) -> Tenant:
    return TenantFactory(slug="acme", name="Acme")


@pytest.fixture
def other_tenant(db: None) -> Tenant:
    return TenantFactory(slug="globex", name="Globex")


@pytest.fixture
def scoped(tenant: Tenant) -> Iterator[Tenant]:
    """The test runs in the tenant's scope, on the vendor's side."""
    with tenant_scope(tenant.pk):
        yield tenant


@pytest.fixture
def admin(tenant: Tenant) -> Membership:
    """Runs the programme."""
    with tenant_scope(tenant.pk):
        return make_member(Role.ADMIN)


@pytest.fixture
def manager(tenant: Tenant) -> Membership:
    """Looks after a portfolio of partners."""
    with tenant_scope(tenant.pk):
        return make_member(Role.CHANNEL_MANAGER)


@pytest.fixture
def partner_owner(tenant: Tenant) -> Membership:
    """Runs a partner company of its own."""
    with tenant_scope(tenant.pk):
        return make_member(Role.PARTNER_OWNER, partner=PartnerFactory())


@pytest.fixture
def partner_member(tenant: Tenant) -> Membership:
    """Sells for a partner company of its own."""
    with tenant_scope(tenant.pk):
        return make_member(Role.PARTNER_MEMBER, partner=PartnerFactory())


@pytest.fixture
def client_as() -> Callable[[Membership], Client]:
    """A browser signed in as a member: `client_as(manager).get("/acme/")`."""

    def sign_in(membership: Membership) -> Client:
        client = Client()
        client.force_login(membership.user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture(autouse=True)
def files_dir(settings: Any, tmp_path: Path) -> Path:
    """Files that a test keeps go with it."""
    settings.FILES_DIR = tmp_path / "files"
    return settings.FILES_DIR


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """No test sees another's cached values or rate limits."""
    yield
    cache.clear()


@pytest.fixture
def importer(scoped: Tenant, admin: Membership) -> Importer:
    """Imports files into the tenant, as its admin."""
    return Importer(admin)


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The folder with real data (`crm/`): PORTAL_SAMPLE_DATA, or `data` in a folder beside the checkout.

    Tests that need it skip without.
    """
    named = os.environ.get("PORTAL_SAMPLE_DATA")
    beside = sorted(Path(__file__).resolve().parents[2].glob("*/data/crm"))
    folder = Path(named) if named else beside[0].parent if beside else None
    if folder is None or not (folder / "crm").is_dir():
        pytest.skip("no sample data: set PORTAL_SAMPLE_DATA to a folder that holds crm/")
    return folder

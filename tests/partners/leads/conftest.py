"""Personas and rules for the tests of this room."""

from types import SimpleNamespace

import pytest

from partners.leads.models import LeadRule
from portal.accounts.enums import Role
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, ProductFactory, make_member


@pytest.fixture
def people(tenant: Tenant) -> SimpleNamespace:
    """`seller` of the partner Alpha and `rival` of Beta, both looked after by `manager`; a `colleague` manager; the
    `admin`."""
    with tenant_scope(tenant.pk):
        manager = make_member(Role.CHANNEL_MANAGER)
        alpha = PartnerFactory(name="Alpha", manager=manager, country="NL", region="North")
        beta = PartnerFactory(name="Beta", manager=manager, country="NL", region="North")
        return SimpleNamespace(
            manager=manager,
            colleague=make_member(Role.CHANNEL_MANAGER),
            admin=make_member(Role.ADMIN),
            alpha=alpha,
            beta=beta,
            seller=make_member(Role.PARTNER_MEMBER, partner=alpha),
            rival=make_member(Role.PARTNER_MEMBER, partner=beta),
            product=ProductFactory(name="Router 9000"),
        )


@pytest.fixture
def to_anybody(tenant: Tenant, people: SimpleNamespace) -> LeadRule:
    """One rule that offers every lead to whoever has the fewest."""
    with tenant_scope(tenant.pk):
        return LeadRule.objects.create(name="Anybody", position=1, preference="load")

"""Personas and deals for the tests of this room."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from partners.deals.enums import RegistrationStatus as Status
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from portal.accounts.enums import Role
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import DealFactory, PartnerFactory, ProductFactory, make_member


@pytest.fixture
def people(tenant: Tenant) -> SimpleNamespace:
    """One of each: `seller` of the partner at hand, its `manager`, a `stranger` of another partner,
    another `colleague` manager, and the `admin`."""
    with tenant_scope(tenant.pk):
        manager = make_member(Role.CHANNEL_MANAGER)
        partner = PartnerFactory(manager=manager, name="Northwind")
        other_partner = PartnerFactory(name="Southwind", manager=manager)
        return SimpleNamespace(
            manager=manager,
            colleague=make_member(Role.CHANNEL_MANAGER),
            admin=make_member(Role.ADMIN),
            partner=partner,
            other_partner=other_partner,
            seller=make_member(Role.PARTNER_MEMBER, partner=partner),
            owner=make_member(Role.PARTNER_OWNER, partner=partner),
            stranger=make_member(Role.PARTNER_MEMBER, partner=other_partner),
            product=ProductFactory(name="Router 9000"),
        )


@pytest.fixture
def deal_in(people: SimpleNamespace) -> Callable[..., Deal]:
    """A deal of `people.partner` in a registration status, with all fields that this status has."""

    def make(status: str, **fields: Any) -> Deal:
        now = timezone.now()
        given: dict[str, Any] = {"partner": people.partner, "product": people.product, "status": status}
        if status not in ("", Status.DRAFT, Status.WITHDRAWN):
            given |= {"submitted_at": now, "first_submitted_at": now, "engaged_on": now.date()}
        if status in (Status.SUBMITTED, Status.IN_REVIEW):
            sent = fields.get("submitted_at", now)
            given |= {"waiting_since": sent, "answer_due_at": sent + timedelta(days=2)}
        if status in (Status.APPROVED, Status.WON, Status.LOST, Status.EXPIRED, Status.CANCELLED):
            given |= {
                "decided_at": now,
                "decided_by": people.manager,
                "protection": DateTimeTZRange(now, now + timedelta(days=90), "[)"),
            }
        if status == Status.WON:
            won = {
                "stage": SalesStage.WON,
                "revenue": 900_00,
                "revenue_base": 900_00,
                "closed_on": now.date(),
            }
            given |= won
        if status == Status.LOST:
            given |= {"stage": SalesStage.LOST, "closed_on": now.date(), "loss_reason": "Price"}
        return DealFactory(**(given | fields))

    return make

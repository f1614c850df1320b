"""A fund that gives the lowest tier 1,000.00 a quarter and pays half, and the people around it."""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from incentives.funds import actions
from incentives.funds.models import Budget, Claim, FundRequest
from metrics.periods import calendar_of
from portal.accounts.enums import Role
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member
from tests.incentives.builders import make_tiers
from tests.sweeps.house.incentives import a_proof

TODAY = dt.datetime(2026, 7, 10, 12, tzinfo=dt.UTC)
PLANNED: dict[str, Any] = {
    "title": "Breakfast for IT managers",
    "kind": "event",
    "description": "Forty people in Utrecht.",
    "starts_on": dt.date(2026, 7, 9),
    "ends_on": dt.date(2026, 7, 9),
    "cost": 800_00,
    "amount": 400_00,
    "expected_leads": 10,
    "expected_revenue": 20_000_00,
}


@pytest.fixture
def today() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(TODAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def people(tenant: Tenant, today: object) -> SimpleNamespace:
    """`seller` of the partner Alpha and `rival` of Beta; the `manager` of both decides, the `admin` settles."""
    with tenant_scope(tenant.pk):
        manager = make_member(Role.CHANNEL_MANAGER)
        alpha, beta = (PartnerFactory(name=name, manager=manager) for name in ("Alpha", "Beta"))
        (base,) = make_tiers()
        people = SimpleNamespace(
            manager=manager,
            stranger=make_member(Role.CHANNEL_MANAGER),
            admin=make_member(Role.ADMIN),
            second=make_member(Role.ADMIN),
            alpha=alpha,
            beta=beta,
            seller=make_member(Role.PARTNER_MEMBER, partner=alpha),
            rival=make_member(Role.PARTNER_OWNER, partner=beta),
        )
        people.fund = actions.save_fund(
            None,
            by=people.admin,
            name="Growth",
            currency="EUR",
            period="quarter",
            basis="tier",
            amounts={str(base.pk): 1_000_00},
            share=Decimal(0),
            reimbursed=Decimal("0.5"),
            claim_days=60,
            starts_on=dt.date(2026, 1, 1),
            is_active=True,
        )
        actions.give_budgets(calendar_of(tenant))
        people.budget = Budget.objects.get(partner=alpha)
        return people


@pytest.fixture
def ask(people: SimpleNamespace) -> Callable[..., FundRequest]:
    """A submitted request of Alpha's."""

    def make(**changes: Any) -> FundRequest:
        drafted = actions.save_request(None, people.budget, by=people.seller, **PLANNED | changes)
        return actions.submit_request(drafted, by=people.seller)

    return make


@pytest.fixture
def claimed(people: SimpleNamespace, ask: Callable[..., FundRequest]) -> Callable[..., Claim]:
    """A claim with proof for an approved request of 400.00."""

    def make(**changes: Any) -> Claim:
        approved = actions.approve_request(ask(), by=people.manager, amount=400_00)
        found = actions.claim(approved, by=people.seller, **{"cost": 800_00, "amount": 400_00, **changes})
        a_proof(found, people.seller)
        return found

    return make

"""A programme that pays 10%, and the people who close its periods."""

import datetime as dt
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import time_machine

from incentives.ledger.actions import post_ledger
from incentives.statements import actions
from incentives.statements.models import PayoutDetails
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, make_member, won_deal
from tests.incentives.builders import make_plan, make_tiers

TODAY = dt.datetime(2026, 7, 10, 12, tzinfo=dt.UTC)
IBAN = "NL91ABNA0417164300"
DETAILS = {"holder": "Alpha BV", "iban": IBAN, "bic": "", "country": "NL", "tax_number": "", "vat_number": ""}


@pytest.fixture
def today() -> time_machine.Traveller:
    with time_machine.travel(TODAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def people(tenant: Tenant, today: object) -> SimpleNamespace:
    """The `manager` proposes, the `admin` approves, the `second` admin could as well; `owner` of the partner Alpha."""
    with tenant_scope(tenant.pk):
        alpha, beta = PartnerFactory(name="Alpha"), PartnerFactory(name="Beta")
        (base,) = make_tiers()
        make_plan({base: ((0, None, "0.10"),)}, hold_days=30)
        return SimpleNamespace(
            alpha=alpha,
            beta=beta,
            base=base,
            manager=make_member(Role.CHANNEL_MANAGER),
            admin=make_member(Role.ADMIN),
            second=make_member(Role.ADMIN),
            owner=make_member(Role.PARTNER_OWNER, partner=alpha),
            seller=make_member(Role.PARTNER_MEMBER, partner=alpha),
            rival=make_member(Role.PARTNER_OWNER, partner=beta),
        )


@pytest.fixture
def earn(people: SimpleNamespace) -> Callable[..., None]:
    """Have a partner win a deal: `earn(alpha, 100_00, day)` earns 10.00."""

    def win(partner: Partner, revenue: int, day: dt.date = dt.date(2026, 4, 2)) -> object:
        deal = won_deal(partner, revenue, day)
        post_ledger([partner.pk], today=day)
        return deal

    return win


@pytest.fixture
def payable(people: SimpleNamespace) -> Callable[[Partner], PayoutDetails]:
    """Give a partner payout details that the vendor has verified."""

    def make(partner: Partner) -> PayoutDetails:
        owner = people.owner if partner == people.alpha else people.rival
        details = actions.save_details(partner, by=owner, **DETAILS | {"holder": f"{partner.name} BV"})
        actions.verify_payee(partner, by=people.admin, fingerprint=details.fingerprint)
        return details

    return make

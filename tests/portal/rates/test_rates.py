"""Exchange rates: entering, which one is in force, and what an import makes of them."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.describe import describe
from portal.events.models import Event
from portal.imports.actions import map_columns, start_run
from portal.imports.forms import AnswersForm
from portal.rates import actions, queries
from portal.rates.models import ExchangeRate
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory

SignIn = Callable[[Membership], Client]
FILE = b"opportunity_id,partner,stage,amount,currency\nX1,Ours,Engaging,100,USD\n"


def values(**changes: str) -> dict[str, str]:
    return {"currency": "usd", "rate": "0.92", "starts_on": "2026-01-01"} | changes


def test_a_rate_is_added_shown_and_noted(admin: Membership, tenant: Tenant, client_as: SignIn) -> None:
    client = client_as(admin)
    assert "No exchange rates yet" in client.get("/acme/settings/rates/").content.decode()
    assert client.post("/acme/settings/rates/new/", values()).status_code == 302
    page = client.get("/acme/settings/rates/").content.decode()
    assert "0.92 EUR" in page
    assert "In force" in page
    with tenant_scope(tenant.pk):
        event = Event.objects.get(type="rate.added")
        assert describe(event) == "Exchange rate from 1 Jan 2026: 1 USD is 0.92 EUR"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"currency": "XQZ"}, "currency"),
        ({"currency": "EUR"}, "currency"),
        ({"currency": ""}, "currency"),
        ({"rate": "0"}, "rate"),
        ({"rate": "-1"}, "rate"),
        ({"rate": "much"}, "rate"),
        ({"starts_on": "yesterday"}, "starts_on"),
        ({"currency": "GBP"}, "starts_on"),
    ],
)
def test_what_cannot_be_a_rate_is_refused_beside_its_field(
    changes: dict[str, str], field: str, admin: Membership, tenant: Tenant, client_as: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        actions.add_rate(by=admin, currency="GBP", rate=Decimal("1.15"), starts_on=date(2026, 1, 1))
    answer = client_as(admin).post("/acme/settings/rates/new/", values(**changes))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    with tenant_scope(tenant.pk):
        assert ExchangeRate.objects.count() == 1


def test_the_rate_in_force_is_the_latest_that_has_begun(scoped: Tenant, admin: Membership) -> None:
    for day, rate in ((date(2026, 1, 1), "0.90"), (date(2026, 7, 1), "0.95")):
        actions.add_rate(by=admin, currency="USD", rate=Decimal(rate), starts_on=day)
    assert queries.rates_on(date(2025, 12, 31)) == {}
    assert queries.rates_on(date(2026, 6, 30)) == {"USD": Decimal("0.90")}
    assert queries.rates_on(date(2026, 7, 1)) == {"USD": Decimal("0.95")}
    assert [rate.next_on for rate in queries.rates()] == [None, date(2026, 7, 1)]


def test_a_rate_is_removed(admin: Membership, tenant: Tenant, client_as: SignIn) -> None:
    with tenant_scope(tenant.pk):
        rate = actions.add_rate(by=admin, currency="USD", rate=Decimal("0.9"), starts_on=date(2026, 1, 1))
    assert client_as(admin).post(f"/acme/settings/rates/{rate.pk}/").status_code == 302
    with tenant_scope(tenant.pk):
        assert not ExchangeRate.objects.exists()
        assert Event.objects.filter(type="rate.removed").count() == 1


def test_rates_are_for_admins(manager: Membership, admin: Membership, scoped: Tenant) -> None:
    with pytest.raises(PermissionDenied):
        actions.add_rate(by=manager, currency="USD", rate=Decimal(1), starts_on=date(2026, 1, 1))
    with pytest.raises(ActionRefused):
        actions.add_rate(by=admin, currency="USD", rate=Decimal(0), starts_on=date(2026, 1, 1))


def test_an_import_proposes_the_rate_in_force(scoped: Tenant, admin: Membership) -> None:
    PartnerFactory(name="Ours")
    today = timezone.localdate()
    for day, rate in ((today - timedelta(days=9), "0.93"), (today + timedelta(days=1), "0.99")):
        actions.add_rate(by=admin, currency="USD", rate=Decimal(rate), starts_on=day)
    run = start_run(by=admin, target="deals", file_name="deals.csv", content=FILE)
    run = map_columns(run, by=admin, mapping=run.options["mapping"], inline=True)
    assert run.findings["missing_rates"] == ["USD"]
    form = AnswersForm(run)
    assert form.fields["rate_USD"].initial == "0.93"

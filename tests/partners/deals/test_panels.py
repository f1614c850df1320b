"""What the home pages say about deals, within their budgets."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from partners.deals import panels
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal
from partners.directory.models import CustomerPartner
from portal.accounts.models import Membership
from portal.events.describe import describe, described_types
from portal.events.models import Event
from portal.shell.registry import subject_panels_for
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory

MakeDeal = Callable[..., Deal]
pytestmark = pytest.mark.django_db


def test_a_partner_reads_what_to_do_next(tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal) -> None:
    with tenant_scope(tenant.pk):
        draft, returned, approved = deal_in(Status.DRAFT), deal_in(Status.RETURNED), deal_in(Status.APPROVED)
        deal_in(Status.WON)
        deal_in(Status.APPROVED, partner=people.other_partner)
        deal_in(Status.DRAFT, partner=people.other_partner)
    later = timezone.now() + timedelta(days=80)
    with tenant_scope(tenant.pk, people.partner.pk), time_machine.travel(later):
        with CaptureQueriesContext(connection) as queries:
            data = panels.my_deals(people.seller)
        assert len(queries) == 3
        assert [deal.pk for deal in data["to_finish"]] == [returned.pk, draft.pk]
        assert [(item["deal"].pk, item["days"]) for item in data["ending"]] == [(approved.pk, 9)]
        totals = data["totals"]
        assert (totals["open"], totals["open_amount"], totals["won"], totals["won_amount"]) == (
            1,
            1_000_00,
            1,
            900_00,
        )


def test_a_manager_reads_what_waits_and_what_is_late(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    with tenant_scope(tenant.pk):
        late = deal_in(Status.SUBMITTED, submitted_at=timezone.now() - timedelta(days=30))
        fresh = deal_in(Status.IN_REVIEW)
        free = deal_in(Status.SUBMITTED, partner=PartnerFactory(manager=None))
        with CaptureQueriesContext(connection) as queries:
            data = panels.waiting(people.manager)
        assert len(queries) == 2
        assert [(row["deal"].pk, row["late"]) for row in data["rows"]] == [
            (late.pk, True),
            (fresh.pk, False),
            (free.pk, False),
        ]
        assert panels.waiting(people.colleague)["count"] == 1
        assert panels.waiting(people.admin)["count"] == 3


@pytest.mark.parametrize("persona", ["seller", "owner", "manager", "admin"])
def test_each_home_page_shows_its_panel(
    persona: str,
    tenant: Tenant,
    people: SimpleNamespace,
    deal_in: MakeDeal,
    client_as: Callable[[Membership], Client],
) -> None:
    with tenant_scope(tenant.pk):
        for status in (Status.DRAFT, Status.RETURNED, Status.SUBMITTED, Status.APPROVED):
            deal_in(status)
    page = client_as(getattr(people, persona)).get("/acme/")
    assert page.status_code == 200
    expected = "Register a deal" if persona in ("seller", "owner") else "wait"
    assert expected in page.content.decode()


def test_every_event_of_a_deal_has_a_sentence(scoped: Tenant) -> None:
    names = (
        "created submitted review_started approved returned rejected withdrawn won lost expired cancelled"
        " updated stage_moved reversed win_reported win_declined"
    )
    assert {f"deal.{name}" for name in names.split()} <= set(described_types())
    event = Event(type="deal.returned", data={"new": {"decision_reason": "Which site?"}})
    assert describe(event) == "Returned the registration: Which site?"


def test_a_customers_page_shows_a_partner_its_own_deals_alone_and_the_vendor_all(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: Callable[[Membership], Client]
) -> None:
    with tenant_scope(tenant.pk):
        own = deal_in(Status.WON, title="Own deal")
        other = deal_in(Status.WON, partner=people.other_partner, customer=own.customer, title="Their deal")
        CustomerPartner.objects.get_or_create(customer=own.customer, partner=people.partner)
        with CaptureQueriesContext(connection) as queries:
            data = panels.of_customer(people.manager, own.customer)
        assert len(queries) == 2
        assert {row["deal"].pk for row in data["latest"]} == {own.pk, other.pk}
        assert (data["totals"]["won"], data["totals"]["won_amount"]) == (2, 1_800_00)
    address = f"/{tenant.slug}/customers/{own.customer_id}/"
    page = client_as(people.seller).get(address).content.decode()
    assert "Own deal" in page
    assert "€900" in page
    assert "Their deal" not in page
    assert people.other_partner.name not in page
    assert "€1,800" not in page
    page = client_as(people.manager).get(address).content.decode()
    assert "Their deal" in page
    assert "€1,800" in page


def test_a_partners_page_says_what_it_sells_and_where_it_stands(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, client_as: Callable[[Membership], Client]
) -> None:
    with tenant_scope(tenant.pk):
        deal_in(Status.WON, title="Own deal")
        deal_in(Status.WON, partner=people.other_partner, title="Their deal")
        for panel in subject_panels_for("directory.partner"):
            with CaptureQueriesContext(connection) as queries:
                panel.data(people.manager, people.partner)
            assert len(queries) <= panel.queries, panel.name
    page = client_as(people.manager).get(f"/{tenant.slug}/partners/{people.partner.pk}/").content.decode()
    assert "Own deal" in page
    assert "Their deal" not in page
    assert 'id="panel-tier"' in page

"""What holds when two partners press the button at the same moment: two threads, two connections."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone

from partners.deals.models import Deal
from partners.deals.workdays import today
from partners.leads import actions
from partners.leads.models import Lead, LeadOffer, LeadRule
from partners.matching.actions import lock_customers, merge_customers
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, VendorLeadFactory
from tests.partners.deals.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("attempt", range(3))
def test_two_partners_pick_one_lead_and_one_has_it(
    attempt: int, tenant: Tenant, people: SimpleNamespace
) -> None:
    with tenant_scope(tenant.pk):
        lead = VendorLeadFactory(status="pool", pooled_at=timezone.now())

    def pick(by: Membership) -> Callable[[], Lead]:
        def call() -> Lead:
            with tenant_scope(tenant.pk, by.partner_id):
                return actions.pick(lead.pk, by=by)

        return call

    results = at_once(pick(people.seller), pick(people.rival))
    refused = [result for result in results if isinstance(result, ActionRefused)]
    assert [refusal.code for refusal in refused] == ["gone"]
    with tenant_scope(tenant.pk):
        winner = next(result for result in results if isinstance(result, Lead))
        assert Lead.objects.get().partner_id == winner.partner_id
        assert Event.objects.filter(type="lead.picked").count() == 1
        assert LeadOffer.objects.count() == 1


def test_an_offer_is_accepted_or_moves_on_but_not_both(
    tenant: Tenant, people: SimpleNamespace, to_anybody: LeadRule
) -> None:
    with tenant_scope(tenant.pk):
        lead = actions.enter_lead(by=people.admin, company="Acme", phone="1")
        holder = people.seller if lead.partner_id == people.alpha.pk else people.rival

    def accept() -> object:
        with tenant_scope(tenant.pk, holder.partner_id):
            # What has moved on is there no longer for who had it.
            found = Lead.objects.first()
            return actions.accept(found, by=holder) if found else None

    def move_on() -> object:
        with tenant_scope(tenant.pk):
            return actions.move_on_due(timezone.now() + timedelta(days=30))

    at_once(accept, move_on)
    with tenant_scope(tenant.pk):
        types = set(Event.objects.values_list("type", flat=True))
        assert len(types & {"lead.accepted", "lead.moved_on"}) == 1


def test_two_beats_at_once_move_a_lead_on_once(
    tenant: Tenant, people: SimpleNamespace, to_anybody: LeadRule
) -> None:
    with tenant_scope(tenant.pk):
        actions.enter_lead(by=people.admin, company="Acme", phone="1")
        Lead.objects.update(answer_due_at=timezone.now() - timedelta(minutes=1))

    def move_on() -> object:
        with tenant_scope(tenant.pk):
            return actions.move_on_due(timezone.now())

    assert sorted(at_once(move_on, move_on)) == [0, 1]
    with tenant_scope(tenant.pk):
        assert Event.objects.filter(type="lead.moved_on").count() == 1
        assert LeadOffer.objects.filter(state="lapsed").count() == 1


def test_a_lead_is_registered_while_its_customer_is_merged_and_neither_waits_for_ever(
    tenant: Tenant, people: SimpleNamespace
) -> None:
    with tenant_scope(tenant.pk):
        kept = CustomerFactory(name="Acme", served_by=people.alpha)
        other = CustomerFactory(name="Acme Ltd")
        lead = actions.submit_lead(people.alpha, by=people.seller, company="Acme", phone="1", country="NL")

    def register() -> Lead:
        try:
            with tenant_scope(tenant.pk, people.alpha.pk):
                return actions.convert(
                    Lead.objects.get(pk=lead.pk),
                    by=people.seller,
                    product=people.product,
                    amount=1_000_00,
                    expected_close=today(tenant),
                    submit=True,
                )
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with tenant_scope(tenant.pk):
            lock_customers()
            registered = pool.submit(register)
            time.sleep(0.5)  # it waits now
            merge_customers(kept, other, by=people.admin)
        deal_id = registered.result(timeout=10).deal_id
    with tenant_scope(tenant.pk):
        assert Deal.objects.get(pk=deal_id).customer_id == kept.pk

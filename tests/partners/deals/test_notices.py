"""What deals tell whom, in words."""

from datetime import timedelta

import pytest
from django.utils import timezone

from partners.deals import actions
from partners.deals.enums import RegistrationStatus
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.describe import described_types
from portal.events.dispatch import dispatch_pending
from portal.notifications.models import Notification
from portal.notifications.queries import lines, shown_to
from portal.shell.notices import kinds
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, DealFactory, PartnerFactory, make_member


def told(member: Membership) -> list[str]:
    with tenant_scope(member.tenant_id, member.partner_id):
        return [line["text"] for line in lines(shown_to(member), "acme")]


@pytest.fixture
def company(tenant: Tenant, manager: Membership) -> Partner:
    with tenant_scope(tenant.pk):
        return PartnerFactory(name="Ours", manager=manager)


@pytest.fixture
def owner(tenant: Tenant, company: Partner) -> Membership:
    with tenant_scope(tenant.pk):
        return make_member(Role.PARTNER_OWNER, partner=company)


@pytest.fixture
def seller(tenant: Tenant, company: Partner) -> Membership:
    with tenant_scope(tenant.pk):
        return make_member(Role.PARTNER_MEMBER, partner=company)


@pytest.fixture
def deal(tenant: Tenant, company: Partner, seller: Membership) -> Deal:
    with tenant_scope(tenant.pk):
        customer = CustomerFactory(name="Zonneveld", served_by=company)
        return DealFactory(
            partner=company, customer=customer, number="DR-2026-00042", owner=seller, amount=500_000_00
        )


def submitted(deal: Deal, seller: Membership) -> Deal:
    with tenant_scope(deal.tenant_id, seller.partner_id):
        return actions.submit(deal, by=seller)


def test_a_registration_is_told_to_who_decides_and_its_decision_to_who_sells(
    tenant: Tenant, deal: Deal, manager: Membership, seller: Membership, owner: Membership, admin: Membership
):
    deal = submitted(deal, seller)
    dispatch_pending(tenant.pk)
    assert deal.status == RegistrationStatus.SUBMITTED  # no rule decides by itself here
    assert told(manager) == ["Ours has registered DR-2026-00042 · Zonneveld; it waits for your decision"]
    assert told(seller) == told(owner) == told(admin) == []
    with tenant_scope(tenant.pk):
        actions.return_for_changes(deal, by=manager, reason="How many seats?")
    dispatch_pending(tenant.pk)
    assert told(seller) == ["DR-2026-00042 · Zonneveld needs something more from you: How many seats?"]
    assert told(owner) == []


def test_a_rival_hears_nothing_of_it(
    tenant: Tenant, deal: Deal, seller: Membership, partner_owner: Membership, partner_member: Membership
):
    submitted(deal, seller)
    dispatch_pending(tenant.pk)
    with tenant_scope(tenant.pk):
        assert Notification.objects.exists()
    assert told(partner_owner) == told(partner_member) == []


def test_without_a_contact_the_owners_hear_of_the_decision(
    tenant: Tenant, deal: Deal, manager: Membership, seller: Membership, owner: Membership
):
    with tenant_scope(tenant.pk):
        Deal.objects.update(
            status=RegistrationStatus.SUBMITTED,
            submitted_at=timezone.now(),
            first_submitted_at=timezone.now(),
        )
        seller.is_active = False
        seller.save()
        actions.reject(Deal.objects.get(), by=manager, reason="Ours already")
    dispatch_pending(tenant.pk)
    assert told(owner) == ["DR-2026-00042 · Zonneveld is rejected: Ours already"]
    assert told(seller) == []


def test_a_partner_without_manager_waits_for_everybody_of_the_vendor(
    tenant: Tenant, deal: Deal, company: Partner, manager: Membership, admin: Membership, seller: Membership
):
    with tenant_scope(tenant.pk):
        Partner.objects.update(manager=None)
    submitted(deal, seller)
    dispatch_pending(tenant.pk)
    assert len(told(manager)) == len(told(admin)) == 1


def test_protection_that_ends_is_told_to_both(
    tenant: Tenant, deal: Deal, manager: Membership, seller: Membership
):
    with tenant_scope(tenant.pk):
        Deal.objects.update(
            status=RegistrationStatus.SUBMITTED,
            submitted_at=timezone.now(),
            first_submitted_at=timezone.now(),
        )
        actions.approve(Deal.objects.get(), by=manager)
        actions.expire_due(timezone.now() + timedelta(days=400))
    dispatch_pending(tenant.pk)
    text = "The protection of DR-2026-00042 · Zonneveld has ended, and the registration has expired."
    assert told(manager) == [text]
    assert told(seller)[0] == text
    assert "is approved and protected until" in told(seller)[1]


def test_every_kind_listens_to_events_that_are_recorded():
    """An event that no app describes is a typing error, or gone."""
    known = described_types()
    unknown = {
        pattern
        for kind in kinds()
        for pattern in kind.events
        if pattern not in known and not any(name.endswith(pattern.lstrip("*")) for name in known)
    }
    assert unknown == set()


def test_all_kinds_have_words_for_one_and_for_many():
    for kind in kinds():
        assert "3" in kind.many(3) or kind.key in {"deals.imported"}, kind.key

"""What the other rooms' events tell whom: people, imports, comments, tiers, earnings."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone

from incentives.example import create_example_programme
from incentives.ledger.actions import announce_payable, post_ledger
from incentives.ledger.models import LedgerEntry
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.discussion.actions import post
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.events.record import record
from portal.imports.models import ImportRun
from portal.notifications.queries import lines, shown_to
from portal.people.actions import change_role
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import DealFactory, PartnerFactory, make_member, won_deal


def told(member: Membership) -> list[str]:
    with tenant_scope(member.tenant_id, member.partner_id):
        return [line["text"] for line in lines(shown_to(member), "acme")]


@pytest.fixture
def owner(tenant: Tenant, company: Partner) -> Membership:
    with tenant_scope(tenant.pk):
        return make_member(Role.PARTNER_OWNER, partner=company)


@pytest.fixture
def rival(tenant: Tenant) -> Membership:
    with tenant_scope(tenant.pk):
        return make_member(Role.PARTNER_OWNER, partner=PartnerFactory(name="Rival"))


def test_a_new_colleague_is_told_to_the_owners_and_a_role_to_its_person(
    tenant: Tenant, owner: Membership, seller: Membership, rival: Membership, admin: Membership
):
    with tenant_scope(tenant.pk):
        record(
            "member.joined",
            subject=seller,
            by=seller,
            partner_id=seller.partner_id,
            data={"email": "new@ours.example", "role": Role.PARTNER_MEMBER},
        )
        change_role(seller, role=Role.PARTNER_OWNER, by=admin)
    dispatch_pending(tenant.pk)
    assert told(owner) == ["new@ours.example has joined as Partner member"]
    assert told(seller) == ["Your role is now: Partner owner"]
    assert told(rival) == told(admin) == []


def test_an_import_that_is_done_is_told_to_who_started_it(
    tenant: Tenant, admin: Membership, manager: Membership
):
    with tenant_scope(tenant.pk):
        run = ImportRun.objects.create(target="deals", file_name="deals.csv", size=1, created_by=admin)
        data = {"file": "deals.csv", "created": 3, "changed": 1, "skipped": 0, "refused": 2}
        record("import.finished", subject=run, data=data)
    dispatch_pending(tenant.pk)
    assert told(admin) == ["deals.csv is imported: 4 rows, and 2 refused."]
    assert told(manager) == []


def test_who_is_mentioned_is_told_once_and_an_internal_comment_to_no_partner(
    tenant: Tenant, company: Partner, seller: Membership, rival: Membership, manager: Membership
):
    seller.user.name = "Ada"
    seller.user.save()
    with tenant_scope(tenant.pk):
        company.manager = manager
        company.save()
        deal = DealFactory(partner=company, owner=seller, number="DR-2026-00042", title="Ovens")
        post(deal, "Have a look, @Ada", by=manager)
        post(deal, "They pay late", by=manager, internal=True)
    dispatch_pending(tenant.pk)
    assert told(seller) == [f"{manager.name} mentions you on DR-2026-00042 Ovens: “Have a look, @Ada”"]
    assert told(rival) == told(manager) == []


def test_tiers_are_told_to_the_partner_and_proposals_to_those_who_confirm(
    tenant: Tenant, company: Partner, seller: Membership, rival: Membership, admin: Membership
):
    with tenant_scope(tenant.pk):
        moves = {"from": "Silver", "to": "Gold", "on": "2026-12-01", "direction": "promotion"}
        record("tier.proposed", subject=company, partner_id=company.pk, data=moves)
        record(
            "tier.assigned", subject=company, partner_id=company.pk, data={"tier": "Gold", "on": "2026-12-01"}
        )
    dispatch_pending(tenant.pk)
    assert told(admin) == ["Ours may move from Silver to Gold: a proposal waits"]
    assert told(seller) == ["Your company is in tier Gold from 1 Dec 2026"]
    assert told(rival) == []


def test_what_can_be_paid_out_is_announced_once(
    tenant: Tenant, company: Partner, seller: Membership, rival: Membership
):
    with time_machine.travel(datetime(2026, 3, 5, 12, tzinfo=UTC)), tenant_scope(tenant.pk):
        create_example_programme(by=None, starts_on=date(2026, 1, 1))
        won_deal(company, 10_000_00, date(2026, 3, 2))
        post_ledger([company.pk])
        entry = LedgerEntry.objects.get(partner=company)
    assert entry.payable_on > date(2026, 3, 5)
    with time_machine.travel(datetime.combine(entry.payable_on, time(8), UTC)):
        with tenant_scope(tenant.pk):
            assert announce_payable(entry.payable_on - timedelta(days=1)) == 0
            assert announce_payable(entry.payable_on) == 1
            assert announce_payable(entry.payable_on) == 0
            Event.objects.exclude(type="ledger.payable").update(dispatched_at=timezone.now())
        dispatch_pending(tenant.pk)
    assert told(seller) == ["€300 of your earnings can be paid out"]
    assert told(rival) == []

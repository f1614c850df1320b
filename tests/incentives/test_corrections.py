"""Adjustments take two people, disputes are answered, and the what-if writes nothing."""

import datetime as dt
import threading
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from incentives.corrections import actions as corrections
from incentives.ledger.actions import post_ledger
from incentives.ledger.enums import AdjustmentStatus, DisputeStatus, EntryKind
from incentives.ledger.models import Adjustment, Dispute, LedgerEntry
from incentives.whatif.outcome import Idea, Wish, outlook
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, TenantFactory, make_member, won_deal
from tests.incentives.builders import make_plan, make_tiers


def propose(by: Membership, **fields: object) -> Adjustment:
    return corrections.propose_adjustment(
        fields.pop("partner", None) or PartnerFactory(),
        amount=fields.pop("amount", -50_00),
        currency="EUR",
        reason="Counted twice",
        by=by,
        **fields,
    )


@pytest.mark.usefixtures("scoped")
class TestAdjustments:
    def test_it_is_posted_when_somebody_else_approves_it(self, admin: Membership) -> None:
        proposed = propose(make_member(Role.CHANNEL_MANAGER))
        entry = corrections.approve_adjustment(proposed, by=admin)
        assert (entry.kind, entry.amount, entry.item) == (EntryKind.MANUAL, -50_00, proposed.pk)
        assert entry.explanation["reason"] == "Counted twice"
        assert post_ledger([entry.partner_id]) == []

    def test_nobody_approves_their_own(self, admin: Membership) -> None:
        proposed = propose(admin)
        with pytest.raises(ActionRefused):
            corrections.approve_adjustment(proposed, by=admin)
        with pytest.raises(IntegrityError), transaction.atomic():
            Adjustment.objects.update(status=AdjustmentStatus.APPROVED, decided_by=admin)
        assert LedgerEntry.objects.count() == 0

    def test_a_manager_proposes_and_does_not_approve(self, admin: Membership) -> None:
        manager = make_member(Role.CHANNEL_MANAGER)
        with pytest.raises(PermissionDenied):
            corrections.approve_adjustment(propose(admin), by=manager)
        other = propose(manager)
        corrections.withdraw_adjustment(other, by=manager)
        with pytest.raises(ActionRefused):
            corrections.approve_adjustment(other, by=admin)

    def test_declining_needs_a_reason_and_ends_it(self, admin: Membership) -> None:
        proposed = propose(make_member(Role.CHANNEL_MANAGER))
        with pytest.raises(ActionRefused):
            corrections.decline_adjustment(proposed, answer=" ", by=admin)
        corrections.decline_adjustment(proposed, answer="No proof", by=admin)
        with pytest.raises(ActionRefused):
            corrections.approve_adjustment(proposed, by=admin)


@pytest.mark.django_db(transaction=True)
def test_two_admins_at_once_post_an_adjustment_once() -> None:
    tenant = TenantFactory()
    with tenant_scope(tenant.pk):
        proposed = propose(make_member(Role.CHANNEL_MANAGER))
        admins = [make_member(Role.ADMIN), make_member(Role.ADMIN)]
    barrier, outcomes = threading.Barrier(2), []

    def approve(by: Membership) -> None:
        try:
            barrier.wait()
            with tenant_scope(tenant.pk):
                corrections.approve_adjustment(proposed, by=by)
            outcomes.append("posted")
        except ActionRefused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=(by,)) for by in admins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["posted", "refused"]
    with tenant_scope(tenant.pk):
        assert LedgerEntry.objects.count() == 1


@pytest.fixture
def own_entry(scoped: Tenant, partner_owner: Membership) -> LedgerEntry:
    (base,) = make_tiers()
    make_plan({base: ((0, None, "0.05"),)}, starts_on=dt.date(2020, 1, 1))
    won_deal(Partner.objects.get(pk=partner_owner.partner_id), 100_00, dt.date(2026, 3, 11))
    post_ledger([partner_owner.partner_id])
    return LedgerEntry.objects.select_related("deal").get()


class TestDisputes:
    def test_one_is_open_at_a_time_and_answered_once(
        self, own_entry: LedgerEntry, partner_owner: Membership, admin: Membership
    ) -> None:
        dispute = corrections.raise_dispute(own_entry, text="Too little", expected=10_00, by=partner_owner)
        with pytest.raises(ActionRefused):
            corrections.raise_dispute(own_entry, text="Again", by=partner_owner)
        corrections.answer_dispute(dispute, accept=True, answer="You are right.", by=admin)
        with pytest.raises(ActionRefused):
            corrections.withdraw_dispute(dispute, by=partner_owner)
        assert (
            corrections.raise_dispute(own_entry, text="Still", by=partner_owner).status == DisputeStatus.OPEN
        )

    def test_only_the_partner_raises_and_only_the_vendor_answers(
        self, own_entry: LedgerEntry, partner_owner: Membership, admin: Membership
    ) -> None:
        stranger = make_member(Role.PARTNER_OWNER, partner=PartnerFactory())
        for member in (stranger, admin):
            with pytest.raises(PermissionDenied):
                corrections.raise_dispute(own_entry, text="Mine", by=member)
        dispute = corrections.raise_dispute(own_entry, text="Too little", by=partner_owner)
        with pytest.raises(PermissionDenied):
            corrections.answer_dispute(dispute, accept=True, answer="Yes", by=partner_owner)
        with tenant_scope(own_entry.tenant_id, stranger.partner_id):
            assert Dispute.objects.count() == 0


class TestWhatIf:
    def test_a_deal_that_is_supposed_earns_what_it_would_and_nothing_is_written(
        self, own_entry: LedgerEntry
    ) -> None:
        before = LedgerEntry.objects.count()
        found = outlook(own_entry.partner_id, Wish((Idea(1_000_00), Idea(10_00, registered=True))))
        (money,) = found.money
        assert money.then - money.now == 50_50
        assert LedgerEntry.objects.count() == before
        assert Decimal(money.more) == 50_50

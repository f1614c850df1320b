"""Two people at the same moment: each decision about a tier is made once."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection

from incentives.locks import lock_partners
from incentives.models import (
    BenefitDelivery,
    CheckMark,
    ManualCheck,
    TierAssignment,
    TierBenefit,
    TierOverride,
    TierProposal,
)
from incentives.tiers.actions import Move, assign_tiers, confirm_proposal, decline_proposal, evaluate_tiers
from incentives.tiers.benefits import deliver_benefit
from incentives.tiers.checking import confirm_check, withdraw_check
from incentives.tiers.enums import Comparison, OverrideStatus, ProposalStatus, WindowKind
from incentives.tiers.overrides import approve_override, propose_override, withdraw_override
from incentives.tiers.queries import today
from incentives.tiers.requirements import Condition
from partners.directory.models import Partner
from portal.accounts.enums import Role
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, TenantFactory, make_member, won_deal
from tests.incentives.builders import make_tiers

SILVER = Condition("revenue", WindowKind.QUARTER, Comparison.AT_LEAST, Decimal(1_000_00))
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(tenant: Tenant, *works: Callable[[], object]) -> list[Exception]:
    """What went wrong when each of these was done on a connection of its own, all at the same moment."""
    barrier, errors = threading.Barrier(len(works)), []

    def run(work: Callable[[], object]) -> None:
        try:
            barrier.wait()
            with tenant_scope(tenant.pk):
                work()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return errors


def refusals(errors: list[Exception]) -> list[type[Exception]]:
    return [type(error) for error in errors]


def test_two_proposals_by_hand_leave_one() -> None:
    tenant = TenantFactory()
    with tenant_scope(tenant.pk):
        _base, silver = make_tiers(SILVER)
        partner, people = PartnerFactory(), [make_member(Role.ADMIN) for _number in range(2)]
        ends_on = today() + dt.timedelta(days=60)
    errors = at_once(
        tenant,
        *(
            lambda by=by: propose_override(partner, silver, ends_on=ends_on, reason="Merger", by=by)
            for by in people
        ),
    )
    assert refusals(errors) == [ActionRefused]
    with tenant_scope(tenant.pk):
        assert TierOverride.objects.get().status == OverrideStatus.WAITING


@pytest.mark.parametrize("other", ["approve", "withdraw"])
def test_a_tier_by_hand_is_decided_once(other: str) -> None:
    tenant = TenantFactory()
    with tenant_scope(tenant.pk):
        _base, silver = make_tiers(SILVER)
        proposer, first, second = (make_member(Role.ADMIN) for _number in range(3))
        found = propose_override(
            PartnerFactory(), silver, ends_on=today() + dt.timedelta(days=60), reason="Merger", by=proposer
        )
    others = {
        "approve": lambda: approve_override(found, by=second),
        "withdraw": lambda: withdraw_override(found, by=proposer),
    }
    errors = at_once(tenant, lambda: approve_override(found, by=first), others[other])
    assert refusals(errors) == [ActionRefused]
    with tenant_scope(tenant.pk):
        approved = TierOverride.objects.get().status == OverrideStatus.APPROVED
        # The tier until the end, and the one before it again after.
        assert TierAssignment.objects.count() == (2 if approved else 0)
        assert Event.objects.filter(type="tier.assigned").count() == int(approved)


@pytest.mark.parametrize("other", ["confirm", "decline"])
def test_a_proposed_move_is_decided_once(other: str) -> None:
    tenant = TenantFactory()
    with tenant_scope(tenant.pk):
        make_tiers(SILVER)
        deal = won_deal(PartnerFactory(), 1_200_00, today())
        first, second = (make_member(Role.ADMIN) for _number in range(2))
        evaluate_tiers()
        proposal = TierProposal.objects.get()
    others = {
        "confirm": lambda: confirm_proposal(proposal, by=second),
        "decline": lambda: decline_proposal(proposal, by=second, reason="Too early"),
    }
    errors = at_once(tenant, lambda: confirm_proposal(proposal, by=first), others[other])
    assert refusals(errors) == [ActionRefused]
    with tenant_scope(tenant.pk):
        confirmed = TierProposal.objects.get().status == ProposalStatus.CONFIRMED
        assert TierAssignment.objects.filter(partner_id=deal.partner_id).count() == int(confirmed)
        assert Event.objects.filter(type="tier.assigned").count() == int(confirmed)


def test_a_confirmation_and_an_evaluation_at_once_make_one_move() -> None:
    tenant = TenantFactory()
    with tenant_scope(tenant.pk):
        make_tiers(SILVER)
        won_deal(PartnerFactory(), 1_200_00, today())
        admin = make_member(Role.ADMIN)
        evaluate_tiers()
        proposal = TierProposal.objects.get()
    errors = at_once(tenant, lambda: confirm_proposal(proposal, by=admin), evaluate_tiers, evaluate_tiers)
    assert errors == []
    with tenant_scope(tenant.pk):
        assert TierProposal.objects.get().status == ProposalStatus.CONFIRMED
        assert TierAssignment.objects.count() == Partner.objects.count() == 1


@pytest.mark.parametrize("verb", ["confirm", "withdraw"])
def test_a_check_and_a_move_at_once_wait_for_each_other_and_not_both(verb: str) -> None:
    tenant, moving = TenantFactory(), threading.Event()
    with tenant_scope(tenant.pk):
        _base, silver = make_tiers(SILVER)
        partner, admin = PartnerFactory(), make_member(Role.ADMIN)
        check = ManualCheck.objects.create(name="References called")
        mark = confirm_check(partner, check, note="Two of them", by=admin)

    def move() -> None:
        lock_partners("tiers", [partner.pk])
        moving.set()
        time.sleep(0.3)
        assign_tiers([Move(partner, silver, today())])

    def look() -> None:
        moving.wait(5)
        if verb == "confirm":
            confirm_check(partner, check, note="Again", by=admin)
        else:
            withdraw_check(mark, by=admin)

    assert at_once(tenant, move, look) == []
    with tenant_scope(tenant.pk):
        assert TierAssignment.objects.get().tier == silver
        assert CheckMark.objects.filter(withdrawn_on=None).count() == (verb == "confirm")


def test_a_benefit_is_delivered_once_and_to_who_still_holds_the_tier() -> None:
    tenant, moving = TenantFactory(), threading.Event()
    with tenant_scope(tenant.pk):
        base, silver = make_tiers(SILVER)
        staying, leaving = PartnerFactory(), PartnerFactory()
        assign_tiers([Move(partner, silver, dt.date(2020, 1, 1)) for partner in (staying, leaving)])
        benefit = TierBenefit.objects.create(tier=silver, name="Press release")
        admin = make_member(Role.ADMIN)

    def move() -> None:
        lock_partners("tiers", [leaving.pk])
        moving.set()
        time.sleep(0.3)
        assign_tiers([Move(leaving, base, today())])

    def deliver_late() -> None:
        moving.wait(5)
        deliver_benefit(leaving, benefit, by=admin)

    errors = at_once(
        tenant, *(lambda: deliver_benefit(staying, benefit, by=admin) for _twice in range(2))
    ) + at_once(tenant, move, deliver_late)
    assert refusals(errors) == [ActionRefused, ActionRefused]
    with tenant_scope(tenant.pk):
        assert BenefitDelivery.objects.get().partner == staying

"""Random verbs on two connections at once: the table of verbs holds, and a customer has one holder."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from random import Random
from threading import Barrier
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone

from partners.deals import actions
from partners.deals.approvals.models import ApprovalRule, DealDecision, DealRequest
from partners.deals.enums import TRANSITIONS, Decision, RequestState, SalesStage
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal
from partners.deals.workdays import today
from partners.directory.models import Customer
from partners.matching.actions import merge_customers, undo_merge
from partners.matching.models import CustomerMerge
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, DealFactory

pytestmark = pytest.mark.django_db(transaction=True)

# What an event that changes the status was done by, to look its verb up in the table.
VERB_OF = {
    "deal.submitted": "submit",
    "deal.review_started": "start_review",
    "deal.approved": "approve",
    "deal.returned": "return",
    "deal.rejected": "reject",
    "deal.withdrawn": "withdraw",
    "deal.won": "win",
    "deal.lost": "lose",
    "deal.expired": "expire",
    "deal.cancelled": "cancel",
    "deal.appeal_granted": "grant_appeal",
}
LENGTH = 30


def verbs(people: SimpleNamespace) -> list[Callable[[Deal], object]]:
    """Every verb by someone who may; the likely ones more than once, so that histories get somewhere."""

    def seller(deal: Deal) -> object:
        return people.seller if deal.partner_id == people.partner.pk else people.stranger

    return [
        *[lambda deal: actions.submit(deal, by=seller(deal))] * 3,
        lambda deal: actions.start_review(deal, by=people.manager),
        *[lambda deal: actions.approve(deal, by=people.manager)] * 2,
        *[lambda deal: actions.approve(deal, by=people.admin)] * 2,
        lambda deal: actions.return_for_changes(deal, by=people.manager, missing=["amount"]),
        lambda deal: actions.reject(deal, by=people.manager, reason="No"),
        *[lambda deal: actions.appeal(deal, by=seller(deal), grounds="Yes")] * 2,
        *[lambda deal: actions.grant_appeal(deal, by=people.admin, reason="Yes")] * 2,
        lambda deal: actions.uphold_rejection(deal, by=people.admin, reason="No"),
        lambda deal: actions.ask_extension(deal, by=seller(deal), reason="Budget"),
        lambda deal: actions.extend(deal, by=people.manager),
        lambda deal: actions.decline_extension(deal, by=people.manager, reason="No"),
        lambda deal: actions.cancel(deal, by=people.manager, reason="Idle"),
        lambda deal: actions.lose(deal, by=seller(deal), reason="Price"),
        lambda deal: actions.win(deal, by=seller(deal), revenue=1_00, won_on=today(people.admin.tenant)),
        lambda deal: actions.reverse(deal, Status.APPROVED, by=people.admin, reason="Typed wrong"),
        lambda deal: actions.update_deal(deal, by=seller(deal), notes="x"),
        lambda deal: actions.withdraw(deal, by=seller(deal)),
        lambda deal: actions.submit_many(Deal.objects.filter(pk=deal.pk), by=seller(deal), versions={}),
        lambda deal: actions.expire_due(timezone.now() + timedelta(days=200)),
        lambda deal: actions.decide_many(Deal.objects.all(), "approve", by=people.admin, versions={}),
        lambda deal: actions.move_stage(deal, SalesStage.PROPOSAL, by=seller(deal)),
        *[lambda deal: actions.confirm_win(deal, by=people.manager)] * 2,
        lambda deal: actions.decline_win(deal, by=people.admin, reason="No order"),
        lambda deal: actions.reverse(deal, Status.LOST, by=people.admin, reason="Sent back"),
        lambda deal: merge(people.admin),
        lambda deal: undo(people.admin),
    ]


def merge(by: Membership) -> object:
    """The two records of the one company become one."""
    kept, merged = Customer.objects.order_by("number")
    return merge_customers(kept, merged, by=by)


def undo(by: Membership) -> object:
    newest = CustomerMerge.objects.first()
    return newest and undo_merge(newest, by=by)


@pytest.mark.parametrize("seed", range(6))
def test_two_connections_break_neither_the_table_nor_the_one_holder(
    seed: int, tenant: Tenant, people: SimpleNamespace
) -> None:
    rng = Random(seed)
    with tenant_scope(tenant.pk):
        decision = (Decision.ONE, Decision.TWO, Decision.AUTO)[seed % 3]
        actions.save_rule(ApprovalRule(name="All", decision=decision), by=people.admin)
        # Every other time wins are confirmed.
        actions.change_policy(by=people.admin, confirm_wins=bool(seed % 2))
        one, other = CustomerFactory(), CustomerFactory()
        keys = [
            DealFactory(customer=customer, product=people.product, partner=partner).pk
            for customer, partner in (
                (one, people.partner),
                (one, people.other_partner),
                (other, people.partner),
                (other, people.other_partner),
            )
        ]
    choices = verbs(people)
    scripts = [[(rng.choice(choices), rng.choice(keys)) for _ in range(LENGTH)] for _ in range(2)]
    barrier = Barrier(2)

    def run(script: list[tuple[Callable[[Deal], object], object]]) -> int:
        done = 0
        barrier.wait(timeout=10)
        try:
            for verb, key in script:
                try:
                    with tenant_scope(tenant.pk):
                        verb(Deal.objects.get(pk=key))
                        done += 1
                except ActionRefused:
                    continue
        finally:
            connection.close()
        return done

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(run, scripts)) > 0
    with tenant_scope(tenant.pk):
        for deal in Deal.objects.all():
            assert_whole(deal)
        for customer in (one, other):
            assert_one_holder(list(Deal.objects.filter(customer=customer, status=Status.APPROVED)))


def assert_whole(deal: Deal) -> None:
    """Each change of status is one that the table allows, and together they lead from a draft to where it is."""
    leaving: Counter[str] = Counter()
    reaching: Counter[str] = Counter({Status.DRAFT: 1})
    events = list(Event.objects.filter(subject_id=deal.pk))
    for event in events:
        old, new = (event.data.get(side, {}).get("status") for side in ("old", "new"))
        if new is None:
            continue
        if event.type == "deal.reversed":
            assert old == Status.WON
            assert new in (Status.APPROVED, Status.LOST)
        else:
            sources, target = TRANSITIONS[VERB_OF[event.type]]
            assert old in sources
            assert new == target
        leaving[old] += 1
        reaching[new] += 1
    assert reaching - leaving == Counter({deal.status: 1})
    assert leaving - reaching == Counter()
    assert deal.version == 1 + len(events)
    waiting = DealRequest.objects.filter(deal=deal, state=RequestState.WAITING)
    assert [ask.kind for ask in waiting] == ([deal.request] if deal.request else [])
    assert sum(event.type == "deal.appealed" for event in events) <= 1
    approvals = DealDecision.objects.filter(deal=deal, verb__in=("auto", "approve", "grant_appeal")).count()
    approved = ("deal.approved", "deal.appeal_granted")
    assert approvals == sum(event.type in approved for event in events)
    if deal.status == Status.APPROVED and deal.needs_two and deal.appealed_at is None:
        assert deal.first_approver_id != deal.decided_by_id


def assert_one_holder(approved: list[Deal]) -> None:
    ranges = sorted((deal.protection.lower, deal.protection.upper) for deal in approved)
    for (_start, end), (start, _end) in pairwise(ranges):
        assert end <= start

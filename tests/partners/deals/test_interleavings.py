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
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from partners.deals import actions
from partners.deals.approvals.models import ApprovalRule, DealDecision, DealRequest
from partners.deals.enums import TRANSITIONS, Decision, RequestState
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal
from partners.deals.offers import offered
from partners.deals.workdays import today
from partners.directory.models import Customer
from partners.matching.actions import merge_customers, undo_merge
from partners.matching.models import CustomerMerge
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, DealFactory
from tests.partners.deals.test_who_may import CALLS

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
STEPS = 60
MOST_DEALS = 14
# What ends a deal is done less often, so that histories get somewhere.
ENDING = {"withdraw", "cancel", "lose", "reject", "uphold"}


def step(rng: Random, tenant: Tenant, people: SimpleNamespace) -> str:
    """Something that somebody may do: mostly one of the verbs that are offered on a deal as it is read, which may have
    moved on when the verb gets to it; at times any verb by anybody, or what touches many deals. What was done."""
    with tenant_scope(tenant.pk):
        deal = rng.choice(list(Deal.objects.select_related("partner")))
        by = rng.choice([people.seller, people.stranger, people.manager, people.manager, people.admin])
        chance = rng.random()
        if chance < 0.15:
            what, call = rng.choice(sorted(MANY.items()))
            call(rng, people)
            return what
        verbs = sorted(CALLS) if chance < 0.25 else offered(by, deal)
        if not verbs or ((verb := rng.choice(verbs)) in ENDING and rng.random() < 0.7):
            return ""
        CALLS[verb](deal, by)
        return verb


def another(rng: Random, people: SimpleNamespace) -> None:
    """A further registration."""
    if Deal.objects.count() < MOST_DEALS:
        seller, partner = rng.choice(
            [(people.seller, people.partner), (people.stranger, people.other_partner)]
        )
        customer = rng.choice(list(Customer.objects.filter(merged_into=None)))
        actions.register(
            partner,
            by=seller,
            customer=customer,
            product=people.product,
            amount=1_000_00,
            expected_close=today(partner.tenant) + timedelta(days=30),
        )


def merge(rng: Random, people: SimpleNamespace) -> None:
    """The two records of the one company become one."""
    kept, merged = Customer.objects.order_by("number")
    merge_customers(kept, merged, by=people.admin)


def undo(rng: Random, people: SimpleNamespace) -> None:
    if newest := CustomerMerge.objects.first():
        undo_merge(newest, by=people.admin)


MANY: dict[str, Callable[[Random, SimpleNamespace], object]] = {
    "another": another,
    "another one": another,
    "merge": merge,
    "undo": undo,
    "expire": lambda rng, people: actions.expire_due(timezone.now() + timedelta(days=rng.choice([1, 200]))),
    "approve all": lambda rng, people: actions.decide_many(
        Deal.objects.all(), "approve", by=people.admin, versions={}
    ),
}


@pytest.mark.parametrize("seed", range(6))
def test_two_connections_break_neither_the_table_nor_the_one_holder(
    seed: int, tenant: Tenant, people: SimpleNamespace
) -> None:
    with tenant_scope(tenant.pk):
        decision = (Decision.ONE, Decision.TWO, Decision.AUTO)[seed % 3]
        actions.save_rule(ApprovalRule(name="All", decision=decision), by=people.admin)
        # Every other time wins are confirmed.
        actions.change_policy(by=people.admin, confirm_wins=bool(seed % 2))
        one, other = CustomerFactory(), CustomerFactory()
        for customer in (one, other):
            for partner in (people.partner, people.other_partner):
                number = f"DR-1999-{Deal.objects.count()}"
                DealFactory(number=number, customer=customer, product=people.product, partner=partner)
    barrier = Barrier(2)

    def run(number: int) -> int:
        rng, done = Random(2 * seed + number), 0
        barrier.wait(timeout=10)
        try:
            for _ in range(STEPS):
                try:
                    done += bool(step(rng, tenant, people))
                except (ActionRefused, PermissionDenied):
                    continue
        finally:
            connection.close()
        return done

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(run, range(2))) > STEPS / 4
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
    changes = [event for event in events if event.type != "deal.created"]
    assert deal.version == 1 + len(changes)
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

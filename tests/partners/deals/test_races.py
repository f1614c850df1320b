"""What holds when two people press the button at the same moment: two threads, two connections."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from threading import Event as Signal
from types import SimpleNamespace

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from uuid_utils.compat import uuid7

from partners.deals import actions
from partners.deals.actions import deciding
from partners.deals.approvals.models import ApprovalRule
from partners.deals.enums import Decision
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal
from partners.directory.actions import name_customer
from partners.directory.models import Customer, CustomerPartner
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, DealFactory

pytestmark = pytest.mark.django_db(transaction=True)
MakeDeal = Callable[..., Deal]


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Run each call on a connection of its own, all released together; what it returned or how it was refused."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        try:
            barrier.wait(timeout=10)
            return call()
        except ActionRefused as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.mark.parametrize("attempt", range(5))
def test_two_approvers_one_customer_one_approval_and_one_clear_refusal(
    attempt: int, tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    with tenant_scope(tenant.pk):
        customer = CustomerFactory()
        ours = deal_in(Status.SUBMITTED, customer=customer)
        theirs = deal_in(Status.SUBMITTED, customer=customer, partner=people.other_partner)

    def approve(deal: Deal, by: Membership) -> Callable[[], Deal]:
        def call() -> Deal:
            with tenant_scope(tenant.pk):
                return actions.approve(deal, by=by)

        return call

    results = at_once(approve(ours, people.manager), approve(theirs, people.admin))
    approved = [result for result in results if isinstance(result, Deal)]
    refused = [result for result in results if isinstance(result, ActionRefused)]
    assert (len(approved), len(refused)) == (1, 1)
    assert refused[0].code == "held"
    assert "Another registration for this customer already holds protection" in str(refused[0])
    assert approved[0].number in str(refused[0])
    with tenant_scope(tenant.pk):
        assert sorted(Deal.objects.values_list("status", flat=True)) == ["approved", "submitted"]
        assert Event.objects.filter(type="deal.approved").count() == 1


def test_the_database_alone_keeps_a_second_holder_out(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the look before the leap the exclusion constraint refuses, and the refusal is still a sentence."""
    with tenant_scope(tenant.pk):
        customer = CustomerFactory()
        holder = deal_in(Status.APPROVED, customer=customer)
        rival = deal_in(Status.SUBMITTED, customer=customer, partner=people.other_partner)
    monkeypatch.setattr(deciding, "refuse_if_held", lambda deal, now: None)
    with tenant_scope(tenant.pk), pytest.raises(ActionRefused, match=holder.number):
        actions.approve(rival, by=people.manager)


def test_approving_and_rejecting_at_once_leaves_one_decision(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    with tenant_scope(tenant.pk):
        deal = deal_in(Status.SUBMITTED)

    def approve() -> Deal:
        with tenant_scope(tenant.pk):
            return actions.approve(deal, by=people.manager, version=1)

    def reject() -> Deal:
        with tenant_scope(tenant.pk):
            return actions.reject(deal, by=people.admin, reason="Direct account", version=1)

    results = at_once(approve, reject)
    assert sum(isinstance(result, ActionRefused) for result in results) == 1
    with tenant_scope(tenant.pk):
        assert Event.objects.count() == 1


def test_a_double_click_on_two_connections_makes_one_deal(tenant: Tenant, people: SimpleNamespace) -> None:
    token = uuid7()

    def create() -> Deal:
        with tenant_scope(tenant.pk, people.partner.pk):
            return actions.create_draft(people.partner, by=people.seller, deal_id=token)

    first, second = at_once(create, create)
    assert first.pk == second.pk == token
    with tenant_scope(tenant.pk):
        assert Deal.objects.count() == 1
        assert Event.objects.filter(type="deal.created").count() == 1


def naming(tenant: Tenant, partner: object, by: Membership, text: str) -> Callable[[], Customer]:
    def call() -> Customer:
        with tenant_scope(tenant.pk, by.partner_id):
            return name_customer(partner, text, by=by, country="NL")

    return call


def test_two_colleagues_naming_one_new_customer_make_it_once(tenant: Tenant, people: SimpleNamespace) -> None:
    first, second = at_once(
        naming(tenant, people.partner, people.seller, "Umbrella B.V."),
        naming(tenant, people.partner, people.owner, "UMBRELLA"),
    )
    assert first.pk == second.pk
    with tenant_scope(tenant.pk):
        assert Customer.objects.count() == 1
        assert CustomerPartner.objects.count() == 1


def test_two_partners_with_records_of_their_own_of_one_company_do_not_both_hold_it(
    tenant: Tenant, people: SimpleNamespace
) -> None:
    """Each has named the company; the vendor knew it by neither name. Two people approve at the same moment."""
    ours = naming(tenant, people.partner, people.seller, "Umbrella B.V.")()
    theirs = naming(tenant, people.other_partner, people.stranger, "UMBRELLA")()
    assert ours.pk != theirs.pk
    with tenant_scope(tenant.pk):
        deals = [
            DealFactory(
                partner=partner,
                customer=customer,
                product=people.product,
                status="submitted",
                submitted_at=timezone.now(),
            )
            for partner, customer in ((people.partner, ours), (people.other_partner, theirs))
        ]

    def approving(deal: Deal) -> Callable[[], Deal]:
        def call() -> Deal:
            with tenant_scope(tenant.pk):
                return actions.approve(deal, by=people.admin)

        return call

    results = at_once(approving(deals[0]), approving(deals[1]))
    assert sorted(type(result).__name__ for result in results) == ["ActionRefused", "Deal"]
    with tenant_scope(tenant.pk):
        assert Deal.objects.filter(status="approved").count() == 1
        assert Customer.objects.filter(merged_into=None, named_by=None).count() == 1


def test_two_people_approving_at_once_complete_it_and_one_person_twice_does_not(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    with tenant_scope(tenant.pk):
        different = deal_in(Status.SUBMITTED, decision_asked=Decision.TWO)
        alone = deal_in(Status.SUBMITTED, decision_asked=Decision.TWO)

    def approve(deal: Deal, by: Membership) -> Callable[[], Deal]:
        def call() -> Deal:
            with tenant_scope(tenant.pk):
                return actions.approve(deal, by=by)

        return call

    results = at_once(approve(different, people.manager), approve(different, people.admin))
    assert all(isinstance(result, Deal) for result in results)
    results = at_once(approve(alone, people.admin), approve(alone, people.admin))
    assert sorted(isinstance(result, ActionRefused) for result in results) == [False, True]
    with tenant_scope(tenant.pk):
        different.refresh_from_db()
        alone.refresh_from_db()
        assert (different.status, alone.status) == (Status.APPROVED, Status.SUBMITTED)
        assert different.decided_by_id != different.first_approver_id
        counted = Event.objects.filter(subject_id=different.pk).values_list("type", flat=True)
        assert sorted(counted) == ["deal.approved", "deal.first_approved"]


def test_two_partners_whom_a_rule_would_approve_at_once_one_is_and_the_other_waits(
    tenant: Tenant, people: SimpleNamespace
) -> None:
    """Both are answered, neither with an error: the one who came second is left to a person."""
    with tenant_scope(tenant.pk):
        actions.save_rule(ApprovalRule(name="All", decision=Decision.AUTO), by=people.admin)
        customer = CustomerFactory(served_by=people.partner)
        CustomerPartner.objects.create(customer=customer, partner=people.other_partner)
        drafts = [
            DealFactory(partner=partner, customer=customer, product=people.product)
            for partner in (people.partner, people.other_partner)
        ]

    def submit(deal: Deal, by: Membership) -> Callable[[], Deal]:
        def call() -> Deal:
            with tenant_scope(tenant.pk, by.partner_id):
                return actions.submit(deal, by=by)

        return call

    results = at_once(submit(drafts[0], people.seller), submit(drafts[1], people.stranger))
    assert [result for result in results if not isinstance(result, Deal)] == []
    with tenant_scope(tenant.pk):
        assert sorted(Deal.objects.values_list("status", flat=True)) == ["approved", "submitted"]
        waiting = Deal.objects.get(status=Status.SUBMITTED)
        assert (waiting.decision_asked, waiting.conflict_seen) == (Decision.ONE, True)


def test_two_rounds_of_decisions_at_once_do_not_lock_each_other_out(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    with tenant_scope(tenant.pk):
        customers = [CustomerFactory() for _ in range(4)]
        deals = [
            deal_in(Status.SUBMITTED, customer=customer, partner=partner)
            for customer in customers
            for partner in (people.partner, people.other_partner)
        ]

    def round_of(by: Membership, order: list[Deal]) -> Callable[[], object]:
        def call() -> object:
            with tenant_scope(tenant.pk):
                return actions.decide_many(order, "approve", by=by, versions={})

        return call

    results = at_once(round_of(people.manager, deals), round_of(people.admin, deals[::-1]))
    assert all(isinstance(result, list) for result in results)
    with tenant_scope(tenant.pk):
        assert Deal.objects.filter(status=Status.APPROVED).count() == len(customers)


def test_one_open_registration_is_the_limit_for_two_submissions_at_once(
    tenant: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    with tenant_scope(tenant.pk):
        actions.change_policy(by=people.admin, max_open=1)
        drafts = [deal_in(Status.DRAFT), deal_in(Status.DRAFT)]

    def submit(deal: Deal) -> Callable[[], Deal]:
        def call() -> Deal:
            with tenant_scope(tenant.pk, people.partner.pk):
                return actions.submit(deal, by=people.seller)

        return call

    results = at_once(submit(drafts[0]), submit(drafts[1]))
    refused = [result for result in results if isinstance(result, ActionRefused)]
    assert [refusal.code for refusal in refused] == ["open_registrations"]


def test_one_idempotency_key_on_two_connections_makes_one_deal(
    tenant: Tenant,
    people: SimpleNamespace,
    client_as: Callable[[Membership], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second comes while the first is inside the action: 409. Afterwards it gets the first one's answer."""
    inside, go_on = Signal(), Signal()
    create_draft = actions.create_draft

    def wait_inside(*arguments: object, **fields: object) -> Deal:
        deal = create_draft(*arguments, **fields)
        inside.set()
        assert go_on.wait(20)
        return deal

    def post() -> HttpResponse:
        client = client_as(people.seller)
        headers = {"Idempotency-Key": "same"}
        return client.post(
            "/acme/api/v1/deals/", {"notes": "x"}, content_type="application/json", headers=headers
        )

    def second() -> HttpResponse:
        assert inside.wait(20)
        try:
            return post()
        finally:
            go_on.set()

    monkeypatch.setattr(actions, "create_draft", wait_inside)
    first, refused = at_once(post, second)
    assert (first.status_code, refused.status_code) == (201, 409)
    again = post()
    assert (again.status_code, again["Idempotent-Replay"], again.json()) == (201, "true", first.json())
    with tenant_scope(tenant.pk):
        assert Deal.objects.count() == 1


def test_two_posts_with_one_idempotency_key_at_the_same_moment_make_one_deal(
    tenant: Tenant, people: SimpleNamespace, client_as: Callable[[Membership], Client]
) -> None:
    clients = [client_as(people.seller) for _number in range(2)]

    def post(client: Client) -> Callable[[], HttpResponse]:
        headers = {"Idempotency-Key": "both"}
        return lambda: client.post(
            "/acme/api/v1/deals/", {"notes": "x"}, content_type="application/json", headers=headers
        )

    answers = at_once(*(post(client) for client in clients))
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    with tenant_scope(tenant.pk):
        assert Deal.objects.count() == 1

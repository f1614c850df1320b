"""Random histories of verbs: whatever happens in whatever order, a deal's fields agree with each other."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from partners.deals import actions
from partners.deals.enums import ASKING, OPEN_STAGES, TRANSITIONS, SalesStage
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal
from partners.deals.workdays import today
from portal.errors import ActionRefused
from portal.events.queries import timeline
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory

VERBS = (*TRANSITIONS, "reverse_open", "reverse_lost", "move", "edit", *ASKING)


def do(verb: str, deal: Deal, people: SimpleNamespace, number: int) -> Deal | None:
    """One verb by someone who may; None when it is refused."""
    seller, manager, admin = people.seller, people.manager, people.admin
    calls = {
        "submit": lambda: actions.submit(deal, by=seller),
        "start_review": lambda: actions.start_review(deal, by=manager),
        "approve": lambda: actions.approve(deal, by=manager),
        "return": lambda: actions.return_for_changes(deal, by=manager, reason="More, please"),
        "reject": lambda: actions.reject(deal, by=manager, reason="Direct account"),
        "withdraw": lambda: actions.withdraw(deal, by=seller),
        "win": lambda: actions.win(deal, by=seller, revenue=number + 1, won_on=today(seller.tenant)),
        "lose": lambda: actions.lose(deal, by=seller, reason="Price"),
        "cancel": lambda: actions.cancel(deal, by=manager, reason="Idle"),
        "reverse_open": lambda: actions.reverse(deal, Status.APPROVED, by=admin, reason="Typed wrong"),
        "reverse_lost": lambda: actions.reverse(deal, Status.LOST, by=admin, reason="Sent back"),
        "move": lambda: actions.move_stage(deal, OPEN_STAGES[number % 4], by=seller),
        "extend": lambda: actions.extend(deal, by=manager),
        "grant_appeal": lambda: actions.grant_appeal(deal, by=admin, reason="New facts"),
        "uphold": lambda: actions.uphold_rejection(deal, by=admin, reason="As before"),
        "appeal": lambda: actions.appeal(deal, by=seller, grounds="We met them first"),
        "ask_extension": lambda: actions.ask_extension(deal, by=seller, reason="Budget moved"),
        "decline_extension": lambda: actions.decline_extension(deal, by=manager, reason="Long enough"),
        "edit": lambda: actions.update_deal(deal, by=seller, amount=number * 100 + 100),
    }
    if verb == "expire":
        end = deal.protection.upper if deal.protection else None
        return deal if end and actions.expire_due(end + timedelta(seconds=1)) else None
    try:
        return calls[verb]()
    except ActionRefused:
        return None


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(st.tuples(st.sampled_from(VERBS), st.integers(0, 9)), min_size=3, max_size=25))
def test_any_history_keeps_a_deal_whole(
    tenant: Tenant, people: SimpleNamespace, history: list[tuple[str, int]]
) -> None:
    with tenant_scope(tenant.pk):
        deal = actions.create_draft(
            people.partner,
            by=people.seller,
            customer=CustomerFactory(served_by=people.partner),
            product=people.product,
            amount=1_000_00,
            expected_close=today(tenant),
        )
        for verb, number in history:
            before = Deal.objects.get(pk=deal.pk)
            events = timeline(deal).count()
            answer = do(verb, before, people, number)
            deal = Deal.objects.get(pk=deal.pk)
            if verb in TRANSITIONS:
                sources, target = TRANSITIONS[verb]
                assert (answer is not None) <= (before.status in sources)
                assert deal.status == (target if answer is not None else before.status)
            # Every change is written down, once; a refusal changes nothing.
            assert deal.version - before.version == timeline(deal).count() - events
            if answer is None:
                assert deal.version == before.version
            assert (deal.status == Status.WON) == (deal.stage == SalesStage.WON)
            assert (deal.status == Status.LOST) == (deal.stage == SalesStage.LOST)
            assert (deal.revenue is not None) == (deal.stage == SalesStage.WON)
            assert (deal.closed_on is not None) == (deal.stage in (SalesStage.WON, SalesStage.LOST))
            assert deal.status not in (Status.APPROVED, Status.WON) or deal.protection is not None
            assert deal.resubmissions <= 3
            newest = timeline(deal)[0].data.get("new", {})
            assert newest.get("status", deal.status) == deal.status
        # The history replayed from the events alone ends where the row is.
        status = Status.DRAFT
        for event in reversed(timeline(deal)):
            status = event.data.get("new", {}).get("status", status)
        assert status == deal.status

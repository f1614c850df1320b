"""What a partner can ask after a decision: an appeal, and more time."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from partners.deals import actions
from partners.deals.approvals.models import DealRequest
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.enums import RequestState
from partners.deals.models import Deal
from partners.deals.queries import waiting_for
from partners.deals.workdays import today
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.events.queries import timeline
from portal.tenancy.models import Tenant
from tests.factories import CustomerFactory

MakeDeal = Callable[..., Deal]
MONDAY = "2026-11-16T09:00:00Z"


# --- appeal ------------------------------------------------------------------------------------


def test_one_appeal_that_an_admin_grants(scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal) -> None:
    deal = actions.reject(deal_in(Status.SUBMITTED), by=people.manager, reason="Too vague")
    deal = actions.appeal(deal, by=people.seller, grounds="Here is the signed quote.")
    assert (deal.status, deal.awaits) == (Status.REJECTED, "appeal")
    assert deal in waiting_for(people.admin)
    assert deal not in waiting_for(people.manager)
    deal = actions.grant_appeal(deal, by=people.admin, reason="The quote settles it.")
    assert (deal.status, deal.awaits, deal.decided_by_id) == (Status.APPROVED, "", people.admin.pk)
    asked = DealRequest.objects.get()
    assert (asked.state, asked.grounds, asked.answer, asked.answered_by_id) == (
        RequestState.GRANTED,
        "Here is the signed quote.",
        "The quote settles it.",
        people.admin.pk,
    )
    assert [event.type for event in timeline(deal)] == [
        "deal.appeal_granted",
        "deal.appealed",
        "deal.rejected",
    ]


def test_an_upheld_rejection_cannot_be_appealed_again(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    deal = actions.appeal(deal_in(Status.REJECTED), by=people.seller, grounds="Please look again")
    with pytest.raises(ActionRefused):
        actions.appeal(deal, by=people.owner, grounds="Me too")
    deal = actions.uphold_rejection(deal, by=people.admin, reason="The account is ours.")
    assert (deal.status, deal.request) == (Status.REJECTED, "")
    with pytest.raises(ActionRefused):
        actions.appeal(deal, by=people.seller, grounds="Once more")
    with pytest.raises(ActionRefused):
        actions.grant_appeal(deal, by=people.admin, reason="Hm")


def test_an_appeal_is_not_granted_over_another_holder(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    customer = CustomerFactory(served_by=people.partner)
    deal = actions.appeal(
        deal_in(Status.REJECTED, customer=customer), by=people.seller, grounds="Please look again"
    )
    deal_in(Status.APPROVED, partner=people.other_partner, customer=customer)
    with pytest.raises(ActionRefused) as refusal:
        actions.grant_appeal(deal, by=people.admin, reason="Yes")
    assert refusal.value.code == "held"
    assert DealRequest.objects.get().state == RequestState.WAITING


# --- more time ---------------------------------------------------------------------------------


def test_more_time_once_and_not_while_a_request_waits(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    deal = deal_in(Status.APPROVED)
    end = deal.protection.upper
    with pytest.raises(ActionRefused):
        actions.extend(deal, by=people.manager)
    deal = actions.ask_extension(deal, by=people.seller, reason="The budget moved to spring")
    with pytest.raises(ActionRefused):
        actions.ask_extension(deal, by=people.owner, reason="Also me")
    deal = actions.extend(deal, by=people.manager)
    deal.refresh_from_db()
    assert (deal.protection.upper, deal.extensions) == (end + timedelta(days=30), 1)
    with pytest.raises(ActionRefused) as refusal:
        actions.ask_extension(deal, by=people.seller, reason="Again")
    assert refusal.value.code == "extensions"
    assert "1 time at most" in str(refusal.value)


def test_a_declined_request_can_be_asked_again(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    deal = actions.ask_extension(deal_in(Status.APPROVED), by=people.seller, reason="Budget")
    deal = actions.decline_extension(deal, by=people.manager, reason="No progress")
    assert (deal.request, deal.extensions) == ("", 0)
    assert actions.ask_extension(deal, by=people.seller, reason="News").request == "extension"


def test_who_asked_in_time_does_not_expire_while_the_answer_is_late(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    deal = actions.ask_extension(deal_in(Status.APPROVED), by=people.seller, reason="Budget")
    after = deal.protection.upper + timedelta(hours=1)
    assert actions.expire_due(after) == 0
    with time_machine.travel(after, tick=False):
        deal = actions.extend(deal, by=people.manager)
    assert deal.protection.upper == after + timedelta(days=30)


def test_more_time_is_not_granted_over_another_holder(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    customer = CustomerFactory(served_by=people.partner)
    deal = deal_in(Status.APPROVED, customer=customer)
    deal = actions.ask_extension(deal, by=people.seller, reason="Budget")
    with time_machine.travel(deal.protection.upper + timedelta(days=1), tick=False):
        rival = deal_in(Status.SUBMITTED, partner=people.other_partner, customer=customer)
        actions.approve(rival, by=people.manager)
        with pytest.raises(ActionRefused) as refusal:
            actions.extend(deal, by=people.manager)
    assert refusal.value.code == "held"


def test_a_deal_that_ends_takes_its_request_with_it(
    scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    for end in (
        lambda deal: actions.win(deal, by=people.seller, revenue=5_00, won_on=today(scoped)),
        lambda deal: actions.lose(deal, by=people.seller, reason="Price"),
        lambda deal: actions.cancel(deal, by=people.manager, reason="Idle"),
    ):
        deal = actions.ask_extension(deal_in(Status.APPROVED), by=people.seller, reason="Budget")
        deal = end(deal)
        assert (deal.request, deal.waiting_since) == ("", None)
    assert set(DealRequest.objects.values_list("state", flat=True)) == {RequestState.LAPSED}


# --- who may ask and answer, from where --------------------------------------------------------

# verb: the call, the status and the request it needs, who may
ASKED: dict[str, tuple[Callable[[Deal, Any], Deal], str, str, set[str]]] = {
    "appeal": (
        lambda deal, by: actions.appeal(deal, by=by, grounds="x"),
        "rejected",
        "",
        {"seller", "owner"},
    ),
    "grant_appeal": (
        lambda deal, by: actions.grant_appeal(deal, by=by, reason="x"),
        "rejected",
        "appeal",
        {"admin"},
    ),
    "uphold": (
        lambda deal, by: actions.uphold_rejection(deal, by=by, reason="x"),
        "rejected",
        "appeal",
        {"admin"},
    ),
    "ask_extension": (
        lambda deal, by: actions.ask_extension(deal, by=by, reason="x"),
        "approved",
        "",
        {"seller", "owner"},
    ),
    "extend": (lambda deal, by: actions.extend(deal, by=by), "approved", "extension", {"manager", "admin"}),
    "decline_extension": (
        lambda deal, by: actions.decline_extension(deal, by=by, reason="x"),
        "approved",
        "extension",
        {"manager", "admin"},
    ),
}


@pytest.mark.parametrize("persona", ["seller", "owner", "stranger", "manager", "colleague", "admin"])
@pytest.mark.parametrize("verb", ASKED)
def test_each_question_and_answer_from_each_status_for_each_role(
    verb: str, persona: str, scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    call, from_status, asked, may = ASKED[verb]
    by = getattr(people, persona)
    for status in Status:
        for request in ("", "appeal", "extension"):
            deal = deal_in(status, request=request)
            if request:
                DealRequest.objects.create(
                    partner=deal.partner, deal=deal, kind=request, grounds="x", asked_by=people.seller
                )
            events = Event.objects.count()
            if persona not in may:
                with pytest.raises(PermissionDenied):
                    call(deal, by)
            elif (status, request) != (from_status, asked) and not (
                verb == "appeal" and status == "rejected" and request == "extension"
            ):
                if verb == "appeal" and (status, request) == ("rejected", "appeal"):
                    deal.appealed_at = deal.submitted_at
                    deal.save()
                with pytest.raises(ActionRefused):
                    call(deal, by)
            else:
                call(deal, by)
                assert Event.objects.count() == events + 1
                continue
            deal.refresh_from_db()
            assert (deal.status, deal.version) == (status, 1)
            assert Event.objects.count() == events

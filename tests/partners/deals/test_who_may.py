"""Every verb against every role and state: the pages offer what the actions accept, and nothing else gets through."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from partners.deals import actions
from partners.deals.approvals.models import DealRequest
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.deals.offers import VERBS, offered
from partners.deals.workdays import today
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.tenancy.models import Tenant

MakeDeal = Callable[..., Deal]
Call = Callable[[Deal, Membership], Deal]
PERSONAS = ("seller", "owner", "stranger", "manager", "colleague", "admin")

# By the names under which the pages offer them. "update" moves what is open, "edit" completes what is not decided.
CALLS: dict[str, Call] = {
    "approve": lambda deal, by: actions.approve(deal, by=by),
    "return": lambda deal, by: actions.return_for_changes(deal, by=by, reason="Which site?"),
    "reject": lambda deal, by: actions.reject(deal, by=by, reason="Direct account"),
    "start_review": lambda deal, by: actions.start_review(deal, by=by),
    "confirm_win": lambda deal, by: actions.confirm_win(deal, by=by),
    "decline_win": lambda deal, by: actions.decline_win(deal, by=by, reason="No order"),
    "grant_appeal": lambda deal, by: actions.grant_appeal(deal, by=by, reason="New facts"),
    "uphold": lambda deal, by: actions.uphold_rejection(deal, by=by, reason="As before"),
    "extend": lambda deal, by: actions.extend(deal, by=by),
    "decline_extension": lambda deal, by: actions.decline_extension(deal, by=by, reason="Long enough"),
    "submit": lambda deal, by: actions.submit(deal, by=by),
    "edit": lambda deal, by: actions.set_lines(deal, [actions.Line(deal.product, 2)], by=by),
    "win": lambda deal, by: actions.win(deal, by=by, revenue=5_00, won_on=today(by.tenant)),
    "update": lambda deal, by: actions.move_stage(deal, SalesStage.PROPOSAL, by=by),
    "lose": lambda deal, by: actions.lose(deal, by=by, reason="Price"),
    "ask_extension": lambda deal, by: actions.ask_extension(deal, by=by, reason="Budget moved"),
    "appeal": lambda deal, by: actions.appeal(deal, by=by, grounds="We met them first"),
    "withdraw": lambda deal, by: actions.withdraw(deal, by=by),
    "cancel": lambda deal, by: actions.cancel(deal, by=by, reason="Idle"),
    "reverse": lambda deal, by: actions.reverse(deal, Status.LOST, by=by, reason="Sent back"),
}
SELLING = {"seller", "owner", "manager", "admin"}
DECIDING = {"manager", "admin"}
ASKING = {"seller", "owner"}
MAY = {
    **dict.fromkeys(("submit", "edit", "withdraw", "win", "update", "lose"), SELLING),
    **dict.fromkeys(("approve", "return", "reject", "start_review", "cancel"), DECIDING),
    **dict.fromkeys(("confirm_win", "decline_win", "extend", "decline_extension"), DECIDING),
    **dict.fromkeys(("ask_extension", "appeal"), ASKING),
    **dict.fromkeys(("grant_appeal", "uphold", "reverse"), frozenset({"admin"})),
}
# In which states each is possible: a registration's status, "none" for a deal without a registration, and approved
# or rejected ones that wait for an answer.
WAITING = {"submitted", "in_review"}
HELD = {"approved", "claimed", "asked for time"}
POSSIBLE = {
    **dict.fromkeys(("approve", "return", "reject"), WAITING),
    "start_review": {"submitted"},
    "submit": {"draft", "returned"},
    "edit": {"draft", "returned"},
    "withdraw": {"draft", "returned"} | WAITING,
    **dict.fromkeys(("win", "update", "lose"), HELD | {"none"}),
    "cancel": HELD,
    **dict.fromkeys(("confirm_win", "decline_win"), frozenset({"claimed"})),
    **dict.fromkeys(("extend", "decline_extension"), frozenset({"asked for time"})),
    **dict.fromkeys(("grant_appeal", "uphold"), frozenset({"appealed"})),
    "ask_extension": {"approved"},
    "appeal": {"rejected"},
    "reverse": {"won"},
}
# Possible, though no button suggests them while the reported win waits for its confirmation.
NOT_SUGGESTED = {("claimed", verb) for verb in ("win", "update", "lose")}


def in_state(state: str, people: SimpleNamespace, deal_in: MakeDeal) -> Deal:
    if state == "claimed":
        claim = {"revenue": 5_00, "cost": None, "won_on": today(people.admin.tenant).isoformat()}
        deal = deal_in(Status.APPROVED)
        deal.win_claim = claim | {"customer_id": str(deal.customer_id), "lines": []}
        deal.save()
        return deal
    if state in ("appealed", "asked for time"):
        kind, status = ("appeal", Status.REJECTED) if state == "appealed" else ("extension", Status.APPROVED)
        deal = deal_in(status, request=kind)
        if kind == "appeal":
            deal.appealed_at = deal.submitted_at
            deal.save()
        DealRequest.objects.create(
            partner=deal.partner, deal=deal, kind=kind, grounds="x", asked_by=people.seller
        )
        return deal
    return deal_in("" if state == "none" else state)


def outcome(call: Call, deal: Deal, by: Membership) -> type[Exception] | None:
    """How the call ends; whatever it did is undone."""
    with transaction.atomic():
        try:
            call(deal, by)
        except (PermissionDenied, ActionRefused) as refusal:
            return PermissionDenied if isinstance(refusal, PermissionDenied) else ActionRefused
        finally:
            transaction.set_rollback(True)
    return None


def test_the_matrix_has_every_verb_that_is_offered() -> None:
    assert CALLS.keys() == MAY.keys() == POSSIBLE.keys() == VERBS.keys()


@pytest.mark.parametrize("persona", PERSONAS)
def test_every_verb_is_refused_to_every_role_and_in_every_state_that_may_not_use_it(
    persona: str, scoped: Tenant, people: SimpleNamespace, deal_in: MakeDeal
) -> None:
    by = getattr(people, persona)
    for state in (*Status.values, "none", "claimed", "appealed", "asked for time"):
        deal = in_state(state, people, deal_in)
        before: tuple[Any, ...] = (deal.status, deal.version, Event.objects.count())
        expected: dict[str, type[Exception] | None] = {}
        for verb in CALLS:
            possible = None if state in POSSIBLE[verb] else ActionRefused
            expected[verb] = possible if persona in MAY[verb] else PermissionDenied
        assert {verb: outcome(call, deal, by) for verb, call in CALLS.items()} == expected, state
        works = {verb for verb, refusal in expected.items() if refusal is None}
        assert set(offered(by, deal)) == {verb for verb in works if (state, verb) not in NOT_SUGGESTED}, state
        deal.refresh_from_db()
        assert (deal.status, deal.version, Event.objects.count()) == before

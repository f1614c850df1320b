"""What leaves of an event, and what stays."""

import json
from typing import Any

import pytest

from portal.accounts.models import Membership
from portal.events.models import Event
from portal.events.record import record
from portal.tenancy.models import Tenant
from portal.webhooks.payload import messages, visible
from portal.webhooks.subscriptions import cleaned, groups, in_words, offered_types
from tests.factories import DealFactory, PartnerFactory


def body_of(event: Event) -> dict[str, Any]:
    return json.loads(messages([event])[event.pk].body)


def test_a_post_says_what_the_audit_trail_says_and_the_subjects_number(
    scoped: Tenant, manager: Membership
) -> None:
    deal = DealFactory(partner=PartnerFactory())
    event = record(
        "deal.review_started",
        subject=deal,
        by=manager,
        partner_id=deal.partner_id,
        data={"old": {"status": "submitted"}, "new": {"status": "in_review"}},
    )
    assert body_of(event) == {
        "id": f"evt_{event.pk.hex}",
        "type": "deal.review_started",
        "timestamp": event.occurred_at.isoformat(),
        "tenant": "acme",
        "data": {
            "summary": body_of(event)["data"]["summary"],
            "subject": {"kind": "deals.deal", "id": str(deal.pk), "number": deal.number},
            "partner_id": str(deal.partner_id),
            "actor": {"kind": "vendor", "id": str(manager.pk)},
            "changes": {"old": {"status": "submitted"}, "new": {"status": "in_review"}},
        },
    }
    assert "review" in body_of(event)["data"]["summary"].lower()
    assert messages([event])[event.pk].number == deal.number


def test_people_accounts_and_free_text_stay_here(scoped: Tenant, admin: Membership) -> None:
    data = {
        "email": "jan@example.com",
        "role": "admin",
        "name": "Jan Jansen",
        "old": {"contact_phone": "+31 6 1234", "status": "a", "notes": "ill since May"},
        "new": {
            "title": "Ask jan.jansen+x@example.co.uk first",
            "iban": "NL00",
            "lines": [{"person": "Jan", "n": 1}],
        },
        "ends": "1234",
        "answers": {"q1": "secret"},
    }
    event = record("member.invited", subject=admin, by=admin, data=data)
    text = messages([event])[event.pk].body
    assert json.loads(text)["data"]["changes"] == {
        "role": "admin",
        "old": {"status": "a"},
        "new": {"title": "Ask *** first", "lines": [{"n": 1}]},
    }
    assert "jan" not in text.lower()
    assert admin.user.email not in text
    assert visible({"name": "Acme Ltd"}) == {"name": "Acme Ltd"}


def test_a_sentence_that_cannot_be_made_keeps_nothing_from_leaving(scoped: Tenant) -> None:
    event = record("api_key.created", subject=scoped)
    broken = record("rate.added", subject=scoped, data={})
    found = messages([event, broken])
    assert json.loads(found[broken.pk].body)["data"]["summary"] == "Rate: added"
    assert json.loads(found[event.pk].body)["data"]["actor"] == {"kind": "portal", "id": None}


def test_many_cost_no_more_queries_than_one(
    scoped: Tenant, manager: Membership, django_assert_num_queries: Any
) -> None:
    deals = [DealFactory(partner=PartnerFactory()) for _number in range(3)]
    events = [record("deal.review_started", subject=deal, by=manager) for deal in deals]
    fresh = list(Event.objects.filter(pk__in=[event.pk for event in events]))
    with django_assert_num_queries(3):  # the tenant, the actors, the numbers
        assert len(messages(fresh)) == 3


def test_each_kind_that_the_audit_trail_describes_is_offered_once() -> None:
    boxes = [name for group in groups() for name, _label in group.types]
    assert sorted(boxes) == offered_types()
    assert "scorecards.updated" not in boxes
    deal = next(group for group in groups() if group.key == "deal")
    assert deal.patterns == ("deal.*", "deals.*")


@pytest.mark.parametrize(
    ("chosen", "kept", "words"),
    [
        (["*", "deal.won"], ["*"], "All events"),
        (["deal.*", "deal.won", "rate.added"], ["deal.*", "rate.added"], "Deal: all, Rate: added"),
        (["deal.won", "nothing.such", "scorecards.updated", "*.won"], ["deal.won"], "Deal: won"),
        ([], [], ""),
    ],
)
def test_a_choice_is_kept_in_its_shortest_form(chosen: list[str], kept: list[str], words: str) -> None:
    assert cleaned(chosen) == kept
    assert in_words(kept) == words
    assert in_words(["deal.won", "deal.lost", "rate.added"]) == "3 kinds of events"

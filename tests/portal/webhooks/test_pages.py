"""What an administrator does with webhooks, page by page."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import ProgrammingError, connection, transaction
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.describe import describe
from portal.events.models import Event
from portal.events.record import record
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from portal.webhooks import actions, network, signing, working
from portal.webhooks.enums import DeliveryState
from portal.webhooks.models import Attempt, Delivery, Endpoint, WebhooksDue
from tests.factories import make_member
from tests.portal.webhooks.receiver import Receiver

SignIn = Callable[[Membership], Client]
S = DeliveryState
ROOT = "/acme/settings/webhooks/"


def text_of(answer: Any) -> str:
    return answer.content.decode()


def endpoint_of(tenant: Tenant) -> Endpoint:
    with tenant_scope(tenant.pk):
        return Endpoint.objects.get()


def told(tenant: Tenant) -> list[str]:
    """What the audit trail says of webhooks, the oldest first."""
    with tenant_scope(tenant.pk):
        return [describe(event) for event in Event.objects.filter(type__startswith="webhook.").order_by("id")]


def test_an_endpoint_is_added_and_its_secret_is_shown_once(
    tenant: Tenant, admin: Membership, client_as: SignIn
) -> None:
    client = client_as(admin)
    assert "No webhooks yet" in text_of(client.get(ROOT))
    assert "Deal" in text_of(client.get(f"{ROOT}new/"))
    answer = client.post(
        f"{ROOT}new/",
        {
            "url": "http://localhost:9/crm?key=abc",
            "description": "CRM",
            "scope": "some",
            "events": ["deal.*", "deal.won"],
        },
    )
    endpoint = endpoint_of(tenant)
    assert (endpoint.events, endpoint.is_active) == (["deal.*"], True)
    secret = signing.shown_secret(endpoint)
    assert answer.status_code == 200
    assert secret in text_of(answer)
    assert "no-store" in answer["Cache-Control"]
    for address in (
        ROOT,
        f"{ROOT}{endpoint.pk}/",
        f"{ROOT}{endpoint.pk}/settings/",
        f"{ROOT}{endpoint.pk}/secret/",
    ):
        page = client.get(address)
        assert page.status_code == 200
        assert secret not in text_of(page)
    assert told(tenant) == ["Added the webhook endpoint “CRM”"]
    with tenant_scope(tenant.pk):
        # The rest of an address may be a secret of its own.
        assert "abc" not in str(Event.objects.get(type="webhook.created").data)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"url": "http://example.com/hooks"}, "must start with https://"),
        ({"url": "https://me:pw@example.com/"}, "Leave name and password out"),
        ({"url": "nonsense"}, "This is not an address"),
        ({"url": ""}, "This field is required"),
        ({"scope": "some"}, "Tick at least one kind of event"),
        ({"scope": "some", "events": ["*"]}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_saved_says_why_and_keeps_what_was_typed(
    tenant: Tenant, admin: Membership, client_as: SignIn, given: dict[str, Any], complaint: str
) -> None:
    data = {"url": "https://example.com/x", "description": "My own words", "scope": "all"} | given
    answer = client_as(admin).post(f"{ROOT}new/", data)
    assert answer.status_code == 422
    assert complaint in text_of(answer)
    assert "My own words" in text_of(answer)
    with tenant_scope(tenant.pk):
        assert not Endpoint.objects.exists()


def test_a_name_that_leads_inside_is_refused_when_it_is_typed(
    tenant: Tenant, admin: Membership, client_as: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "resolve", lambda host, port: ["169.254.169.254"])
    answer = client_as(admin).post(f"{ROOT}new/", {"url": "https://meta.example.com/", "scope": "all"})
    assert answer.status_code == 422
    assert "leads into a private network" in text_of(answer)

    def unknown(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    monkeypatch.setattr(network, "resolve", unknown)
    answer = client_as(admin).post(f"{ROOT}new/", {"url": "https://gone.example.com/", "scope": "all"})
    assert "No server of this name was found" in text_of(answer)


def test_an_address_is_given_once_and_there_is_a_limit(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, client_as: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = client_as(admin).post(f"{ROOT}new/", {"url": endpoint.url, "scope": "all"})
    assert "There is an endpoint with this address already" in text_of(answer)
    monkeypatch.setattr(actions, "MOST", 1)
    answer = client_as(admin).post(f"{ROOT}new/", {"url": "http://localhost:9/more", "scope": "all"})
    assert "Delete one first" in text_of(answer)


def test_it_is_changed_turned_off_and_on_and_deleted_after_a_question(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, client_as: SignIn
) -> None:
    client, page = client_as(admin), f"{ROOT}{endpoint.pk}/"
    form = text_of(client.get(f"{page}settings/"))
    assert re.search(r'value="rate\.\*" checked', form)
    client.post(f"{page}settings/", {"url": "http://localhost:9/new", "description": "ERP", "scope": "all"})
    assert (endpoint_of(tenant).url, endpoint_of(tenant).events) == ("http://localhost:9/new", ["*"])
    client.post(f"{page}off/")
    assert "Turned off by an administrator" in text_of(client.get(page))
    client.post(f"{page}off/")
    client.post(f"{page}on/")
    assert endpoint_of(tenant).is_active
    assert "Delete this endpoint?" in text_of(client.get(f"{page}delete/"))
    client.post(f"{page}delete/")
    assert client.get(page).status_code == 404
    assert told(tenant) == [
        "Added the webhook endpoint “Own system”",
        "Gave the webhook endpoint “ERP” another address",
        "Turned the webhook endpoint “ERP” off",
        "Turned the webhook endpoint “ERP” on",
        "Deleted the webhook endpoint “ERP”",
    ]


def test_a_second_click_does_not_rotate_the_secret_again(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, client_as: SignIn
) -> None:
    client, page = client_as(admin), f"{ROOT}{endpoint.pk}/"
    assert 'name="version" value="1"' in text_of(client.get(f"{page}secret/"))
    answer = client.post(f"{page}secret/", {"version": "1"})
    assert signing.shown_secret(endpoint_of(tenant)) in text_of(answer)
    answer = client.post(f"{page}secret/", {"version": "1"}, follow=True)
    assert "rotated meanwhile" in text_of(answer)
    assert "The old secret signs until" in text_of(answer)
    assert endpoint_of(tenant).secret_version == 2
    for nonsense in ("", "x", "-1", "99999999999"):
        client.post(f"{page}secret/", {"version": nonsense})
    assert endpoint_of(tenant).secret_version == 2


def test_a_test_shows_its_answer_and_is_sent_again(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, receiver: Receiver, client_as: SignIn
) -> None:
    client = client_as(admin)
    receiver.status, receiver.text = 418, b"<b>teapot</b>"
    page = client.post(f"{ROOT}{endpoint.pk}/test/")["Location"]
    waiting = text_of(client.get(page))
    assert 'hx-trigger="every 1s"' in waiting
    assert "Send again" not in waiting
    assert "HX-Refresh" not in client.get(f"{page}result/")
    working.post_due(tenant.pk)
    assert client.get(f"{page}result/")["HX-Refresh"] == "true"
    shown = text_of(client.get(page))
    assert "418" in shown
    assert "&lt;b&gt;teapot&lt;/b&gt;" in shown
    assert "webhook.test" in shown
    receiver.status = 200
    client.post(f"{page}again/")
    client.post(f"{page}again/")  # it is on its way already
    working.post_due(tenant.pk)
    assert len(receiver.taken) == 2
    with tenant_scope(tenant.pk):
        assert Delivery.objects.get().state == S.DELIVERED
        assert Attempt.objects.count() == 2


def test_deliveries_are_searched_filtered_sorted_and_exported_at_a_constant_price(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, client_as: SignIn
) -> None:
    client, page = client_as(admin), f"{ROOT}{endpoint.pk}/"

    def add(number: int, state: str, type_: str) -> None:
        with tenant_scope(tenant.pk):
            Delivery.objects.create(
                endpoint=endpoint,
                type=type_,
                message_id=f"evt_{number}",
                number=f"DR-{number}",
                body=f'{{"number": "DR-{number}"}}',
                state=state,
                due_at=timezone.now() + timedelta(days=1),
            )

    def queries(address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(address).status_code == 200
        return len(seen)

    add(1, S.FAILED, "deal.won")
    before = queries(page), queries(ROOT)
    add(2, S.DELIVERED, "deal.won")
    add(3, S.FAILED, "rate.added")
    assert (queries(page), queries(ROOT)) == before

    def found(query: str) -> list[str]:
        return sorted(set(re.findall(r"DR-\d", text_of(client.get(f"{page}?{query}")))))

    assert found("") == ["DR-1", "DR-2", "DR-3"]
    assert found("q=evt_2") == ["DR-2"]
    assert found("state=failed") == ["DR-1", "DR-3"]
    assert found("state=failed&type=deal.won") == ["DR-1"]
    assert client.get(f"{page}?sort=-state&q=deal").status_code == 200
    export = b"".join(client.get(f"{page}?export=csv")).decode()
    assert "Deal: won" in export
    assert len(export.strip().splitlines()) == 4
    assert client.get(f"{ROOT}?sort=-failed&q=own").status_code == 200
    assert b"Own system" not in b"".join(client.get(f"{ROOT}?export=csv&q=nowhere"))


def test_nobody_but_an_administrator_and_nobody_else_may(
    tenant: Tenant, admin: Membership, manager: Membership, endpoint: Endpoint
) -> None:
    with tenant_scope(tenant.pk):
        test = actions.send_test(endpoint, by=admin)
        for refused in (
            lambda: actions.create_endpoint(by=manager, url="https://example.com/", events=["*"]),
            lambda: actions.change_endpoint(endpoint, by=manager, url=endpoint.url, events=["*"]),
            lambda: actions.rotate_secret(endpoint, by=manager, version=1),
            lambda: actions.turn_off(endpoint, by=manager),
            lambda: actions.turn_on(endpoint, by=manager),
            lambda: actions.remove_endpoint(endpoint, by=manager),
            lambda: actions.send_test(endpoint, by=manager),
            lambda: actions.send_again(test, by=manager),
        ):
            with pytest.raises(PermissionDenied):
                refused()


@pytest.mark.parametrize("model", [Endpoint, Delivery, Attempt, WebhooksDue])
def test_the_database_shows_partners_nothing_of_webhooks(
    tenant: Tenant, partner_owner: Membership, endpoint: Endpoint, model: type[Model]
) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():  # noqa: SIM117
        with tenant_scope(tenant.pk, partner_owner.partner_id):
            model.objects.exists()  # type: ignore[attr-defined]


def test_nothing_is_sent_again_to_an_endpoint_that_is_off(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, scoped: Tenant
) -> None:
    event = Event.objects.get(type="webhook.created")
    row = Delivery.objects.create(
        endpoint=endpoint,
        event=event,
        type="rate.added",
        message_id="evt_1",
        body="{}",
        state=S.FAILED,
        due_at=timezone.now(),
    )
    actions.turn_off(endpoint, by=admin)
    with pytest.raises(ActionRefused, match="Turn it on first"):
        actions.send_again(row, by=admin)


def test_after_an_outage_what_was_missed_is_sent_again_with_the_ids_that_it_had(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, receiver: Receiver, client_as: SignIn
) -> None:
    client, page = client_as(admin), f"{ROOT}{endpoint.pk}/"
    assert "Send missed ones again" not in text_of(client.get(page))
    with tenant_scope(tenant.pk):
        for number, state in enumerate([S.FAILED, S.CANCELLED, S.DELIVERED, S.RETRY]):
            Delivery.objects.create(
                endpoint=endpoint,
                event=record("rate.added", subject=tenant),
                type="rate.added",
                message_id=f"evt_{number}",
                body="{}",
                state=state,
                attempts=7,
                due_at=timezone.now() + timedelta(days=1),
            )
        test = actions.send_test(endpoint, by=admin)
        Delivery.objects.filter(pk=test.pk).update(state=S.FAILED)
    assert "Send missed ones again" in text_of(client.get(page))
    assert "2 events of the last 30 days" in text_of(client.get(f"{page}missed/"))
    assert "2 events are posted again" in text_of(client.post(f"{page}missed/", follow=True))
    working.post_due(tenant.pk)
    assert sorted(message.headers["webhook-id"] for message in receiver.taken) == ["evt_0", "evt_1"]
    assert told(tenant)[-1] == "Sent 2 events that were missed to the webhook endpoint “Own system” again"
    with tenant_scope(tenant.pk):
        actions.turn_off(endpoint, by=admin)
        with pytest.raises(ActionRefused, match="Turn it on first"):
            actions.send_missed_again(endpoint, by=admin)
        with pytest.raises(PermissionDenied):
            actions.send_missed_again(endpoint, by=make_member(Role.CHANNEL_MANAGER))


def test_a_receiver_that_was_away_reads_what_it_missed_through_the_api(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, receiver: Receiver, client_as: SignIn
) -> None:
    client = client_as(admin)
    with tenant_scope(tenant.pk):
        sent = actions.send_test(endpoint, by=admin)
    receiver.status = 500
    working.post_due(tenant.pk)
    (row,) = client.get("/acme/api/v1/webhook-deliveries/?state=failed").json()["results"]
    assert (row["message_id"], row["status_code"], row["problem"]) == (sent.message_id, 500, "status")
    assert client.get("/acme/api/v1/webhook-deliveries/?state=delivered").json()["results"] == []
    answer = client.get("/acme/api/v1/webhook-endpoints/")
    (found,) = answer.json()["results"]
    assert (found["url"], found["events"]) == (endpoint.url, ["rate.*"])
    assert signing.shown_secret(endpoint) not in text_of(answer)
    assert client.post("/acme/api/v1/webhook-endpoints/", {"url": "https://example.com/"}).status_code == 405

"""Events on their way to a real server on a socket, through every way in which that may fail."""

import base64
import datetime as dt
import hashlib
import hmac
import json
from datetime import timedelta
from threading import Thread

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event
from portal.events.record import record
from portal.notifications.models import Notification
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from portal.webhooks import actions, delivering, posting, signing, working
from portal.webhooks.consumers import hand_out
from portal.webhooks.enums import TRANSITIONS, DeliveryState, Problem, TurnedOff
from portal.webhooks.models import Attempt, Delivery, Endpoint, WebhooksDue
from portal.webhooks.tasks import forget, sweep
from tests.factories import make_member
from tests.portal.webhooks.receiver import Received, Receiver, drips, pours, receiving

S = DeliveryState
RATE = {"currency": "USD", "own": "EUR", "rate": "0.9", "from": "2026-11-01"}


def happen(tenant: Tenant, by: Membership | None = None, type_: str = "rate.added", **data: object) -> Event:
    """An event that the endpoint wants, dispatched."""
    with tenant_scope(tenant.pk):
        event = record(
            type_,
            subject=tenant,
            by=by,
            data=RATE | data,
        )
    dispatch_pending(tenant.pk)
    return event


def delivery_of(tenant: Tenant) -> Delivery:
    with tenant_scope(tenant.pk):
        return Delivery.objects.get()


def post_as_if_due(tenant: Tenant) -> Delivery:
    """As if the pauses were over."""
    with tenant_scope(tenant.pk):
        Delivery.objects.filter(state=S.RETRY).update(due_at=timezone.now())
        Endpoint.objects.update(paused_until=None)
    working.post_due(tenant.pk)
    return delivery_of(tenant)


def fits(secret: str, message: Received) -> bool:
    """What a receiver does, written from the standard and not from our code."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = (
        f"{message.headers['webhook-id']}.{message.headers['webhook-timestamp']}.".encode() + message.body
    )
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return expected in message.headers["webhook-signature"].split(" ")


# --- what arrives --------------------------------------------------------------------------------


def test_an_event_arrives_once_signed_and_its_answer_is_kept(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, receiver: Receiver
) -> None:
    event = happen(tenant, admin)
    assert working.post_due(tenant.pk) is False
    (message,) = receiver.taken
    assert message.path == "/hooks"
    assert message.headers["host"] == f"localhost:{receiver.port}"
    assert message.headers["content-type"] == "application/json"
    assert message.headers["webhook-id"] == f"evt_{event.pk.hex}"
    assert abs(int(message.headers["webhook-timestamp"]) - timezone.now().timestamp()) < 60
    assert fits(signing.shown_secret(endpoint), message)
    body = json.loads(message.body)
    assert (body["id"], body["type"], body["tenant"]) == (f"evt_{event.pk.hex}", "rate.added", "acme")
    delivery = delivery_of(tenant)
    assert (delivery.state, delivery.attempts, delivery.status_code) == (S.DELIVERED, 1, 200)
    with tenant_scope(tenant.pk):
        attempt = Attempt.objects.get()
        endpoint.refresh_from_db()
    assert (attempt.status_code, attempt.problem, attempt.response) == (200, "", "thank you")
    assert endpoint.last_success_at is not None
    working.post_due(tenant.pk)
    assert len(receiver.taken) == 1
    assert not WebhooksDue.objects.filter(at__lte=timezone.now()).exists()


def test_the_consumer_adds_nothing_when_it_runs_twice(
    tenant: Tenant, endpoint: Endpoint, receiver: Receiver
) -> None:
    event = happen(tenant)
    with tenant_scope(tenant.pk):
        hand_out([event])
        assert Delivery.objects.count() == 1


def test_only_what_is_wanted_and_described_and_not_routine_is_sent(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, receiver: Receiver
) -> None:
    with tenant_scope(tenant.pk):
        for number, events in enumerate((["*"], ["rate.removed"])):
            actions.create_endpoint(by=admin, url=f"http://localhost:{receiver.port}/{number}", events=events)
        Event.objects.filter(dispatched_at=None).update(dispatched_at=timezone.now())
        for type_ in ("rate.added", "rate.invented", "scorecards.updated"):
            record(type_, subject=tenant, data=RATE | {"periods": []})
    dispatch_pending(tenant.pk)
    with tenant_scope(tenant.pk):
        found = sorted(Delivery.objects.values_list("endpoint__url", "type"))
    assert found == [
        (f"http://localhost:{receiver.port}/0", "rate.added"),
        (f"http://localhost:{receiver.port}/hooks", "rate.added"),
    ]


def test_an_endpoint_that_is_off_gets_nothing_and_what_waits_is_not_sent(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, receiver: Receiver
) -> None:
    happen(tenant)
    with tenant_scope(tenant.pk):
        actions.turn_off(endpoint, by=admin)
    assert delivery_of(tenant).state == S.CANCELLED
    happen(tenant)
    working.post_due(tenant.pk)
    assert receiver.taken == []
    assert delivery_of(tenant).state == S.CANCELLED
    with tenant_scope(tenant.pk):
        # As if the consumer had read the endpoint just before it was turned off.
        Delivery.objects.update(state=S.WAITING)
    working.post_due(tenant.pk)
    assert (delivery_of(tenant).state, receiver.taken) == (S.CANCELLED, [])


# --- what does not arrive ------------------------------------------------------------------------


def test_a_refusal_is_tried_again_after_growing_pauses_and_ends_as_failed(
    tenant: Tenant, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.status, receiver.text = 500, b"out of order\x00 \xff"
    happen(tenant)
    pauses = []
    for attempt in range(1, 8):
        delivery = post_as_if_due(tenant)
        assert delivery.attempts == attempt
        pauses.append((delivery.due_at - timezone.now()).total_seconds())
    assert (delivery.state, delivery.problem, delivery.status_code) == (S.FAILED, Problem.STATUS, 500)
    assert [round(pause / 5) * 5 for pause in pauses[:6]] == [5, 60, 600, 3600, 21600, 86400]
    assert {message.headers["webhook-id"] for message in receiver.taken} == {delivery.message_id}
    assert {message.body for message in receiver.taken} == {delivery.body.encode()}
    with tenant_scope(tenant.pk):
        assert {attempt.response for attempt in Attempt.objects.all()} == {"out of order �"}
        assert Attempt.objects.count() == 7
    post_as_if_due(tenant)
    assert len(receiver.taken) == 7


def test_after_a_failure_the_next_attempt_delivers(
    tenant: Tenant, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.status = 503
    happen(tenant)
    working.post_due(tenant.pk)
    with tenant_scope(tenant.pk):
        endpoint.refresh_from_db()
        assert endpoint.failures == 1
    receiver.status = 204
    receiver.text = b""
    working.post_due(tenant.pk)
    assert len(receiver.taken) == 1  # it is not due yet
    assert post_as_if_due(tenant).state == S.DELIVERED
    with tenant_scope(tenant.pk):
        endpoint.refresh_from_db()
        assert (endpoint.failures, endpoint.failing_since) == (0, None)


def test_of_a_failing_endpoint_one_is_tried_at_a_time_and_others_are_not_kept_waiting(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.status = 500
    with receiving() as other:
        happen(tenant)
        working.post_due(tenant.pk)
        with tenant_scope(tenant.pk):
            actions.create_endpoint(by=admin, url=other.url, events=["rate.*"])
        for _event in range(3):
            happen(tenant)
        working.post_due(tenant.pk)
        assert (len(receiver.taken), len(other.taken)) == (1, 3)
        with tenant_scope(tenant.pk):
            Endpoint.objects.update(paused_until=timezone.now())
        working.post_due(tenant.pk)
        assert (len(receiver.taken), len(other.taken)) == (2, 3)


def test_a_server_that_drips_is_broken_off(
    tenant: Tenant, endpoint: Endpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.answer = drips(receiver)
    monkeypatch.setattr(working, "send_all", lambda posts: posting.send_all(posts, 0.6))
    happen(tenant)
    started = timezone.now()
    working.post_due(tenant.pk)
    assert timezone.now() - started < timedelta(seconds=4)
    delivery = delivery_of(tenant)
    assert (delivery.state, delivery.problem, delivery.status_code) == (S.RETRY, Problem.TIMEOUT, None)


def test_of_a_huge_answer_only_the_beginning_is_read(
    tenant: Tenant, endpoint: Endpoint, receiver: Receiver
) -> None:
    size = 50 * 1024 * 1024
    receiver.answer = pours(receiver, size)
    happen(tenant)
    working.post_due(tenant.pk)
    assert delivery_of(tenant).state == S.DELIVERED
    with tenant_scope(tenant.pk):
        assert Attempt.objects.get().response == "x" * 1024
    assert receiver.sent < size / 4


def test_nobody_there_is_no_connection_and_nonsense_is_not_understood(
    tenant: Tenant, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.answer = lambda handler: handler.wfile.write(b"SSH-2.0-server\r\n\r\n")
    happen(tenant)
    working.post_due(tenant.pk)
    assert delivery_of(tenant).problem == Problem.GARBLED
    with tenant_scope(tenant.pk):
        Endpoint.objects.update(url="http://localhost:9/hooks")
    assert post_as_if_due(tenant).problem == Problem.UNREACHABLE


def test_after_three_days_of_failures_the_endpoint_is_off_and_administrators_are_told(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, receiver: Receiver
) -> None:
    with tenant_scope(tenant.pk):
        make_member(Role.CHANNEL_MANAGER)
        Endpoint.objects.update(
            failures=delivering.LEAST_FAILURES - 1, failing_since=timezone.now() - timedelta(days=4)
        )
    receiver.status = 500
    happen(tenant)
    happen(tenant)
    working.post_due(tenant.pk)
    assert len(receiver.taken) == 1
    with tenant_scope(tenant.pk):
        endpoint.refresh_from_db()
        assert (endpoint.is_active, endpoint.turned_off) == (False, TurnedOff.FAILING)
        assert set(Delivery.objects.values_list("state", flat=True)) == {S.CANCELLED}
        event = Event.objects.get(type="webhook.turned_off")
        assert event.actor is None
    dispatch_pending(tenant.pk)
    with tenant_scope(tenant.pk):
        told = Notification.objects.filter(event=event, channel="portal")
        assert [row.member_id for row in told] == [admin.pk]


def test_failures_of_less_than_three_days_leave_it_on_and_gone_turns_it_off_at_once(
    tenant: Tenant, endpoint: Endpoint, receiver: Receiver
) -> None:
    with tenant_scope(tenant.pk):
        Endpoint.objects.update(failures=500, failing_since=timezone.now() - timedelta(days=2, hours=23))
    receiver.status = 500
    happen(tenant)
    post_as_if_due(tenant)
    with tenant_scope(tenant.pk):
        endpoint.refresh_from_db()
        assert endpoint.is_active
    receiver.status = 410
    assert post_as_if_due(tenant).state == S.FAILED
    with tenant_scope(tenant.pk):
        endpoint.refresh_from_db()
        assert (endpoint.is_active, endpoint.turned_off) == (False, TurnedOff.GONE)


# --- workers -------------------------------------------------------------------------------------


def test_what_a_killed_worker_had_claimed_is_taken_up_again(
    tenant: Tenant, endpoint: Endpoint, receiver: Receiver
) -> None:
    happen(tenant)
    (lost,) = delivering.claim(tenant.pk, timezone.now())
    working.post_due(tenant.pk)
    assert (delivery_of(tenant).state, receiver.taken) == (S.SENDING, [])
    later = timezone.now() + delivering.ABANDONED_AFTER + timedelta(seconds=1)
    assert WebhooksDue.objects.filter(at__lte=later).exists()  # the sweep will look
    with time_machine.travel(later, tick=True):
        working.post_due(tenant.pk)
        # The first worker was only slow: its result comes too late to count.
        assert not delivering.finish(tenant.pk, lost, posting.Answer(status=500, problem=Problem.STATUS))
    delivery = delivery_of(tenant)
    assert (delivery.state, delivery.attempts, len(receiver.taken)) == (S.DELIVERED, 2, 1)


def test_a_delivery_that_kills_its_worker_each_time_ends_as_failed(
    tenant: Tenant, endpoint: Endpoint
) -> None:
    happen(tenant)
    now = timezone.now()
    for _attempt in range(len(delivering.PAUSES) + 1):
        assert delivering.claim(tenant.pk, now)
        now += delivering.ABANDONED_AFTER + timedelta(seconds=1)
        delivering.recover_abandoned(tenant.pk, now)
    delivery = delivery_of(tenant)
    assert (delivery.state, delivery.problem) == (S.FAILED, Problem.INTERRUPTED)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_post_each_event_once(
    tenant: Tenant, endpoint: Endpoint, receiver: Receiver
) -> None:
    events = [happen(tenant) for _number in range(20)]

    def work() -> None:
        while working.post_due(tenant.pk):
            pass
        connection.close()

    workers = [Thread(target=work) for _worker in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sorted(message.headers["webhook-id"] for message in receiver.taken) == sorted(
        f"evt_{event.pk.hex}" for event in events
    )
    with tenant_scope(tenant.pk):
        assert set(Delivery.objects.values_list("state", "attempts")) == {(S.DELIVERED, 1)}


@pytest.mark.django_db(transaction=True)
def test_nothing_is_locked_and_no_transaction_is_open_while_it_is_posted(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, receiver: Receiver
) -> None:
    seen: list[object] = []

    def answer(handler: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state LIKE 'idle in transaction%%'"
            )
            seen.append(cursor.fetchone()[0])
        with tenant_scope(tenant.pk):
            Endpoint.objects.select_for_update(nowait=True).get()
            seen.append(Delivery.objects.select_for_update(nowait=True, of=("self",)).get().state)
        connection.close()
        handler.send_response(200)  # type: ignore[attr-defined]
        handler.end_headers()  # type: ignore[attr-defined]

    receiver.answer = answer
    happen(tenant)
    working.post_due(tenant.pk)
    assert seen == [0, S.SENDING]


def test_the_sweep_sends_a_message_for_who_is_due(
    tenant: Tenant, other_tenant: Tenant, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[object] = []
    monkeypatch.setattr("portal.webhooks.tasks.send_task", sent.append)
    happen(tenant)
    sweep()
    assert sent == [tenant.pk]


# --- by hand -------------------------------------------------------------------------------------


def test_for_a_day_after_a_rotation_both_secrets_sign_and_then_the_new_one_alone(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, receiver: Receiver
) -> None:
    old = signing.shown_secret(endpoint)
    with tenant_scope(tenant.pk):
        endpoint, new = actions.rotate_secret(endpoint, by=admin, version=1)
    assert new != old
    happen(tenant)
    working.post_due(tenant.pk)
    assert (fits(old, receiver.taken[0]), fits(new, receiver.taken[0])) == (True, True)
    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1), tick=True):
        happen(tenant)
        working.post_due(tenant.pk)
    assert (fits(old, receiver.taken[1]), fits(new, receiver.taken[1])) == (False, True)


def test_a_secret_is_its_endpoints_own_and_stands_nowhere(
    tenant: Tenant, admin: Membership, endpoint: Endpoint
) -> None:
    with tenant_scope(tenant.pk):
        other, secret = actions.create_endpoint(by=admin, url="http://localhost:1/other", events=["*"])
        assert secret != signing.shown_secret(endpoint)
        assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT e::text FROM webhooks_endpoint e UNION SELECT v.data::text FROM events_event v"
            )
            rows = "".join(row[0] for row in cursor.fetchall())
    assert secret not in rows
    assert secret.removeprefix("whsec_") not in rows
    assert str(other.pk) in rows


def test_a_test_goes_out_once_even_where_the_endpoint_is_off(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.status = 500
    with tenant_scope(tenant.pk):
        actions.turn_off(endpoint, by=admin)
        actions.send_test(endpoint, by=admin)
    working.post_due(tenant.pk)
    delivery = delivery_of(tenant)
    assert (delivery.state, delivery.status_code, len(receiver.taken)) == (S.FAILED, 500, 1)
    assert json.loads(receiver.taken[0].body)["type"] == "webhook.test"
    assert fits(signing.shown_secret(endpoint), receiver.taken[0])


def test_what_failed_is_sent_again_with_the_same_id(
    tenant: Tenant, admin: Membership, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.status = 500
    happen(tenant)
    working.post_due(tenant.pk)
    with tenant_scope(tenant.pk):
        Delivery.objects.update(state=S.FAILED)
        actions.send_again(Delivery.objects.get(), by=admin)
        Endpoint.objects.update(paused_until=None)
    receiver.status = 200
    working.post_due(tenant.pk)
    assert delivery_of(tenant).state == S.DELIVERED
    assert len({message.headers["webhook-id"] for message in receiver.taken}) == 1


def test_what_is_older_than_a_month_is_deleted_at_night(
    tenant: Tenant, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    happen(tenant)
    working.post_due(tenant.pk)
    happen(tenant)
    with tenant_scope(tenant.pk):
        old = Delivery.objects.order_by("id").first()
        Delivery.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    sent: list[dict[str, str]] = []
    monkeypatch.setattr("portal.webhooks.tasks.FORGOTTEN_AT_ONCE", 1)
    monkeypatch.setattr(forget, "delay", lambda **given: sent.append(given))
    forget(tenant_id=str(tenant.pk))
    forget(tenant_id=str(tenant.pk))
    assert sent == [{"tenant_id": str(tenant.pk)}]
    with tenant_scope(tenant.pk):
        assert not Delivery.objects.filter(pk=old.pk).exists()
        assert (Delivery.objects.count(), Attempt.objects.count()) == (1, 0)


def test_every_change_of_state_is_one_that_the_table_allows() -> None:
    assert set(TRANSITIONS) == set(S)
    assert {state for after in TRANSITIONS.values() for state in after} == set(S)
    assert dt.timedelta(seconds=13) < delivering.ABANDONED_AFTER

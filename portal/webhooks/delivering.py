"""The life of a delivery: claimed, posted, and what became of it. No transaction is open while something is posted.

A worker claims some and commits (`claim`), posts them, and commits each result (`finish`) if the claim is still its own.
One whose worker has died is taken up again when its claim is old (`recover_abandoned`): a receiver may get a message
twice, never none, and knows it by its id.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import structlog
from celery import current_app
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from portal.events.record import record
from portal.tenancy.scope import current_tenant_id, tenant_scope
from portal.webhooks import signing
from portal.webhooks.enums import OPEN, DeliveryState, Problem, TurnedOff
from portal.webhooks.models import Attempt, Delivery, Endpoint, WebhooksDue
from portal.webhooks.posting import Answer

log = structlog.get_logger(__name__)

S = DeliveryState
AT_ONCE = 8
LOOKED_AT = 60
# Between the attempts of one delivery.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
# An endpoint that fails is left alone for a while, so that it does not keep the workers from the others.
FIRST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=10)
# Longer than any task may run.
ABANDONED_AFTER = timedelta(seconds=60)
TURNED_OFF_AFTER = timedelta(days=3)
LEAST_FAILURES = 10
GONE = 410


@dataclass(frozen=True)
class Claimed:
    """What a worker needs to post a delivery, without the database."""

    pk: UUID
    endpoint_id: UUID
    claim: UUID
    is_test: bool
    attempts: int
    url: str
    message_id: str
    body: bytes
    secrets: list[bytes]


def ring(at: datetime, *, now: bool = False) -> None:
    """The tenant's webhooks are to be looked after at that moment; with `now` a worker is woken on commit."""
    WebhooksDue.objects.create(tenant_id=current_tenant_id(), at=at)
    if now:
        transaction.on_commit(partial(send_task, current_tenant_id()))


def send_task(tenant_id: UUID) -> None:
    """The message is a hint: where it is lost, the sweep finds what is due."""
    try:
        current_app.send_task("webhooks.post", kwargs={"tenant_id": str(tenant_id)}, queue="bulk", expires=60)
    except BrokerError:
        log.warning("broker_unreachable", tenant=str(tenant_id), consequence="the sweep will post")


def claim(tenant_id: UUID, now: datetime) -> list[Claimed]:
    """Take some that are due, the longest first, in a transaction of its own.

    Of an endpoint whose last post failed only one is taken: it tells how the others would fare.
    """
    with tenant_scope(tenant_id):
        rows = (
            claimable(now)
            .select_for_update(of=("self",), skip_locked=True)
            .select_related("endpoint")
            .order_by("due_at", "id")[:LOOKED_AT]
        )
        chosen = _choose(rows)
        if not chosen:
            return []
        key = uuid4()
        Delivery.objects.filter(pk__in=[row.pk for row in chosen]).update(
            state=S.SENDING, claim=key, claimed_at=now, attempts=F("attempts") + 1
        )
        ring(now + ABANDONED_AFTER)
        return [
            Claimed(
                row.pk,
                row.endpoint_id,
                key,
                row.event_id is None,
                row.attempts + 1,
                row.endpoint.url,
                row.message_id,
                row.body.encode(),
                signing.secrets_of(row.endpoint, now),
            )
            for row in chosen
        ]


def claimable(now: datetime) -> QuerySet[Delivery]:
    """What may be posted now. A test goes to an endpoint that is off or rests as well."""
    ready = Q(endpoint__is_active=True) & (
        Q(endpoint__paused_until=None) | Q(endpoint__paused_until__lte=now)
    )
    return Delivery.objects.filter(Q(event=None) | ready, state__in=OPEN, due_at__lte=now)


def _choose(rows: Iterable[Delivery]) -> list[Delivery]:
    chosen: list[Delivery] = []
    tried: set[UUID] = set()
    for row in rows:
        if len(chosen) == AT_ONCE:
            break
        if row.event_id is not None and row.endpoint.failures:
            if row.endpoint_id in tried:
                continue
            tried.add(row.endpoint_id)
        chosen.append(row)
    return chosen


def finish(tenant_id: UUID, claimed: Claimed, answer: Answer) -> bool:
    """Write down what became of a post; False when the claim has been taken away meanwhile."""
    now = timezone.now()
    with tenant_scope(tenant_id):
        # Before the delivery, as those do who turn an endpoint off.
        endpoint = (
            Endpoint.objects.select_for_update(of=("self",), no_key=True)
            .filter(pk=claimed.endpoint_id)
            .first()
        )
        if endpoint is None:
            return False
        state, due = _outcome(claimed, answer, endpoint, now)
        moved = Delivery.objects.filter(pk=claimed.pk, state=S.SENDING, claim=claimed.claim).update(
            state=state,
            claim=None,
            due_at=due or now,
            last_at=now,
            status_code=answer.status,
            problem=answer.problem or "",
        )
        if not moved:
            return False
        Attempt.objects.create(
            delivery_id=claimed.pk,
            at=now,
            status_code=answer.status,
            problem=answer.problem or "",
            response=answer.text,
            milliseconds=answer.milliseconds,
        )
        if due is not None:
            ring(due)
        _note(endpoint, answer, is_test=claimed.is_test, now=now)
    return True


def _outcome(
    claimed: Claimed, answer: Answer, endpoint: Endpoint, now: datetime
) -> tuple[DeliveryState, datetime | None]:
    """What a delivery becomes, and when it is due again. A test is posted once, for somebody who is looking."""
    if answer.is_success:
        return S.DELIVERED, None
    if claimed.is_test or answer.status == GONE or claimed.attempts > len(PAUSES):
        return S.FAILED, None
    if not endpoint.is_active:
        return S.CANCELLED, None
    return S.RETRY, now + PAUSES[claimed.attempts - 1]


def _note(endpoint: Endpoint, answer: Answer, *, is_test: bool, now: datetime) -> None:
    """What the answer says about the endpoint itself."""
    if answer.is_success:
        endpoint.last_success_at = now
        endpoint.start_afresh()
    elif is_test:
        return
    else:
        endpoint.failures += 1
        endpoint.last_failure_at = now
        endpoint.failing_since = endpoint.failing_since or now
        rest = min(FIRST_REST * 2 ** min(endpoint.failures - 1, 20), LONGEST_REST)
        endpoint.paused_until = now + rest
        ring(endpoint.paused_until)
    endpoint.save(
        update_fields=[
            "last_success_at",
            "last_failure_at",
            "failures",
            "failing_since",
            "paused_until",
        ]
    )
    if why := _hopeless(endpoint, answer, now):
        turn_off_failing(endpoint, why)


def _hopeless(endpoint: Endpoint, answer: Answer, now: datetime) -> TurnedOff | None:
    if not endpoint.is_active or answer.is_success:
        return None
    if answer.status == GONE:
        return TurnedOff.GONE
    since = endpoint.failing_since
    if since and now - since > TURNED_OFF_AFTER and endpoint.failures >= LEAST_FAILURES:
        return TurnedOff.FAILING
    return None


def turn_off_failing(endpoint: Endpoint, why: TurnedOff) -> None:
    """The portal gives an endpoint up; the event tells the administrators. The caller holds the row."""
    switch_off(endpoint, why)
    record(
        "webhook.turned_off",
        subject=endpoint,
        data={"endpoint": str(endpoint), "host": endpoint.host, "why": why.value},
    )


def switch_off(endpoint: Endpoint, why: TurnedOff) -> None:
    """Post nothing more there; what waits is not sent. The caller holds the row."""
    endpoint.is_active, endpoint.turned_off = False, why
    endpoint.save(update_fields=["is_active", "turned_off"])
    cancel_left_over(endpoint)


def cancel_left_over(endpoint: Endpoint | None = None) -> int:
    """What waits for an endpoint that is off is not sent any more; how many."""
    rows = Delivery.objects.filter(state__in=OPEN, endpoint__is_active=False).exclude(event=None)
    if endpoint is not None:
        rows = rows.filter(endpoint=endpoint)
    return rows.update(state=S.CANCELLED)


def recover_abandoned(tenant_id: UUID, now: datetime) -> int:
    """Take up again what a worker has claimed and not finished; how many."""
    found = 0
    with tenant_scope(tenant_id):
        old = Delivery.objects.filter(state=S.SENDING, claimed_at__lt=now - ABANDONED_AFTER)
        ended = Q(event=None) | Q(attempts__gt=len(PAUSES))
        for rows, state in ((old.filter(ended), S.FAILED), (old.exclude(ended), S.RETRY)):
            found += rows.update(
                state=state, claim=None, due_at=now, last_at=F("claimed_at"), problem=Problem.INTERRUPTED
            )
        cancel_left_over()
    return found


def tenants_due(now: datetime) -> list[UUID]:
    """The tenants whose webhooks are to be looked after now."""
    rows = WebhooksDue.objects.filter(at__lte=now).order_by()
    return list(rows.values_list("tenant_id", flat=True).distinct())


def quieten(tenant_id: UUID, now: datetime) -> None:
    """Take the alarms away that have rung, once nothing can be posted any more."""
    with tenant_scope(tenant_id):
        rung = list(
            WebhooksDue.objects.select_for_update(skip_locked=True)
            .filter(tenant_id=tenant_id, at__lte=now)
            .values_list("pk", flat=True)
        )
        if not claimable(now).exists():
            WebhooksDue.objects.filter(pk__in=rung).delete()

"""The dispatcher: hands recorded events to the consumers, each exactly once in effect."""

from datetime import timedelta
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal.events.consumers import consumers
from portal.events.models import Event, PendingTenant
from portal.tenancy.scope import current_tenant_id, tenant_scope

log = structlog.get_logger(__name__)

BATCH = 500
SMALL_BATCHES_FOR = 600  # seconds
MAX_ATTEMPTS = 8
FIRST_PAUSE = timedelta(seconds=2)
# For so long an event that was given up gets one more try each night.
TRIED_FOR = timedelta(days=30)


def dispatch_pending(tenant_id: UUID) -> int:
    """Dispatch what is pending for a tenant, batch by batch; returns how many events were handled."""
    handled = 0
    while True:
        size = cache.get(_size_key(tenant_id), BATCH)
        try:
            count = _dispatch_batch(tenant_id, size)
        except SoftTimeLimitExceeded:
            # Everything of this batch is undone. The next message takes fewer, so that some get through.
            _take_fewer(tenant_id, size)
            raise
        handled += count
        if count < size:
            return handled


def pending_tenants() -> list[UUID]:
    """The tenants whose events wait, with or without a message on its way."""
    return list(PendingTenant.objects.order_by().values_list("tenant_id", flat=True).distinct())


def take_up_again() -> int:
    """Give the tenant's events that were given up one more try; how many.

    What kept a consumer from one may be mended by now. The sweep finds them within seconds.
    """
    found = Event.objects.filter(
        dispatched_at=None, attempts__gte=MAX_ATTEMPTS, occurred_at__gt=timezone.now() - TRIED_FOR
    ).update(attempts=MAX_ATTEMPTS - 1, retry_at=None)
    if found:
        PendingTenant.objects.create(tenant_id=current_tenant_id())
    return found


def _dispatch_batch(tenant_id: UUID, size: int) -> int:
    with tenant_scope(tenant_id):
        now = timezone.now()
        marks = list(
            PendingTenant.objects.select_for_update(skip_locked=True)
            .filter(tenant_id=tenant_id)
            .values_list("pk", flat=True)
        )
        events = list(
            Event.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .filter(Q(retry_at=None) | Q(retry_at__lte=now), dispatched_at=None, attempts__lt=MAX_ATTEMPTS)
            .order_by("id")[:size]
        )
        try:
            with transaction.atomic():
                _hand_over(events)
                _mark_dispatched(events)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            # One of them is at fault; alone, the others pass.
            for event in events:
                _dispatch_alone(event)
        waiting = Event.objects.filter(dispatched_at=None, attempts__lt=MAX_ATTEMPTS).exists()
        if not waiting:
            PendingTenant.objects.filter(pk__in=marks).delete()
    return len(events)


def _dispatch_alone(event: Event) -> None:
    try:
        with transaction.atomic():
            _hand_over([event])
            _mark_dispatched([event])
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        _count_failure(event, error)


def _count_failure(event: Event, error: Exception) -> None:
    attempts = event.attempts + 1
    log.exception("event_failed", event_type=event.type, event_id=str(event.pk), attempts=attempts)
    if attempts >= MAX_ATTEMPTS:
        log.error("event_given_up", event_type=event.type, event_id=str(event.pk), until="the next night")
    Event.objects.filter(pk=event.pk).update(
        attempts=attempts,
        retry_at=timezone.now() + FIRST_PAUSE * 2**event.attempts,
        last_error=f"{type(error).__name__}: {error}"[:2000],
    )


def _take_fewer(tenant_id: UUID, size: int) -> None:
    if size > 1:
        cache.set(_size_key(tenant_id), max(1, size // 8), SMALL_BATCHES_FOR)
        return
    with tenant_scope(tenant_id):
        event = Event.objects.filter(dispatched_at=None, attempts__lt=MAX_ATTEMPTS).order_by("id").first()
        if event is not None:
            _count_failure(event, TimeoutError("A consumer took too long."))


def _size_key(tenant_id: UUID) -> str:
    return f"events.batch:{tenant_id}"


def _hand_over(events: list[Event]) -> None:
    for consumer in consumers():
        wanted = [event for event in events if consumer.wants(event)]
        if wanted:
            consumer.consume(wanted)


def _mark_dispatched(events: list[Event]) -> None:
    Event.objects.filter(pk__in=[event.pk for event in events]).update(dispatched_at=timezone.now())

"""Events become deliveries: once for each event and endpoint."""

from django.utils import timezone

from portal.events.consumers import subscribe
from portal.events.models import Event
from portal.webhooks.delivering import ring
from portal.webhooks.models import Delivery, Endpoint
from portal.webhooks.payload import message_id, messages
from portal.webhooks.subscriptions import offered_types, wanted


def hand_out(events: list[Event]) -> None:
    """Write down what is to be posted where. A second call with the same events adds nothing."""
    endpoints = list(Endpoint.objects.filter(is_active=True).order_by("id"))
    if not endpoints:
        return
    offered = frozenset(offered_types())
    pairs = [
        (endpoint, event)
        for event in events
        for endpoint in endpoints
        if wanted(endpoint.events, event.type, offered)
    ]
    if not pairs:
        return
    now = timezone.now()
    found = messages(list({event.pk: event for _endpoint, event in pairs}.values()))
    Delivery.objects.bulk_create(
        [
            Delivery(
                endpoint=endpoint,
                event=event,
                type=event.type,
                message_id=message_id(event.pk),
                body=found[event.pk].body,
                number=found[event.pk].number[:40],
                due_at=now,
            )
            for endpoint, event in pairs
        ],
        batch_size=1000,
        ignore_conflicts=True,
    )
    ring(now, now=True)


def register() -> None:
    subscribe("*", name="webhooks", consumer=hand_out)

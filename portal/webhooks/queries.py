"""Reading endpoints and their deliveries; for administrators."""

from django.db.models import Count, Q, QuerySet

from portal.webhooks.enums import OPEN, DeliveryState
from portal.webhooks.models import Attempt, Delivery, Endpoint


def endpoints() -> QuerySet[Endpoint]:
    return Endpoint.objects.order_by("created_at", "id")


def counted_endpoints() -> QuerySet[Endpoint]:
    """With how many deliveries of the last month are `delivered`, `failed` and `waiting`."""
    return Endpoint.objects.annotate(
        delivered=Count("deliveries", filter=Q(deliveries__state=DeliveryState.DELIVERED)),
        failed=Count("deliveries", filter=Q(deliveries__state=DeliveryState.FAILED)),
        waiting=Count("deliveries", filter=Q(deliveries__state__in=[*OPEN, DeliveryState.SENDING])),
    )


def deliveries(endpoint: Endpoint | None = None) -> QuerySet[Delivery]:
    """The newest first."""
    rows = Delivery.objects.select_related("endpoint").order_by("-id")
    return rows if endpoint is None else rows.filter(endpoint=endpoint)


def missed(endpoint: Endpoint) -> QuerySet[Delivery]:
    """Events that the endpoint has not got and will not get by itself."""
    lost = (DeliveryState.FAILED, DeliveryState.CANCELLED)
    return Delivery.objects.filter(endpoint=endpoint, state__in=lost).exclude(event=None)


def attempts_of(delivery: Delivery) -> QuerySet[Attempt]:
    return Attempt.objects.filter(delivery=delivery).order_by("-at", "-id")

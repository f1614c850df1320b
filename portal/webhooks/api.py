"""Webhooks in the API, to read: what a receiver that was away compares its own records with."""

from typing import ClassVar

from django.db.models import QuerySet
from rest_framework import mixins, serializers

from portal.shell.api import TenantViewSet, api_routes
from portal.webhooks import queries
from portal.webhooks.filters import DeliveryFilter
from portal.webhooks.models import Delivery, Endpoint


class WebhookEndpointSerializer(serializers.ModelSerializer):
    """An endpoint without its secret. `events` are types or patterns such as `deal.*`."""

    events = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Endpoint
        fields = (
            "id",
            "url",
            "description",
            "events",
            "is_active",
            "last_success_at",
            "last_failure_at",
            "failing_since",
            "created_at",
        )


class WebhookDeliverySerializer(serializers.ModelSerializer):
    """What was posted, or is about to be. `message_id` is the `webhook-id` of the post, `body` its text."""

    state = serializers.CharField(read_only=True)
    problem = serializers.CharField(read_only=True)

    class Meta:
        model = Delivery
        fields = (
            "id",
            "endpoint",
            "type",
            "number",
            "message_id",
            "state",
            "attempts",
            "status_code",
            "problem",
            "created_at",
            "last_at",
            "due_at",
            "body",
        )
        read_only_fields = fields


class WebhookEndpointViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Webhook endpoints; for administrators."""

    serializer_class = WebhookEndpointSerializer
    queryset = Endpoint.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "webhooks.view_endpoint",
        "retrieve": "webhooks.view_endpoint",
    }

    def get_queryset(self) -> QuerySet[Endpoint]:
        return queries.endpoints()


class WebhookDeliveryViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """What was posted to webhook endpoints in the last 30 days; for administrators."""

    serializer_class = WebhookDeliverySerializer
    filterset_class = DeliveryFilter
    queryset = Delivery.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "webhooks.view_endpoint",
        "retrieve": "webhooks.view_endpoint",
    }

    def get_queryset(self) -> QuerySet[Delivery]:
        return queries.deliveries()


api_routes.register("webhook-endpoints", WebhookEndpointViewSet, basename="webhook-endpoint")
api_routes.register("webhook-deliveries", WebhookDeliveryViewSet, basename="webhook-delivery")

"""Reported metrics and their readings in the API."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import mixins, serializers

from metrics.readings import actions, queries
from metrics.readings.filters import ReadingFilter
from metrics.readings.models import MetricDefinition, Reading
from partners.directory.models import Partner
from partners.directory.queries import standing_partners
from portal.shell.api import TenantViewSet, api_routes


class DefinitionSerializer(serializers.ModelSerializer):
    class Meta:
        model = MetricDefinition
        fields = ("id", "code", "name", "description", "unit", "better", "combination")
        read_only_fields = fields


class ReadingSerializer(serializers.ModelSerializer):
    """`number` as people write it: money in whole units, 12.5 for 12.5%. Another report of a day takes its place."""

    definition = serializers.PrimaryKeyRelatedField(queryset=MetricDefinition.objects.none())
    partner = serializers.PrimaryKeyRelatedField(
        queryset=Partner.objects.none(), required=False, allow_null=True
    )
    number = serializers.DecimalField(max_digits=15, decimal_places=4)

    class Meta:
        model = Reading
        fields = ("id", "definition", "partner", "day", "number", "currency", "note")
        read_only_fields = ("id", "currency")
        validators: ClassVar[list[Any]] = []

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        if "view" in self.context and not getattr(self.context["view"], "swagger_fake_view", False):
            fields["partner"].queryset = standing_partners()
            fields["definition"].queryset = MetricDefinition.objects.all()
        return fields


class DefinitionViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Which metrics are reported."""

    serializer_class = DefinitionSerializer
    queryset = MetricDefinition.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "metrics_readings.view_reading",
        "retrieve": "metrics_readings.view_reading",
    }

    def get_queryset(self) -> QuerySet[MetricDefinition]:
        return queries.definitions().order_by("-id")


class ReadingViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    mixins.DestroyModelMixin,
    TenantViewSet,
):
    """Values of reported metrics."""

    serializer_class = ReadingSerializer
    filterset_class = ReadingFilter
    queryset = Reading.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "metrics_readings.view_reading",
        "retrieve": "metrics_readings.view_reading",
        "create": "metrics_readings.report_reading",
        "destroy": "metrics_readings.report_reading",
    }

    def get_queryset(self) -> QuerySet[Reading]:
        return queries.readings().order_by("-day", "-id")

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        data = dict(serializer.validated_data)
        serializer.instance = actions.report_reading(data.pop("definition"), by=self.membership, **data)

    def perform_destroy(self, instance: Reading) -> None:
        actions.remove_reading(instance, by=self.membership)


api_routes.register("metrics", DefinitionViewSet, basename="metric")
api_routes.register("readings", ReadingViewSet, basename="reading")

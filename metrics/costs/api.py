"""Programme costs in the API."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from rest_framework import mixins, serializers

from metrics.costs import actions
from metrics.costs.filters import CostFilter
from metrics.costs.models import Cost
from partners.directory.models import Partner
from partners.directory.queries import standing_partners
from portal.shell.api import TenantViewSet, api_routes


class CostSerializer(serializers.ModelSerializer):
    """Amounts in minor units of the programme's currency; without a partner it is for the whole programme."""

    partner = serializers.PrimaryKeyRelatedField(
        queryset=Partner.objects.none(), required=False, allow_null=True
    )
    amount = serializers.IntegerField(min_value=1)

    class Meta:
        model = Cost
        fields = ("id", "spent_on", "category", "partner", "amount", "currency", "note")
        read_only_fields = ("id", "currency")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        if "view" in self.context and not getattr(self.context["view"], "swagger_fake_view", False):
            fields["partner"].queryset = standing_partners()
        return fields


class CostViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    TenantViewSet,
):
    """What the programme costs; administrators write."""

    serializer_class = CostSerializer
    filterset_class = CostFilter
    queryset = Cost.objects.none()
    http_method_names: ClassVar[list[str]] = ["get", "head", "options", "post", "patch", "delete"]
    permissions: ClassVar[dict[str, str]] = {
        "list": "metrics_costs.view_cost",
        "retrieve": "metrics_costs.view_cost",
        "create": "metrics_costs.change_cost",
        "partial_update": "metrics_costs.change_cost",
        "destroy": "metrics_costs.change_cost",
    }

    def get_queryset(self) -> QuerySet[Cost]:
        return Cost.objects.order_by("-spent_on", "-id")

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        serializer.instance = actions.record_cost(by=self.membership, **serializer.validated_data)

    def perform_update(self, serializer: serializers.BaseSerializer) -> None:
        serializer.instance = actions.change_cost(
            self.get_object(), by=self.membership, **serializer.validated_data
        )

    def perform_destroy(self, instance: Cost) -> None:
        actions.remove_cost(instance, by=self.membership)


api_routes.register("costs", CostViewSet, basename="cost")

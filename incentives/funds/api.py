"""Requests for market development funds in the API; to read."""

from typing import ClassVar

from django.db.models import QuerySet
from rest_framework import mixins, serializers

from incentives.funds import queries
from incentives.funds.filters import RequestFilter
from incentives.funds.models import FundRequest
from portal.shell.api import TenantViewSet, api_routes


class FundRequestSerializer(serializers.ModelSerializer):
    """Amounts are minor units of `currency`."""

    currency = serializers.CharField(source="budget.fund.currency", read_only=True)
    fund = serializers.CharField(source="budget.fund.name", read_only=True)

    class Meta:
        model = FundRequest
        fields = (
            "id",
            "number",
            "partner",
            "fund",
            "title",
            "kind",
            "starts_on",
            "ends_on",
            "currency",
            "cost",
            "amount",
            "approved",
            "settled",
            "campaign",
            "status",
            "created_at",
        )


class FundRequestViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Requests for funds; for a partner its own."""

    serializer_class = FundRequestSerializer
    filterset_class = RequestFilter
    permissions: ClassVar[dict[str, str]] = {"list": "funds.view_funds", "retrieve": "funds.view_funds"}
    queryset = FundRequest.objects.none()

    def get_queryset(self) -> QuerySet[FundRequest]:
        return queries.requests(self.membership)


def register() -> None:
    api_routes.register("fund-requests", FundRequestViewSet, basename="fund-request")

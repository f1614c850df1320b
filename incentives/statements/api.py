"""Statements and their payments in the API; to read."""

from typing import ClassVar

from django.db.models import QuerySet
from rest_framework import mixins, serializers

from incentives.statements import queries
from incentives.statements.filters import StatementFilter
from incentives.statements.models import Statement
from portal.shell.api import TenantViewSet, api_routes


class StatementSerializer(serializers.ModelSerializer):
    """Amounts are minor units of `currency`; opening + earned = withheld + payable + carried."""

    period_start = serializers.DateField(source="closing.period_start", read_only=True)
    period_kind = serializers.CharField(source="closing.period_kind", read_only=True)

    class Meta:
        model = Statement
        fields = (
            "id",
            "number",
            "partner",
            "period_kind",
            "period_start",
            "currency",
            "status",
            "entries",
            "opening",
            "earned",
            "tax_name",
            "tax_rate",
            "withheld",
            "payable",
            "carried",
            "paid_on",
            "created_at",
        )


class StatementViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Statements; for a partner its own, once they are approved."""

    serializer_class = StatementSerializer
    filterset_class = StatementFilter
    permissions: ClassVar[dict[str, str]] = {
        "list": "statements.view_statement",
        "retrieve": "statements.view_statement",
    }
    queryset = Statement.objects.none()

    def get_queryset(self) -> QuerySet[Statement]:
        return queries.statements(self.membership)


def register() -> None:
    api_routes.register("statements", StatementViewSet, basename="statement")

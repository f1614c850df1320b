"""Scorecards and the KPI catalogue in the API, to read."""

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from metrics import queries
from metrics.models import Scorecard
from metrics.own import catalogue_now
from metrics.periods import PeriodKind
from portal.shell.api import TenantViewSet, api_routes


class ScorecardSerializer(serializers.ModelSerializer):
    """`score` is 0 to 100, `coverage` 0 to 1. Money in `facts` and `breakdown` is in minor units of the programme's
    currency, percentages are fractions, and null is no data."""

    partner_name = serializers.CharField(source="partner.name", read_only=True)
    period_end = serializers.SerializerMethodField(help_text="The first day that is no longer part of it.")
    template = serializers.SerializerMethodField()
    template_version = serializers.IntegerField(
        source="version.number", read_only=True, allow_null=True, default=None
    )

    class Meta:
        model = Scorecard
        fields = (
            "id",
            "partner",
            "partner_name",
            "period_kind",
            "period_start",
            "period_end",
            "template",
            "template_version",
            "score",
            "coverage",
            "facts",
            "breakdown",
            "computed_at",
        )

    @extend_schema_field(serializers.DateField())
    def get_period_end(self, card: Scorecard) -> Any:
        return card.period.end

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_template(self, card: Scorecard) -> str | None:
        return card.version.template.name if card.version else None


class ScorecardFilter(django_filters.FilterSet):
    period_kind = django_filters.ChoiceFilter(choices=PeriodKind.choices)
    period_start = django_filters.DateFilter()
    partner = django_filters.UUIDFilter(field_name="partner_id")

    class Meta:
        model = Scorecard
        fields = ("partner", "period_kind", "period_start")


class ScorecardViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Scorecards that you may see: a partner's own, the vendor's people all partners'."""

    serializer_class = ScorecardSerializer
    filterset_class = ScorecardFilter
    queryset = Scorecard.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "metrics.view_scorecard",
        "retrieve": "metrics.view_scorecard",
    }

    def get_queryset(self) -> QuerySet[Scorecard]:
        cards = queries.api_cards()
        return cards.filter(partner_id=self.membership.partner_id) if self.membership.is_partner else cards


class KpiSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    formula = serializers.CharField()
    unit = serializers.CharField()
    better = serializers.ChoiceField(choices=["up", "down"])
    kind = serializers.ChoiceField(choices=["lead", "lag"])
    level = serializers.CharField(help_text="P partner, G groups, PG both")
    meaning = serializers.CharField()


class KpiViewSet(TenantViewSet):
    """What is measured, and by which formula over facts."""

    serializer_class = KpiSerializer
    pagination_class = None
    filter_backends: ClassVar[list[Any]] = []
    permissions: ClassVar[dict[str, str]] = {"list": "metrics.view_catalogue"}

    @extend_schema(responses=KpiSerializer(many=True))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(KpiSerializer(catalogue_now().values(), many=True).data)


def register() -> None:
    api_routes.register("scorecards", ScorecardViewSet, basename="scorecard")
    api_routes.register("kpis", KpiViewSet, basename="kpi")

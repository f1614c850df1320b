"""Scorecards of groups in the API: portfolios, regions, types and the whole programme, to read."""

from functools import cached_property
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from metrics import queries
from metrics.api import KPI_ASKED, CardViewSet, FactSerializer, ScorecardSerializer, fact_amounts
from metrics.card_pages import group_name
from metrics.evaluation import values_on
from metrics.group_lines import adding, of_no_partner, own_values
from metrics.kpis.shape import Kpi
from metrics.models import Scorecard, SubjectKind
from metrics.own import catalogue_at
from metrics.periods import PeriodKind
from portal.shell.api import api_routes

KINDS = [(kind.value, kind.label) for kind in queries.GROUP_KINDS]


class GroupScorecardSerializer(ScorecardSerializer):
    """A group's scorecard: the same formulas over the facts of its partners added up. Units are those of partners'."""

    kind = serializers.ChoiceField(choices=KINDS, source="subject_kind", read_only=True)
    key = serializers.CharField(
        source="subject_key", read_only=True, help_text="A manager's id, a region or a type; empty for none."
    )
    name = serializers.SerializerMethodField()

    class Meta(ScorecardSerializer.Meta):
        fields = (
            "id",
            "kind",
            "key",
            "name",
            *(
                name
                for name in ScorecardSerializer.Meta.fields
                if name not in ("id", "partner", "partner_name")
            ),
        )

    def get_name(self, card: Scorecard) -> str:
        return group_name(card, self.context["view"].managers)


class PartnerPartSerializer(serializers.Serializer):
    partner = serializers.UUIDField()
    name = serializers.CharField()
    scorecard = serializers.UUIDField()
    value = serializers.FloatField(
        allow_null=True, help_text="Its own, where the KPI is measured of partners."
    )
    amounts = serializers.ListField(
        child=serializers.IntegerField(), help_text="What it adds to each of the facts."
    )


class GroupKpiSerializer(serializers.Serializer):
    """What a group's KPI is made of. The amounts of all partners, and those of none, add up to the facts."""

    code = serializers.CharField()
    name = serializers.CharField()
    formula = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    facts = FactSerializer(many=True)
    total = serializers.IntegerField(help_text="How many partners add to it; the largest are listed.")
    partners = PartnerPartSerializer(many=True)
    of_no_partner = serializers.ListField(
        child=serializers.IntegerField(), help_text="The programme's own part."
    )


class GroupScorecardFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(field_name="subject_kind", choices=KINDS)
    key = django_filters.CharFilter(field_name="subject_key")
    period_kind = django_filters.ChoiceFilter(choices=PeriodKind.choices)
    period_start = django_filters.DateFilter()

    class Meta:
        model = Scorecard
        fields = ("kind", "key", "period_kind", "period_start")


class GroupScorecardViewSet(CardViewSet):
    """Scorecards of portfolios, regions, types and the programme, for the vendor's people."""

    serializer_class = GroupScorecardSerializer
    filterset_class = GroupScorecardFilter
    permissions: ClassVar[dict[str, str]] = dict.fromkeys(
        ("list", "retrieve", "explanation", "partners"), "metrics.view_scorecards"
    )

    @cached_property
    def managers(self) -> dict[str, str]:
        """What the managers of portfolios are called."""
        portfolios = Scorecard.objects.filter(subject_kind=SubjectKind.PORTFOLIO).order_by()
        return queries.group_names(
            SubjectKind.PORTFOLIO, portfolios.values_list("subject_key", flat=True).distinct()
        )

    @extend_schema(parameters=[KPI_ASKED], responses=GroupKpiSerializer(many=True))
    @action(detail=True, pagination_class=None, filter_backends=[])
    def partners(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The partners behind the values, KPI by KPI; the records behind theirs are with their own scorecards."""
        card: Scorecard = self.get_object()
        kpis = {code: kpi for code, kpi in catalogue_at(card.period.end).items() if "G" in kpi.level}
        found = [made_of(card, kpis[code]) for code in self.asked_kpis(card, kpis)]
        return Response(GroupKpiSerializer(found, many=True).data)

    def get_queryset(self) -> QuerySet[Scorecard]:
        return queries.api_groups()


def made_of(card: Scorecard, kpi: Kpi) -> dict[str, Any]:
    """What `GroupKpiSerializer` shows of a KPI of a group's card."""
    [values] = values_on([card], [kpi.code])
    rows = adding(card, kpi) if kpi.facts else []
    house = of_no_partner(card, kpi.facts)
    return {
        "code": kpi.code,
        "name": str(kpi.name),
        "formula": kpi.formula,
        "value": values.get(kpi.code),
        "facts": fact_amounts(card, kpi),
        "total": rows[0].total if rows else 0,
        "partners": [
            {
                "partner": row.partner_id,
                "name": row.name,
                "scorecard": row.card_id,
                "value": value,
                "amounts": [row.facts.get(name, 0) for name in kpi.facts],
            }
            for row, value in zip(rows, own_values(card, kpi, rows), strict=True)
        ],
        "of_no_partner": [house.get(name, 0) for name in kpi.facts],
    }


def register() -> None:
    api_routes.register("group-scorecards", GroupScorecardViewSet, basename="group-scorecard")

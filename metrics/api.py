"""Scorecards and the KPI catalogue in the API, to read."""

from collections.abc import Collection, Iterable
from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from metrics import queries
from metrics.benchmarks.queries import of_card
from metrics.changes import kpi_moves
from metrics.closing import lock_of
from metrics.explain import card_values, method_text
from metrics.kpis.shape import Kpi
from metrics.models import Scorecard, SubjectKind
from metrics.own import catalogue_at, catalogue_now, choosable
from metrics.periods import PeriodKind, calendar_of
from metrics.queries import PeerFigures
from metrics.records import records_behind
from metrics.sources import FACTS
from metrics.ways import ways_to_gain
from portal.shell.api import TenantViewSet, api_routes
from portal.tenancy.models import Tenant


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
        fields: tuple[str, ...] = (
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
            "passed",
            "facts",
            "breakdown",
            "computed_at",
        )

    def to_representation(self, instance: Scorecard) -> dict[str, Any]:
        """Without what is the vendor's own affair where a partner asks."""
        shown = super().to_representation(instance)
        if self.context["request"]._request.membership.is_partner:
            shown["facts"] = {
                name: value
                for name, value in shown["facts"].items()
                if name not in FACTS or not FACTS[name].internal
            }
        return shown

    @extend_schema_field(serializers.DateField())
    def get_period_end(self, card: Scorecard) -> Any:
        return card.period.end

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_template(self, card: Scorecard) -> str | None:
        return card.version.template.name if card.version else None


class ExplainedLineSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    method = serializers.CharField(help_text="How the points come about, in words.")
    choice = serializers.CharField(allow_blank=True)
    track = serializers.CharField(allow_blank=True)
    counts = serializers.BooleanField(help_text="Whether it has data and its track is the one that counts.")
    value = serializers.FloatField(allow_null=True)
    target = serializers.FloatField(allow_null=True)
    weight = serializers.FloatField()
    attainment = serializers.FloatField(allow_null=True)
    points = serializers.FloatField(allow_null=True)
    lower_quartile = serializers.FloatField(allow_null=True, help_text="Of five or more peers.")
    median = serializers.FloatField(allow_null=True)
    upper_quartile = serializers.FloatField(allow_null=True)
    usual = serializers.FloatField(
        allow_null=True, help_text="In the industry, as the vendor has entered it."
    )


class RecordMoveSerializer(serializers.Serializer):
    record = serializers.UUIDField(source="pk")
    title = serializers.CharField()
    text = serializers.CharField()


class MoveSerializer(serializers.Serializer):
    code = serializers.CharField(source="kpi.code")
    points = serializers.FloatField()
    change = serializers.CharField(source="value_text")
    records = RecordMoveSerializer(many=True)


class WaySerializer(serializers.Serializer):
    code = serializers.CharField(source="kpi.code")
    value = serializers.FloatField()
    target = serializers.FloatField()
    points = serializers.FloatField()
    effort = serializers.FloatField(help_text="The change against the value now: 0.1 is a tenth of it.")
    text = serializers.CharField()


class ExplanationSerializer(serializers.Serializer):
    """How a score comes about. The lines' points add up to it, and `moves` to its difference from the period before."""

    score = serializers.FloatField(allow_null=True)
    previous_score = serializers.FloatField(allow_null=True)
    passed = serializers.BooleanField(allow_null=True)
    locked_at = serializers.DateTimeField(allow_null=True)
    peers = serializers.IntegerField()
    lines = ExplainedLineSerializer(many=True)
    moves = MoveSerializer(many=True)
    ways = WaySerializer(many=True)


class FactSerializer(serializers.Serializer):
    name = serializers.CharField()
    meaning = serializers.CharField()
    amount = serializers.IntegerField(help_text="Whole; money in minor units.")


class RecordSerializer(serializers.Serializer):
    record = serializers.UUIDField(source="pk")
    title = serializers.CharField()
    second = serializers.CharField(allow_blank=True)
    amounts = serializers.ListField(
        child=serializers.IntegerField(), source="counts", help_text="What it adds to each of the facts."
    )
    is_late = serializers.BooleanField(help_text="Whether something happened to it after the lock.")


class SourceRecordsSerializer(serializers.Serializer):
    facts = serializers.ListField(child=serializers.CharField())
    total = serializers.IntegerField(help_text="How many records there are; the largest are listed.")
    records = RecordSerializer(many=True, source="lines")


class KpiRecordsSerializer(serializers.Serializer):
    """What a KPI's value is made of: its formula, the facts in it, and for each source the records behind those."""

    code = serializers.CharField()
    name = serializers.CharField()
    formula = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    facts = FactSerializer(many=True)
    sources = SourceRecordsSerializer(many=True)


class ScorecardFilter(django_filters.FilterSet):
    period_kind = django_filters.ChoiceFilter(choices=PeriodKind.choices)
    period_start = django_filters.DateFilter()
    partner = django_filters.UUIDFilter(field_name="partner_id")

    class Meta:
        model = Scorecard
        fields = ("partner", "period_kind", "period_start")


class CardViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Scorecards with how each comes about."""

    queryset = Scorecard.objects.none()

    @extend_schema(responses=ExplanationSerializer)
    @action(detail=True)
    def explanation(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """How the score comes about, what moved it, and the cheapest ways to gain points."""
        found = explained(self.get_object(), request._request.tenant)
        return Response(ExplanationSerializer(found).data)

    def asked_kpis(self, card: Scorecard, known: Collection[str]) -> list[str]:
        """The KPI that the address names, or those of the template; of these only the `known` ones."""
        wanted = self.request.query_params.get("kpi", "")
        if wanted and wanted not in known:
            raise serializers.ValidationError({"kpi": [_("There is no such KPI.")]})
        return [wanted] if wanted else [code for code in card.breakdown if code in known]


# What `CardViewSet.asked_kpis` goes by.
KPI_ASKED = OpenApiParameter("kpi", str, description="The code of one KPI; else those of the template.")


class ScorecardViewSet(CardViewSet):
    """Scorecards that you may see: a partner's own, the vendor's people all partners'."""

    serializer_class = ScorecardSerializer
    filterset_class = ScorecardFilter
    permissions: ClassVar[dict[str, str]] = {
        "list": "metrics.view_scorecard",
        "retrieve": "metrics.view_scorecard",
        "explanation": "metrics.view_scorecard",
        "records": "metrics.view_scorecard",
    }

    @extend_schema(parameters=[KPI_ASKED], responses=KpiRecordsSerializer(many=True))
    @action(detail=True, pagination_class=None, filter_backends=[])
    def records(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The records behind the values, KPI by KPI."""
        card: Scorecard = self.get_object()
        codes = self.asked_kpis(card, self._kpis_of(card))
        found = records_of(card, codes, request._request.tenant, for_vendor=self.membership.is_vendor)
        return Response(KpiRecordsSerializer(found, many=True).data)

    def _kpis_of(self, card: Scorecard) -> set[str]:
        """The KPIs of a partner's card that the member may open."""
        return {
            code
            for code, kpi in catalogue_at(card.period.end).items()
            if "P" in kpi.level and (self.membership.is_vendor or not kpi.internal or code in card.breakdown)
        }

    def get_queryset(self) -> QuerySet[Scorecard]:
        cards = queries.api_cards()
        return cards.filter(partner_id=self.membership.partner_id) if self.membership.is_partner else cards


def explained(card: Scorecard, tenant: Tenant) -> dict[str, Any]:
    """What `ExplanationSerializer` shows of a card; a group has no peers."""
    calendar = calendar_of(tenant)
    peers = queries.peer_figures(card.partner_id, card.period) if card.partner_id else PeerFigures(0, {})
    previous = queries.card_of(SubjectKind(card.subject_kind), card.subject_key, card.period.previous())
    lock = lock_of(card.period)
    usual = of_card(card)
    rules = card.version.rules.kpis if card.version else ()
    catalogue = catalogue_at(card.period.end)
    lines = [
        {
            "code": rule.code,
            "name": str(catalogue[rule.code].name),
            "method": method_text(catalogue[rule.code], rule, tenant.currency),
            "choice": rule.choice,
            "track": rule.track,
            "counts": card.breakdown[rule.code]["share"] is not None,
            **{
                name: card.breakdown[rule.code][name]
                for name in ("value", "target", "weight", "attainment", "points")
            },
            "lower_quartile": peers.lower.get(rule.code),
            "median": peers.medians.get(rule.code),
            "upper_quartile": peers.upper.get(rule.code),
            "usual": usual[rule.code].value if rule.code in usual else None,
        }
        for rule in rules
        if rule.code in card.breakdown
    ]
    return {
        "score": card.score,
        "previous_score": previous.score if previous else None,
        "passed": card.passed,
        "locked_at": lock.created_at if lock else None,
        "peers": peers.count,
        "lines": lines,
        "moves": kpi_moves(card, previous, calendar, calendar.today(), tenant.currency),
        "ways": ways_to_gain(card, tenant.currency, peers),
    }


def records_of(
    card: Scorecard, codes: Iterable[str], tenant: Tenant, *, for_vendor: bool
) -> list[dict[str, Any]]:
    """What `KpiRecordsSerializer` shows of these KPIs of a partner's card."""
    assert card.partner_id is not None
    calendar, catalogue = calendar_of(tenant), catalogue_at(card.period.end)
    values = card_values(card, queries.peer_figures(card.partner_id, card.period))
    kpis = [catalogue[code] for code in codes]
    behind = records_behind(card, kpis, calendar, calendar.today(), tenant.currency, for_vendor=for_vendor)
    return [
        {
            "code": kpi.code,
            "name": str(kpi.name),
            "formula": kpi.formula,
            "value": values.get(kpi.code),
            "facts": fact_amounts(card, kpi),
            "sources": behind[kpi.code],
        }
        for kpi in kpis
    ]


def fact_amounts(card: Scorecard, kpi: Kpi) -> list[dict[str, Any]]:
    """What `FactSerializer` shows of the facts that a KPI is made of."""
    return [
        {"name": name, "meaning": str(FACTS[name].meaning), "amount": card.facts.get(name, 0)}
        for name in kpi.facts
    ]


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
    """What is measured, and by which formula over facts; a partner sees what partners are measured by."""

    serializer_class = KpiSerializer
    pagination_class = None
    filter_backends: ClassVar[list[Any]] = []
    permissions: ClassVar[dict[str, str]] = {"list": "metrics.view_catalogue"}

    @extend_schema(responses=KpiSerializer(many=True))
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        kpis: Iterable[Kpi] = catalogue_now().values()
        if self.membership.is_partner:
            kpis = (kpi for kpi in choosable().values() if kpi.level != "G" and not kpi.internal)
        return Response(KpiSerializer(kpis, many=True).data)


def register() -> None:
    api_routes.register("scorecards", ScorecardViewSet, basename="scorecard")
    api_routes.register("kpis", KpiViewSet, basename="kpi")

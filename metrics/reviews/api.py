"""Goals, alerts and reviews in the API, to read."""

from typing import ClassVar

import django_filters
from django.db.models import QuerySet
from rest_framework import mixins, serializers

from metrics.own import catalogue_now
from metrics.periods import PeriodKind
from metrics.reviews.goals import progress_of
from metrics.reviews.models import Alert, Goal, GoalStatus, Review, ReviewAction
from metrics.reviews.queries import own_actions
from portal.shell.api import TenantViewSet, api_routes


class GoalSerializer(serializers.ModelSerializer):
    """`baseline`, `value` and `target` in the KPI's unit: money in minor units of the programme's currency, % as a
    fraction. `progress`, 0 to 1, is for what adds up in the period the share of the target that is there, and else the
    share of the way from the baseline to it; null is no data."""

    progress = serializers.SerializerMethodField()

    class Meta:
        model = Goal
        fields = (
            "id",
            "subject_kind",
            "subject_key",
            "partner",
            "parent",
            "share",
            "kpi",
            "period_kind",
            "period_start",
            "baseline",
            "value",
            "target",
            "progress",
            "status",
            "reached_at",
        )
        read_only_fields = fields

    def get_progress(self, goal: Goal) -> float | None:
        return progress_of(goal, catalogue_now().get(goal.kpi))

    def to_representation(self, instance: Goal) -> dict[str, object]:
        """Of what it is a share is the vendor's affair."""
        shown = super().to_representation(instance)
        if self.context["request"]._request.membership.is_partner:
            shown["parent"] = shown["share"] = None
        return shown


class GoalFilter(django_filters.FilterSet):
    partner = django_filters.UUIDFilter(field_name="partner_id")
    kpi = django_filters.CharFilter()
    period_start = django_filters.DateFilter()
    status = django_filters.ChoiceFilter(choices=GoalStatus.choices)
    period_kind = django_filters.ChoiceFilter(choices=PeriodKind.choices)

    class Meta:
        model = Goal
        fields = ("partner", "kpi", "status", "period_kind", "period_start")


class GoalViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Goals: a partner's own, the vendor's people all."""

    serializer_class = GoalSerializer
    filterset_class = GoalFilter
    queryset = Goal.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "metrics_reviews.view_goal",
        "retrieve": "metrics_reviews.view_goal",
    }

    def get_queryset(self) -> QuerySet[Goal]:
        goals = Goal.objects.order_by("-period_start", "-id")
        return goals.filter(partner_id=self.membership.partner_id) if self.membership.is_partner else goals


class AlertSerializer(serializers.ModelSerializer):
    """`value` and `reference` in the KPI's unit, ranks among peers 0 to 100."""

    rule_name = serializers.CharField(source="rule.name", read_only=True)
    kpi = serializers.CharField(source="rule.kpi", read_only=True)
    kind = serializers.CharField(source="rule.kind", read_only=True)
    period_kind = serializers.CharField(source="rule.period_kind", read_only=True)

    class Meta:
        model = Alert
        fields = (
            "id",
            "partner",
            "rule_name",
            "kpi",
            "kind",
            "period_kind",
            "period_start",
            "value",
            "reference",
            "opened_at",
            "snoozed_until",
            "closed_at",
            "note",
        )
        read_only_fields = fields


class AlertFilter(django_filters.FilterSet):
    partner = django_filters.UUIDFilter(field_name="partner_id")
    is_open = django_filters.BooleanFilter(field_name="closed_at", lookup_expr="isnull")

    class Meta:
        model = Alert
        fields = ("partner", "is_open")


class AlertViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Alerts on partners' figures; for the vendor's people."""

    serializer_class = AlertSerializer
    filterset_class = AlertFilter
    queryset = Alert.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "metrics_reviews.view_alert",
        "retrieve": "metrics_reviews.view_alert",
    }

    def get_queryset(self) -> QuerySet[Alert]:
        return Alert.objects.select_related("rule").order_by("-opened_at", "-id")


class PromiseSerializer(serializers.ModelSerializer):
    class Meta:
        model = ReviewAction
        fields = ("id", "text", "owner", "due_on", "done_at", "kpi")
        read_only_fields = fields


class ActionFilter(django_filters.FilterSet):
    owner = django_filters.UUIDFilter(field_name="owner_id")
    is_open = django_filters.BooleanFilter(field_name="done_at", lookup_expr="isnull")

    class Meta:
        model = ReviewAction
        fields = ("owner", "is_open")


class ActionViewSet(mixins.ListModelMixin, TenantViewSet):
    """What was promised in reviews: to a partner's people what is theirs to do, to the vendor's people all."""

    serializer_class = PromiseSerializer
    filterset_class = ActionFilter
    queryset = ReviewAction.objects.none()
    permissions: ClassVar[dict[str, str]] = {"list": "metrics_reviews.view_action"}

    def get_queryset(self) -> QuerySet[ReviewAction]:
        if self.membership.is_partner:
            return own_actions(self.membership)
        return ReviewAction.objects.order_by("due_on", "id")


class TopicSerializer(serializers.Serializer):
    title = serializers.CharField()
    lines = serializers.ListField(child=serializers.CharField())


class ReviewSerializer(serializers.ModelSerializer):
    agenda = TopicSerializer(many=True, read_only=True)
    actions = PromiseSerializer(many=True, read_only=True)

    class Meta:
        model = Review
        fields = ("id", "partner", "period_start", "planned_on", "held_on", "agenda", "minutes", "actions")
        read_only_fields = fields


class ReviewFilter(django_filters.FilterSet):
    partner = django_filters.UUIDFilter(field_name="partner_id")
    period_start = django_filters.DateFilter()

    class Meta:
        model = Review
        fields = ("partner", "period_start")


class ReviewViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Reviews with their agenda, minutes and actions; for the vendor's people."""

    serializer_class = ReviewSerializer
    filterset_class = ReviewFilter
    queryset = Review.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "metrics_reviews.view_review",
        "retrieve": "metrics_reviews.view_review",
    }

    def get_queryset(self) -> QuerySet[Review]:
        return Review.objects.prefetch_related("actions").order_by("-period_start", "-id")


def register() -> None:
    api_routes.register("goals", GoalViewSet, basename="goal")
    api_routes.register("alerts", AlertViewSet, basename="alert")
    api_routes.register("reviews", ReviewViewSet, basename="review")
    api_routes.register("review-actions", ActionViewSet, basename="review-action")

"""Campaigns and their daily figures in the API."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from partners.directory.models import Partner
from partners.marketing import actions, queries
from partners.marketing.filters import CampaignFilter
from partners.marketing.models import FIGURES, Campaign, DailyFigure
from portal.shell.api import TenantViewSet, api_routes


class CampaignSerializer(serializers.ModelSerializer):
    """The budget is in minor units of the programme's currency."""

    partner = serializers.PrimaryKeyRelatedField(queryset=Partner.objects.none(), required=False)
    version = serializers.IntegerField(
        required=False, help_text="The version that you have seen, to change it."
    )

    class Meta:
        model = Campaign
        fields = (
            "id",
            "name",
            "partner",
            "is_cobranded",
            "is_joint",
            "starts_on",
            "ends_on",
            "budget",
            "currency",
            "goal",
            "version",
        )
        read_only_fields = ("id", "currency")
        validators: ClassVar[list[Any]] = []

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        if "view" in self.context and not getattr(self.context["view"], "swagger_fake_view", False):
            fields["partner"].queryset = queries.partners_to_act_for(self.context["view"].membership)
        return fields


class FigureSerializer(serializers.ModelSerializer):
    """What a day brought; spend and revenue in minor units of the programme's currency."""

    class Meta:
        model = DailyFigure
        fields = ("day", "source", "channel", *FIGURES)
        validators: ClassVar[list[Any]] = []


class CampaignViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    TenantViewSet,
):
    """Campaigns: a partner's own, the vendor's people all."""

    serializer_class = CampaignSerializer
    filterset_class = CampaignFilter
    queryset = Campaign.objects.none()
    http_method_names: ClassVar[list[str]] = ["get", "head", "options", "post", "patch"]
    permissions: ClassVar[dict[str, str]] = {
        "list": "marketing.view_campaign",
        "retrieve": "marketing.view_campaign",
        "create": "marketing.add_campaign",
        "partial_update": "marketing.change_campaign",
        "figures": "marketing.view_campaign",
        "report": "marketing.report_campaign",
    }

    def get_queryset(self) -> QuerySet[Campaign]:
        return queries.visible_campaigns(self.membership).order_by("-starts_on", "-id")

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        data = dict(serializer.validated_data)
        data.pop("version", None)
        partner = data.pop("partner", None)
        if partner is None:
            if not self.membership.is_partner:
                raise serializers.ValidationError({"partner": "Say whose campaign it is."})
            partner = Partner.objects.get(pk=self.membership.partner_id)
        serializer.instance = actions.start_campaign(by=self.membership, partner=partner, **data)

    def perform_update(self, serializer: serializers.BaseSerializer) -> None:
        data = dict(serializer.validated_data)
        data.pop("partner", None)
        if "version" not in data:
            raise serializers.ValidationError({"version": "Say which version you have seen."})
        serializer.instance = actions.change_campaign(self.get_object(), by=self.membership, **data)

    @extend_schema(responses=FigureSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=None)
    def figures(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        figures = DailyFigure.objects.filter(campaign=self.get_object())[: actions.MOST_AT_ONCE]
        return Response(FigureSerializer(figures, many=True).data)

    @extend_schema(request=FigureSerializer(many=True), responses=FigureSerializer(many=True))
    @action(detail=True, methods=["post"], pagination_class=None)
    def report(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Note figures; each row takes the place of the one of the same day, source and channel."""
        campaign = self.get_object()
        given = FigureSerializer(data=request.data, many=True)
        given.is_valid(raise_exception=True)
        actions.report_figures(campaign, given.validated_data, by=self.membership)
        return Response(given.data)


api_routes.register("campaigns", CampaignViewSet, basename="campaign")

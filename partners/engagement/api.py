"""Interactions and events in the API: to read, to log interactions and to report who came."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from partners.deals.api import PartnerChoice
from partners.directory.models import Partner
from partners.engagement import actions, queries
from partners.engagement.enums import InteractionKind
from partners.engagement.models import Gathering, Interaction
from partners.training.queries import person_called
from portal.shell.api import IDEMPOTENCY_PARAMETER, TenantViewSet, api_routes

MOST_REPORTED = 1000


class InteractionSerializer(serializers.ModelSerializer):
    partner = PartnerChoice(
        source="about", required=False, help_text="The vendor's people: the partner it was with."
    )
    kind = serializers.ChoiceField(choices=InteractionKind.choices)
    people = serializers.ListField(child=serializers.CharField(max_length=150), required=False, max_length=30)
    internal = serializers.BooleanField(
        required=False, default=False, write_only=True, help_text="Only for the vendor's people."
    )
    is_internal = serializers.BooleanField(read_only=True)

    class Meta:
        model = Interaction
        fields = (
            "id",
            "partner",
            "kind",
            "happened_at",
            "subject",
            "text",
            "people",
            "internal",
            "is_internal",
            "follow_up",
            "follow_up_due",
            "follow_up_done_at",
            "created_at",
        )
        read_only_fields = ("id", "follow_up", "follow_up_due", "follow_up_done_at", "created_at")


class InteractionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, TenantViewSet
):
    """Calls, meetings, mails and notes; a partner reads what is shared with it."""

    serializer_class = InteractionSerializer
    queryset = Interaction.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "engagement.view_interaction",
        "retrieve": "engagement.view_interaction",
        "create": "engagement.log_interaction",
    }

    def get_queryset(self) -> QuerySet[Interaction]:
        return queries.visible_interactions(self.membership)

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        data = dict(serializer.validated_data)
        about = data.pop("about", None)
        if self.membership.is_partner:
            about = Partner.objects.get(pk=self.membership.partner_id)
        if about is None:
            raise serializers.ValidationError({"partner": _("Say which partner it was with.")})
        serializer.instance = actions.log_interaction(about, by=self.membership, **data)


class GatheringSerializer(serializers.ModelSerializer):
    class Meta:
        model = Gathering
        fields = (
            "id",
            "title",
            "summary",
            "kind",
            "status",
            "starts_at",
            "ends_at",
            "place",
            "join_url",
            "capacity",
            "external_id",
        )
        read_only_fields = fields


class AttendeeSerializer(serializers.Serializer):
    email = serializers.EmailField()
    attended = serializers.BooleanField(default=True)


class AttendanceSerializer(serializers.Serializer):
    """Who came, by e-mail address. Who is not named stays as they are."""

    people = AttendeeSerializer(many=True)


class GatheringViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Events of the programme: a partner's people see those that they are invited to."""

    serializer_class = GatheringSerializer
    queryset = Gathering.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "engagement.view_gathering",
        "retrieve": "engagement.view_gathering",
        "attendance": "engagement.run_gathering",
    }

    def get_queryset(self) -> QuerySet[Gathering]:
        return queries.visible_gatherings(self.membership)

    @extend_schema(
        request=AttendanceSerializer, parameters=[IDEMPOTENCY_PARAMETER], responses=GatheringSerializer
    )
    @action(detail=True, methods=["post"])
    def attendance(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        gathering = self.get_object()
        form = AttendanceSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        if len(form.validated_data["people"]) > MOST_REPORTED:
            raise serializers.ValidationError({"people": [_("Send at most %s people.") % MOST_REPORTED]})
        came = {}
        for row in form.validated_data["people"]:
            member = person_called(row["email"])
            if member is None:
                raise serializers.ValidationError(
                    {"people": [_("No partner's person has the address %s.") % row["email"]]}
                )
            came[member.pk] = row["attended"]
        actions.record_attendance(gathering, came, by=self.membership)
        return Response(self.get_serializer(gathering).data)


api_routes.register("interactions", InteractionViewSet, basename="interaction")
api_routes.register("events", GatheringViewSet, basename="gathering")

"""Surveys in the API: what they are and what came of them, and events that bring invitations."""

from dataclasses import asdict
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from partners.directory.models import Customer, Partner
from partners.surveys import actions, queries
from partners.surveys.answers import answers_of
from partners.surveys.enums import Trigger
from partners.surveys.filters import ResponseFilter, SurveyFilter
from partners.surveys.models import Survey, SurveyResponse
from partners.surveys.results import Narrowed, Tally, figures, results
from portal.shell.api import TenantViewSet, api_routes


class SurveySerializer(serializers.ModelSerializer):
    class Meta:
        model = Survey
        fields = (
            "id",
            "title",
            "status",
            "audience",
            "trigger",
            "is_anonymous",
            "segment",
            "opened_at",
            "closed_at",
        )
        read_only_fields = fields


class ResponseSerializer(serializers.ModelSerializer):
    answers = serializers.SerializerMethodField()

    class Meta:
        model = SurveyResponse
        fields = (
            "id",
            "survey",
            "partner",
            "customer",
            "answered_on",
            "partner_type",
            "tier",
            "region",
            "answers",
        )
        read_only_fields = fields

    def get_answers(self, response: SurveyResponse) -> dict[str, Any]:
        """By question: a number, the code of a choice or several, a text, or numbers by line."""
        return answers_of(response)


class NewEventSerializer(serializers.Serializer):
    """Something that happened elsewhere and that somebody is asked about. The same reference asks nobody twice."""

    event = serializers.ChoiceField(choices=[Trigger.TICKET_CLOSED.value])
    reference = serializers.CharField(max_length=100, help_text="Your number of it, such as the ticket's.")
    email = serializers.EmailField()
    name = serializers.CharField(max_length=150, required=False, allow_blank=True, default="")
    language = serializers.ChoiceField(choices=["en", "nl", ""], required=False, default="")
    partner = serializers.UUIDField(required=False, allow_null=True, default=None)
    customer = serializers.UUIDField(required=False, allow_null=True, default=None)
    occurred_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    invitations = serializers.IntegerField(read_only=True, help_text="How many new invitations came of it.")

    def validate_partner(self, value: UUID | None) -> UUID | None:
        if value is not None and not Partner.objects.filter(pk=value).exists():
            raise serializers.ValidationError(_("There is no such partner."))
        return value

    def validate_customer(self, value: UUID | None) -> UUID | None:
        if value is not None and not Customer.objects.filter(pk=value, merged_into=None).exists():
            raise serializers.ValidationError(_("There is no such customer."))
        return value

    def validate_occurred_at(self, value: Any) -> Any:
        if value is not None and value > timezone.now():
            raise serializers.ValidationError(_("The moment cannot lie in the future."))
        return value


class SurveyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Surveys, and their results as far as they may be seen."""

    serializer_class = SurveySerializer
    filterset_class = SurveyFilter
    queryset = Survey.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "surveys.view_survey",
        "retrieve": "surveys.view_survey",
        "results": "surveys.view_results",
    }

    def get_queryset(self) -> QuerySet[Survey]:
        return Survey.objects.all()

    @extend_schema(responses={200: dict})
    @action(detail=True, methods=["get"])
    def results(self, request: Request, **kwargs: Any) -> Response:
        """Figures by measure and question. Of an anonymous survey, groups of five or more of finished quarters."""
        found = results(self.get_object(), Narrowed())
        return Response(
            {
                "asked": found.asked,
                "answered": found.answered,
                "shown": found.shown,
                "figures": [asdict(one) for one in figures(found)],
                "questions": [
                    {
                        "key": item.question.key,
                        "line": item.row,
                        "text": item.label,
                        "kind": item.question.kind,
                        "measure": item.measure,
                        **_told(item.total),
                        "texts": item.texts,
                        "quarters": {str(wave): _told(tally) for wave, tally in item.waves.items()},
                        "segments": {
                            kind: {value: _told(tally) for value, tally in groups.items()}
                            for kind, groups in item.segments.items()
                        },
                    }
                    for item in found.items
                ],
            }
        )


def _told(tally: Tally) -> dict[str, Any]:
    return {
        "people": tally.people,
        "numbers": {str(number): times for number, times in sorted(tally.numbers.items())},
        "options": dict(sorted(tally.options.items())),
    }


class ResponseViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Single answers. Anonymous ones are not among them."""

    serializer_class = ResponseSerializer
    filterset_class = ResponseFilter
    queryset = SurveyResponse.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "surveys.view_results",
        "retrieve": "surveys.view_results",
    }

    def get_queryset(self) -> QuerySet[SurveyResponse]:
        return queries.visible_responses().prefetch_related("answers")


class EventViewSet(mixins.CreateModelMixin, TenantViewSet):
    """Tell of a closed ticket: the surveys that wait for one ask the person."""

    serializer_class = NewEventSerializer
    queryset = Survey.objects.none()
    permissions: ClassVar[dict[str, str]] = {"create": "surveys.report_event"}

    def get_queryset(self) -> QuerySet[Survey]:
        return Survey.objects.none()

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        data = serializer.validated_data
        made = actions.report_event(
            Trigger(data["event"]),
            by=self.membership,
            reference=data["reference"],
            occurred_at=data["occurred_at"],
            recipient=actions.Recipient(
                email=data["email"],
                name=data["name"],
                language=data["language"],
                partner_id=data["partner"],
                customer_id=data["customer"],
            ),
        )
        serializer.instance = {**data, "invitations": made}


api_routes.register("surveys", SurveyViewSet, basename="survey")
api_routes.register("survey-responses", ResponseViewSet, basename="survey-response")
api_routes.register("survey-events", EventViewSet, basename="survey-event")

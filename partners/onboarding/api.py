"""Applications in the API: to read, for the vendor's systems."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers

from partners.onboarding.applications import queries
from partners.onboarding.applications.filters import ApplicationFilter
from partners.onboarding.applications.models import Application
from portal.shell.api import TenantViewSet, api_routes


class ApplicationSerializer(serializers.ModelSerializer):
    """`answers` lists {question, text, kind, value} as they were asked; `sheet` is the scoring sheet of the decision."""

    answers = serializers.SerializerMethodField()
    sheet = serializers.SerializerMethodField()

    class Meta:
        model = Application
        fields = (
            "id",
            "number",
            "status",
            "company",
            "website",
            "country",
            "type",
            "person",
            "job_title",
            "email",
            "phone",
            "answers",
            "manager",
            "referred_by",
            "partner",
            "submitted_at",
            "review_started_at",
            "decided_at",
            "reason",
            "sheet",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.DictField()))
    def get_answers(self, application: Application) -> list[dict[str, Any]]:
        return application.answers

    @extend_schema_field(serializers.ListField(child=serializers.DictField()))
    def get_sheet(self, application: Application) -> list[dict[str, Any]]:
        return application.sheet


class ApplicationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Companies that want to become partners, with a confirmed address."""

    serializer_class = ApplicationSerializer
    filterset_class = ApplicationFilter
    queryset = Application.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "onboarding.view_application",
        "retrieve": "onboarding.view_application",
    }

    def get_queryset(self) -> QuerySet[Application]:
        return queries.visible_applications(self.membership)


api_routes.register("applications", ApplicationViewSet, basename="application")

"""Courses and completions in the API: to read, and completions also to report."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import mixins, serializers

from partners.training import queries
from partners.training.actions import complete
from partners.training.enums import CompletedVia
from partners.training.filters import CompletionFilter, CourseFilter
from partners.training.models import Completion, Course, Enrolment, Path
from portal.accounts.models import Membership
from portal.shell.api import TenantViewSet, api_routes


class CourseSerializer(serializers.ModelSerializer):
    class Meta:
        model = Course
        fields = (
            "id",
            "title",
            "summary",
            "kind",
            "status",
            "url",
            "minutes",
            "pass_mark",
            "gives_certificate",
            "validity_months",
            "is_required",
            "required_types",
            "required_roles",
            "required_segments",
            "due_days",
            "external_id",
        )
        read_only_fields = fields


class CompletionSerializer(serializers.ModelSerializer):
    course_title = serializers.CharField(
        source="title", read_only=True, help_text="Of the course or the path."
    )
    person = serializers.CharField(source="member.name", read_only=True)
    email = serializers.EmailField(source="member.user.email", read_only=True)

    class Meta:
        model = Completion
        fields = (
            "id",
            "course",
            "path",
            "course_title",
            "partner",
            "person",
            "email",
            "completed_on",
            "valid_until",
            "via",
            "score",
            "note",
            "certificate",
            "revoked_at",
        )
        read_only_fields = fields


class NewCompletionSerializer(serializers.Serializer):
    """A completion that another system reports: the person by e-mail address, the course by id or activity id."""

    email = serializers.EmailField()
    course = serializers.CharField(max_length=200, help_text="The course's id or its activity id.")
    completed_on = serializers.DateField()
    score = serializers.IntegerField(min_value=0, max_value=100, required=False, allow_null=True)
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")

    def validate_completed_on(self, value: Any) -> Any:
        if value > timezone.localdate():
            raise serializers.ValidationError(_("The day cannot lie in the future."))
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        course = queries.course_called(attrs["course"])
        if course is None:
            raise serializers.ValidationError({"course": _("There is no such course.")})
        member = queries.person_called(attrs["email"])
        if member is None:
            raise serializers.ValidationError({"email": _("No partner's person has this address.")})
        return {**attrs, "course": course, "member": member}

    def to_representation(self, instance: Completion) -> dict[str, Any]:
        return CompletionSerializer(instance, context=self.context).data


class CourseViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Courses: partners see what is published."""

    serializer_class = CourseSerializer
    filterset_class = CourseFilter
    queryset = Course.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "training.view_course",
        "retrieve": "training.view_course",
    }

    def get_queryset(self) -> QuerySet[Course]:
        return queries.visible_courses(self.membership)


class PathSerializer(serializers.ModelSerializer):
    courses = serializers.SerializerMethodField()

    class Meta:
        model = Path
        fields = (
            "id",
            "title",
            "summary",
            "status",
            "courses",
            "gives_certificate",
            "validity_months",
            "is_required",
            "required_types",
            "required_roles",
            "required_segments",
            "due_days",
        )
        read_only_fields = fields

    def get_courses(self, path: Path) -> list[str]:
        """The ids of its courses, in their order."""
        return [str(step.course_id) for step in path.steps.all()]


class PathViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Learning paths: partners see what is published."""

    serializer_class = PathSerializer
    queryset = Path.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "training.view_course",
        "retrieve": "training.view_course",
    }

    def get_queryset(self) -> QuerySet[Path]:
        return queries.visible_paths(self.membership).prefetch_related("steps")


class EnrolmentSerializer(serializers.ModelSerializer):
    course_title = serializers.CharField(source="course.title", read_only=True)
    email = serializers.EmailField(source="member.user.email", read_only=True)

    class Meta:
        model = Enrolment
        fields = ("id", "course", "course_title", "partner", "email", "due_on", "created_at")
        read_only_fields = fields


class EnrolmentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Who takes which course."""

    serializer_class = EnrolmentSerializer
    queryset = Enrolment.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "training.view_team",
        "retrieve": "training.view_team",
    }

    def get_queryset(self) -> QuerySet[Enrolment]:
        return queries.visible_enrolments(self.membership)


class CompletionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, TenantViewSet
):
    """Who has completed what; the vendor's systems report completions with POST."""

    filterset_class = CompletionFilter
    queryset = Completion.objects.none()
    permissions: ClassVar[dict[str, str]] = {
        "list": "training.view_team",
        "retrieve": "training.view_team",
        "create": "training.record_completion",
    }

    def get_queryset(self) -> QuerySet[Completion]:
        return queries.visible_completions(self.membership)

    def get_serializer_class(self) -> type[serializers.BaseSerializer]:
        return NewCompletionSerializer if self.action == "create" else CompletionSerializer

    def perform_create(self, serializer: serializers.BaseSerializer) -> None:
        data = serializer.validated_data
        member: Membership = data["member"]
        completion = complete(
            data["course"],
            member,
            on=data["completed_on"],
            via=CompletedVia.API,
            by=self.membership,
            score=data.get("score"),
            note=data["note"],
        )
        serializer.instance = completion


api_routes.register("courses", CourseViewSet, basename="course")
api_routes.register("learning-paths", PathViewSet, basename="learning-path")
api_routes.register("enrolments", EnrolmentViewSet, basename="enrolment")
api_routes.register("completions", CompletionViewSet, basename="completion")

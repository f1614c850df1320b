"""What courses and completions can be narrowed down by."""

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from partners.training.enums import EXPIRES_SOON_DAYS, CompletedVia, CourseKind, StatementOutcome
from partners.training.models import Completion, Course, Duty, Path, Statement
from partners.training.queries import valid


class CourseFilter(django_filters.FilterSet):
    kind = django_filters.MultipleChoiceFilter(label=_("Kind"), choices=CourseKind)
    is_required = django_filters.BooleanFilter(label=_("Required"))
    gives_certificate = django_filters.BooleanFilter(label=_("Gives a certificate"))

    class Meta:
        model = Course
        fields = ("kind", "is_required", "gives_certificate")


def partners_for(request: Any) -> QuerySet[Partner]:
    """The partners a list can be narrowed down to: a partner's people have their own only."""
    member = request.membership
    return (
        Partner.objects.filter(pk=member.partner_id)
        if member.is_partner
        else Partner.objects.order_by("name")
    )


class CompletionFilter(django_filters.FilterSet):
    course = django_filters.ModelChoiceFilter(
        label=_("Course"), queryset=lambda request: Course.objects.order_by("title")
    )
    path = django_filters.ModelChoiceFilter(
        label=_("Path"), queryset=lambda request: Path.objects.order_by("title")
    )
    partner = django_filters.ModelChoiceFilter(label=_("Partner"), queryset=partners_for)
    via = django_filters.MultipleChoiceFilter(label=_("How"), choices=CompletedVia)
    counts = django_filters.ChoiceFilter(
        label=_("Counts"),
        method="filter_counts",
        choices=[("now", _("now")), ("soon", _("now, but runs out soon")), ("past", _("no longer"))],
    )

    class Meta:
        model = Completion
        fields = ("course", "path", "partner", "via", "counts")

    def filter_counts(self, queryset: QuerySet[Completion], name: str, value: str) -> QuerySet[Completion]:
        today = timezone.localdate()
        if value == "past":
            return queryset.exclude(pk__in=valid(Completion.objects.order_by(), today).values("pk"))
        queryset = valid(queryset, today)
        if value == "soon":
            ahead = today + timedelta(days=EXPIRES_SOON_DAYS)
            return queryset.filter(valid_until__lte=ahead)
        return queryset


class DutyFilter(django_filters.FilterSet):
    state = django_filters.MultipleChoiceFilter(
        label=_("State"),
        choices=[
            ("overdue", _("Overdue")),
            ("missing", _("Missing")),
            ("expiring", _("Runs out soon")),
            ("met", _("Done")),
        ],
    )
    course = django_filters.ModelChoiceFilter(
        label=_("Course"), queryset=lambda request: Course.objects.order_by("title")
    )
    path = django_filters.ModelChoiceFilter(
        label=_("For the path"), queryset=lambda request: Path.objects.order_by("title")
    )
    partner = django_filters.ModelChoiceFilter(label=_("Partner"), queryset=partners_for)

    class Meta:
        model = Duty
        fields = ("state", "course", "path", "partner")


class StatementFilter(django_filters.FilterSet):
    outcome = django_filters.MultipleChoiceFilter(label=_("Outcome"), choices=StatementOutcome)

    class Meta:
        model = Statement
        fields = ("outcome",)

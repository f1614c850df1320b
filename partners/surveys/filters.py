"""What surveys, invitations, answers and follow-ups can be narrowed down by."""

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.directory.models import Partner
from partners.surveys.enums import UNFINISHED, Audience, FollowUpStatus, InvitationStatus, SurveyStatus
from partners.surveys.models import FollowUp, Survey, SurveyInvitation, SurveyResponse
from portal.shell.filters import DaysFilter


class SurveyFilter(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=SurveyStatus)
    audience = django_filters.MultipleChoiceFilter(label=_("Who is asked"), choices=Audience)
    is_anonymous = django_filters.BooleanFilter(label=_("Anonymous"))

    class Meta:
        model = Survey
        fields = ("status", "audience", "is_anonymous")


class InvitationFilter(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=InvitationStatus)

    class Meta:
        model = SurveyInvitation
        fields = ("status",)


class ResponseFilter(django_filters.FilterSet):
    answered_on = DaysFilter(label=_("Answered"))
    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"), queryset=lambda request: Partner.objects.order_by("name")
    )

    class Meta:
        model = SurveyResponse
        fields = ("answered_on", "partner")


class FollowUpFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("Status"),
        method="filter_state",
        choices=[
            ("todo", _("To do")),
            ("late", _("Overdue")),
            *((str(status.value), status.label) for status in FollowUpStatus),
        ],
    )
    mine = django_filters.BooleanFilter(label=_("Mine"), method="filter_mine")

    class Meta:
        model = FollowUp
        fields = ("state", "mine")

    def filter_state(self, queryset: QuerySet[FollowUp], name: str, value: str) -> QuerySet[FollowUp]:
        if value == "todo":
            return queryset.filter(status__in=sorted(UNFINISHED))
        if value == "late":
            return queryset.filter(status__in=sorted(UNFINISHED), due_on__lt=timezone.localdate())
        return queryset.filter(status=value)

    def filter_mine(self, queryset: QuerySet[FollowUp], name: str, value: bool) -> QuerySet[FollowUp]:
        mine = {"owner": self.request.membership}
        return queryset.filter(**mine) if value else queryset.exclude(**mine)

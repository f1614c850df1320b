from datetime import date

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Membership
from portal.events.describe import described_types, type_label
from portal.events.models import Event
from portal.programme import queries
from portal.tenancy.scope import current_tenant_id


def _members(request: HttpRequest) -> QuerySet[Membership]:
    members = Membership.objects.filter(tenant_id=current_tenant_id())
    return members.select_related("user").order_by("user__name", "pk")


def _types() -> list[tuple[str, str]]:
    return [(name, type_label(name)) for name in described_types()]


class AuditFilter(django_filters.FilterSet):
    type = django_filters.ChoiceFilter(label=_("What"), choices=_types)
    actor = django_filters.ModelChoiceFilter(label=_("Who"), queryset=_members)
    since = django_filters.DateFilter(
        label=_("From"), method="from_day", widget=forms.DateInput({"type": "date"})
    )
    until = django_filters.DateFilter(
        label=_("Until"), method="to_day", widget=forms.DateInput({"type": "date"})
    )

    class Meta:
        model = Event
        fields: list[str] = []

    def from_day(self, events: QuerySet[Event], name: str, value: date) -> QuerySet[Event]:
        return queries.from_day(events, value)

    def to_day(self, events: QuerySet[Event], name: str, value: date) -> QuerySet[Event]:
        return queries.to_day(events, value)

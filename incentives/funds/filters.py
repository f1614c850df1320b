"""Filters of requests for funds."""

import django_filters
from django.utils.translation import gettext_lazy as _

from incentives.funds.enums import ActivityKind, RequestStatus
from incentives.funds.models import Budget, Fund, FundRequest
from partners.directory.models import Partner
from portal.shell.filters import DaysFilter


class RequestFilter(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=RequestStatus.choices)
    kind = django_filters.MultipleChoiceFilter(label=_("Kind"), choices=ActivityKind.choices)
    starts_on = DaysFilter(label=_("From"))

    class Meta:
        model = FundRequest
        fields: tuple[str, ...] = ("status", "kind", "starts_on")


class VendorRequestFilter(RequestFilter):
    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"), queryset=lambda request: Partner.objects.order_by("name")
    )

    class Meta(RequestFilter.Meta):
        fields = ("partner", "status", "kind", "starts_on")


class BudgetFilter(django_filters.FilterSet):
    fund = django_filters.ModelChoiceFilter(
        label=_("Fund"), queryset=lambda request: Fund.objects.order_by("name")
    )
    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"), queryset=lambda request: Partner.objects.order_by("name")
    )

    class Meta:
        model = Budget
        fields = ("fund", "partner")

"""Filters of statements and batches."""

import django_filters
from django.utils.translation import gettext_lazy as _

from incentives.statements.enums import BatchStatus, StatementStatus
from incentives.statements.models import Batch, Closing, Statement
from partners.directory.models import Partner
from portal.shell.filters import DaysFilter


class StatementFilter(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=StatementStatus.choices)
    closing = django_filters.ModelChoiceFilter(
        label=_("Period"), queryset=lambda request: Closing.objects.order_by("-period_start")
    )

    class Meta:
        model = Statement
        fields: tuple[str, ...] = ("status", "closing")


class VendorStatementFilter(StatementFilter):
    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"), queryset=lambda request: Partner.objects.order_by("name")
    )

    class Meta(StatementFilter.Meta):
        fields = ("partner", "status", "closing")


class BatchFilter(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=BatchStatus.choices)
    execution_on = DaysFilter(label=_("To be paid on"))

    class Meta:
        model = Batch
        fields = ("status", "execution_on")

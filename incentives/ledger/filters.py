"""Filters of earnings."""

import django_filters
from django.utils.translation import gettext_lazy as _

from incentives.ledger.enums import AdjustmentStatus, DisputeStatus, EntryKind
from incentives.ledger.models import Adjustment, Dispute, LedgerEntry
from incentives.plans.models import Plan
from partners.directory.models import Partner
from portal.shell.filters import DaysFilter


class EntryFilter(django_filters.FilterSet):
    booked_on = DaysFilter(label=_("Earned on"))
    payable_on = DaysFilter(label=_("Payable from"))
    kind = django_filters.MultipleChoiceFilter(label=_("Kind"), choices=EntryKind.choices)
    plan = django_filters.ModelChoiceFilter(label=_("Plan"), queryset=lambda request: Plan.objects.all())

    class Meta:
        model = LedgerEntry
        fields: tuple[str, ...] = ("booked_on", "payable_on", "kind", "plan")


class VendorEntryFilter(EntryFilter):
    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"), queryset=lambda request: Partner.objects.all()
    )

    class Meta(EntryFilter.Meta):
        fields = ("partner", "booked_on", "payable_on", "kind", "plan")


class AdjustmentFilter(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=AdjustmentStatus.choices)
    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"), queryset=lambda request: Partner.objects.all()
    )

    class Meta:
        model = Adjustment
        fields = ("status", "partner")


class DisputeFilter(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=DisputeStatus.choices)

    class Meta:
        model = Dispute
        fields = ("status",)

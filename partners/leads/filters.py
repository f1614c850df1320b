"""What leads can be narrowed down by."""

import django_filters
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import MarketingChannel
from partners.directory.queries import families, managers, visible_partners
from partners.leads.enums import LeadOrigin, LeadStatus
from partners.leads.models import Lead

# A partner never has a lead that is nobody's.
PARTNER_STATUSES = [
    (status.value, status.label)
    for status in LeadStatus
    if status not in (LeadStatus.UNASSIGNED, LeadStatus.POOL)
]


class LeadFilter(django_filters.FilterSet):
    """For a partner's people."""

    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=PARTNER_STATUSES)
    origin = django_filters.ChoiceFilter(label=_("Origin"), choices=LeadOrigin)
    qualified = django_filters.BooleanFilter(label=_("Qualified"))
    marketing_qualified = django_filters.BooleanFilter(label=_("Marketing-qualified"))
    family = django_filters.ModelChoiceFilter(label=_("Product family"), queryset=lambda request: families())
    channel = django_filters.MultipleChoiceFilter(label=_("Channel"), choices=MarketingChannel)
    source = django_filters.CharFilter(label=_("Source"), lookup_expr="icontains")
    submitted = django_filters.DateFromToRangeFilter(label=_("Submitted"), field_name="submitted_at")
    received = django_filters.DateFromToRangeFilter(label=_("Received"), field_name="offered_at")

    class Meta:
        model = Lead
        fields = ()


class VendorLeadFilter(LeadFilter):
    """For the vendor's people, who see every lead."""

    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=LeadStatus)
    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"), queryset=lambda request: visible_partners(request.membership).order_by("name")
    )
    manager = django_filters.ModelChoiceFilter(
        label=_("Channel manager"),
        queryset=lambda request: managers(),
        field_name="partner__manager",
        null_label=_("Nobody yet"),
    )

"""What leads can be narrowed down by."""

import django_filters
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import MarketingChannel
from partners.directory.narrowing import WITHOUT, OfPartnerFilter, by_choices, by_text
from partners.directory.queries import families
from partners.leads.enums import LeadOrigin, LeadStatus
from partners.leads.models import Lead
from portal.shell.filters import DaysFilter, on_days

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
    family = django_filters.ModelChoiceFilter(
        label=_("Product family"), queryset=lambda request: families(), null_label=_("Without a product")
    )
    channel = django_filters.MultipleChoiceFilter(
        label=_("Channel"), choices=[*MarketingChannel.choices, (WITHOUT, _("None"))], method=by_choices
    )
    source = django_filters.CharFilter(label=_("Source"), lookup_expr="icontains")
    submitted = DaysFilter(label=_("Submitted"), field_name="submitted_at")
    received = DaysFilter(label=_("Received"), field_name="offered_at")

    came = DaysFilter(label=_("Came in"), method="by_coming")
    registered = django_filters.BooleanFilter(label=_("Became a registration"), method="by_registration")
    source_is = django_filters.CharFilter(
        label=_("Source, the whole of it"), field_name="source", method=by_text
    )

    class Meta:
        model = Lead
        fields = ()

    def by_coming(self, leads: QuerySet[Lead], name: str, value: slice) -> QuerySet[Lead]:
        """When it came to a partner: submitted by it, or offered to it."""
        return on_days(leads.annotate(came_at=Coalesce("submitted_at", "offered_at")), "came_at", value)

    def by_registration(self, leads: QuerySet[Lead], name: str, value: bool) -> QuerySet[Lead]:
        return leads.filter(deal__first_submitted_at__isnull=not value)


class VendorLeadFilter(OfPartnerFilter, LeadFilter):
    """For the vendor's people, who see every lead."""

    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=LeadStatus)

"""How the list of scorecards can be narrowed."""

import django_filters
from django.utils.translation import gettext_lazy as _

from metrics.models import Scorecard
from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from portal.accounts.enums import VENDOR_ROLES
from portal.accounts.models import Membership
from portal.tenancy.scope import current_tenant_id


def _regions(request: object = None) -> list[tuple[str, str]]:
    regions = (
        Partner.objects.exclude(region="").order_by("region").values_list("region", flat=True).distinct()
    )
    return [(region, region) for region in regions]


def _managers(request: object = None) -> object:
    return Membership.objects.filter(
        tenant_id=current_tenant_id(), role__in=sorted(VENDOR_ROLES)
    ).select_related("user")


class LeagueFilter(django_filters.FilterSet):
    type = django_filters.ChoiceFilter(
        label=_("Type"), field_name="partner_type", choices=PartnerType.choices
    )
    region = django_filters.ChoiceFilter(label=_("Region"), choices=_regions)
    manager = django_filters.ModelChoiceFilter(
        label=_("Manager"), field_name="partner__manager", queryset=_managers
    )
    score = django_filters.RangeFilter(label=_("Score"))

    class Meta:
        model = Scorecard
        fields = ("type", "region", "manager", "score")

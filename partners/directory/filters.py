"""What partners, customers and products can be narrowed down by."""

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.directory.enums import PartnerStatus, PartnerType
from partners.directory.fields import country_choices
from partners.directory.models import Customer, Partner, Product
from partners.directory.narrowing import WITHOUT, partners_by_tier
from partners.directory.queries import families, managers
from portal.shell.filters import DaysFilter
from portal.shell.registry import segment_choices


class PartnerFilter(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=PartnerStatus)
    type = django_filters.MultipleChoiceFilter(label=_("Type"), choices=PartnerType)
    manager = django_filters.ModelChoiceFilter(
        label=_("Channel manager"),
        queryset=lambda request: managers(),
        null_label=_("Nobody yet"),
    )
    region = django_filters.CharFilter(label=_("Region"), lookup_expr="iexact")
    country = django_filters.ChoiceFilter(label=_("Country"), choices=lambda: country_choices()[1:])
    tier = django_filters.ChoiceFilter(
        label=_("Tier"), choices=lambda: [*segment_choices(), (WITHOUT, _("None"))], method="by_tier"
    )
    joined = DaysFilter(label=_("Partner since"), field_name="joined_on")

    class Meta:
        model = Partner
        fields = ("status", "type", "manager", "region", "country")

    def by_tier(self, partners: QuerySet[Partner], name: str, value: str) -> QuerySet[Partner]:
        """The tier of today."""
        of_tier = partners_by_tier(timezone.localdate())
        return partners.filter(pk__in=of_tier.get("" if value == WITHOUT else value, []))


class CustomerFilter(django_filters.FilterSet):
    country = django_filters.ChoiceFilter(label=_("Country"), choices=lambda: country_choices()[1:])
    industry = django_filters.CharFilter(label=_("Industry"), lookup_expr="icontains")

    class Meta:
        model = Customer
        fields = ("country", "industry")


class ProductFilter(django_filters.FilterSet):
    family = django_filters.ModelChoiceFilter(label=_("Family"), queryset=lambda request: families())
    is_active = django_filters.BooleanFilter(label=_("Sold now"))

    class Meta:
        model = Product
        fields = ("family", "is_active")

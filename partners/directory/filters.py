"""What partners, customers and products can be narrowed down by."""

import django_filters
from django.utils.translation import gettext_lazy as _

from partners.directory.enums import PartnerStatus, PartnerType
from partners.directory.fields import country_choices
from partners.directory.models import Customer, Partner, Product
from partners.directory.queries import families, managers


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

    class Meta:
        model = Partner
        fields = ("status", "type", "manager", "region", "country")


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

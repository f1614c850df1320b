import django_filters
from django.utils.translation import gettext_lazy as _

from partners.directory.narrowing import OfPartnerFilter
from partners.directory.queries import visible_partners
from partners.orders.enums import OrderStatus
from partners.orders.models import Order
from portal.shell.filters import DaysFilter


class OrderFilter(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(label=_("Status"), choices=OrderStatus)
    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"),
        queryset=lambda request: visible_partners(request.membership).order_by("name"),
    )
    ordered_at = DaysFilter(label=_("Ordered"))

    class Meta:
        model = Order
        fields = ("status", "partner", "ordered_at")


class VendorOrderFilter(OfPartnerFilter, OrderFilter):
    """For the vendor's people, who see every partner's orders."""

"""What deals can be narrowed down by."""

from decimal import Decimal
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from partners.deals.enums import RegistrationStatus, SalesStage
from partners.deals.models import Deal
from partners.directory.queries import families, managers, visible_customers, visible_partners
from portal.money import to_minor

WITHOUT = "none"
# More than any deal, and still a number that the database can compare.
MOST = Decimal(10) ** 15


class DealFilter(django_filters.FilterSet):
    """For a partner's people."""

    status = django_filters.MultipleChoiceFilter(
        label=_("Registration"),
        choices=[*RegistrationStatus.choices, (WITHOUT, _("Without registration"))],
        method="by_status",
    )
    stage = django_filters.MultipleChoiceFilter(label=_("Stage"), choices=SalesStage)
    family = django_filters.ModelChoiceFilter(label=_("Product family"), queryset=lambda request: families())
    customer = django_filters.ModelChoiceFilter(
        label=_("Customer"), queryset=lambda request: visible_customers(request.membership).order_by("name")
    )
    without_customer = django_filters.BooleanFilter(
        label=_("Without customer"), field_name="customer", lookup_expr="isnull"
    )
    amount = django_filters.RangeFilter(label=_("Amount"), method="by_amount")
    registered = django_filters.DateFromToRangeFilter(label=_("Registered"), field_name="first_submitted_at")
    closed = django_filters.DateFromToRangeFilter(label=_("Closed"), field_name="closed_on")

    class Meta:
        model = Deal
        fields = ()

    def by_status(self, deals: QuerySet[Deal], name: str, values: list[str]) -> QuerySet[Deal]:
        if not values:
            return deals
        return deals.filter(status__in=["" if value == WITHOUT else value for value in values])

    def by_amount(self, deals: QuerySet[Deal], name: str, value: Any) -> QuerySet[Deal]:
        """Typed in major units of the tenant's currency."""
        currency = self.request.tenant.currency
        if value.start is not None:
            deals = deals.filter(amount_base__gte=to_minor(_held(value.start), currency))
        if value.stop is not None:
            deals = deals.filter(amount_base__lte=to_minor(_held(value.stop), currency))
        return deals


def _held(amount: Decimal) -> Decimal:
    return max(-MOST, min(amount, MOST))


class VendorDealFilter(DealFilter):
    """For the vendor's people, who see every partner's deals."""

    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"), queryset=lambda request: visible_partners(request.membership).order_by("name")
    )
    manager = django_filters.ModelChoiceFilter(
        label=_("Channel manager"),
        queryset=lambda request: managers(),
        field_name="partner__manager",
        null_label=_("Nobody yet"),
    )

import django_filters
from django.utils.translation import gettext_lazy as _

from metrics.costs.models import Category, Cost
from partners.directory.models import Partner
from portal.shell.filters import DaysFilter


class CostFilter(django_filters.FilterSet):
    category = django_filters.MultipleChoiceFilter(label=_("Category"), choices=Category)
    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"), queryset=lambda request: Partner.objects.order_by("name")
    )
    spent_on = DaysFilter(label=_("Spent on"))

    without_partner = django_filters.BooleanFilter(
        label=_("Of no partner"), field_name="partner", lookup_expr="isnull"
    )

    class Meta:
        model = Cost
        fields = ("category", "partner", "spent_on", "without_partner")

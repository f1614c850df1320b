import django_filters
from django.utils.translation import gettext_lazy as _

from metrics.readings.models import MetricDefinition, Reading
from partners.directory.models import Partner
from portal.shell.filters import DaysFilter


class ReadingFilter(django_filters.FilterSet):
    definition = django_filters.ModelChoiceFilter(
        label=_("Metric"), queryset=lambda request: MetricDefinition.objects.order_by("name")
    )
    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"), queryset=lambda request: Partner.objects.order_by("name")
    )
    day = DaysFilter(label=_("Day"))

    without_partner = django_filters.BooleanFilter(
        label=_("Of no partner"), field_name="partner", lookup_expr="isnull"
    )

    class Meta:
        model = Reading
        fields = ("definition", "partner", "day", "without_partner")

import django_filters
from django.utils.translation import gettext_lazy as _

from portal.events.describe import type_label
from portal.webhooks.enums import DeliveryState, Problem
from portal.webhooks.models import Delivery
from portal.webhooks.payload import TEST
from portal.webhooks.subscriptions import offered_types


def _types() -> list[tuple[str, str]]:
    return [(name, type_label(name)) for name in [*offered_types(), TEST]]


class DeliveryFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label=_("State"), choices=DeliveryState.choices)
    type = django_filters.ChoiceFilter(label=_("Event"), choices=_types)
    problem = django_filters.ChoiceFilter(label=_("What went wrong"), choices=Problem.choices)

    class Meta:
        model = Delivery
        fields: list[str] = []

"""Filters by what the partner of a thing is, for the vendor's lists of whatever has a partner."""

from datetime import date
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.directory.enums import PartnerType
from partners.directory.models import Partner
from partners.directory.queries import managers, visible_partners
from portal.shell.filters import DaysFilter
from portal.shell.registry import segment_choices, segment_codes

# In a filter: those that have none.
WITHOUT = "none"


def by_text(queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
    """Those with this very text, in capitals or not, or those without any."""
    return queryset.filter(**{f"{name}__iexact": "" if value == WITHOUT else value})


def by_choices(queryset: QuerySet[Any], name: str, values: list[str]) -> QuerySet[Any]:
    """Those with one of these texts; `WITHOUT` stands for none."""
    return queryset.filter(**{f"{name}__in": ["" if value == WITHOUT else value for value in values]})


def partners_by_tier(day: date) -> dict[str, list[UUID]]:
    """The partners of each tier on a day, by its code; those without a tier under "". Three queries at most."""
    keys = list(Partner.objects.order_by("pk").values_list("pk", flat=True))
    codes = segment_codes((key, day) for key in keys)
    found: dict[str, list[UUID]] = {}
    for key in keys:
        found.setdefault(codes.get((key, day), ""), []).append(key)
    return found


class OfPartnerFilter(django_filters.FilterSet):
    """By the partner and its manager, region, type, tier and month of joining."""

    partner = django_filters.ModelChoiceFilter(
        label=_("Partner"), queryset=lambda request: visible_partners(request.membership).order_by("name")
    )
    manager = django_filters.ModelChoiceFilter(
        label=_("Channel manager"),
        queryset=lambda request: managers(),
        field_name="partner__manager",
        null_label=_("Nobody yet"),
    )
    region = django_filters.CharFilter(label=_("Region"), field_name="partner__region", method="by_region")
    partner_type = django_filters.MultipleChoiceFilter(
        label=_("Partner type"), field_name="partner__type", choices=PartnerType
    )
    tier = django_filters.ChoiceFilter(
        label=_("Tier"),
        choices=lambda: [*segment_choices(), (WITHOUT, _("None"))],
        method="by_tier",
    )
    joined = DaysFilter(label=_("Partner since"), field_name="partner__joined_on")

    def by_region(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return by_text(queryset.filter(partner__isnull=False), name, value)

    def by_tier(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """The tier of today."""
        of_tier = partners_by_tier(timezone.localdate()).get("" if value == WITHOUT else value, [])
        return queryset.filter(partner_id__in=of_tier)

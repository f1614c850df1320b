"""Filters of tiers."""

import django_filters
from django.utils.translation import gettext_lazy as _

from incentives.tiers.enums import Direction, OverrideStatus, ProposalStatus
from incentives.tiers.models import Tier, TierOverride, TierProposal, TierStanding


class StandingFilter(django_filters.FilterSet):
    tier = django_filters.ModelChoiceFilter(label=_("Tier"), queryset=lambda request: Tier.objects.all())
    reached_tier = django_filters.ModelChoiceFilter(
        label=_("Figures reach"), queryset=lambda request: Tier.objects.all()
    )

    class Meta:
        model = TierStanding
        fields = ("tier", "reached_tier")


class ProposalFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(label=_("Status"), choices=ProposalStatus.choices)
    direction = django_filters.ChoiceFilter(label=_("Move"), choices=Direction.choices)

    class Meta:
        model = TierProposal
        fields = ("status", "direction")


class OverrideFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(label=_("Status"), choices=OverrideStatus.choices)
    tier = django_filters.ModelChoiceFilter(label=_("Tier"), queryset=lambda request: Tier.objects.all())

    class Meta:
        model = TierOverride
        fields = ("status", "tier")

"""Tiers and earnings in the API; to read."""

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from rest_framework import mixins, serializers

from incentives.ledger import queries as ledger
from incentives.ledger.filters import EntryFilter
from incentives.ledger.models import LedgerEntry
from incentives.ledger.words import few_share
from incentives.tiers import queries as tiers
from incentives.tiers.models import Tier, TierStanding
from incentives.tiers.progress import progress_of
from portal.shell.api import TenantViewSet, api_routes

VENDORS_OWN = frozenset({"proposed_by", "approved_by"})


class TierSerializer(serializers.ModelSerializer):
    class Meta:
        model = Tier
        fields = (
            "id",
            "name",
            "rank",
            "description",
            "discount",
            "rebate_rate",
            "lead_priority",
            "support_level",
            "requirements",
        )


class StandingSerializer(serializers.ModelSerializer):
    """Where a partner stands. `progress` is 0..1 towards the next tier, `missing` what it still asks, in words."""

    tier_name = serializers.CharField(source="tier.name", read_only=True)
    missing = serializers.SerializerMethodField()

    class Meta:
        model = TierStanding
        fields = (
            "id",
            "partner",
            "tier",
            "tier_name",
            "held_since",
            "reached_tier",
            "next_tier",
            "progress",
            "missing",
            "evaluated_at",
        )

    def get_missing(self, standing: TierStanding) -> str:
        found = progress_of(standing, self.context["request"]._request.tenant.currency)
        return found.gap if found else ""


class EntrySerializer(serializers.ModelSerializer):
    """One ledger entry. `amount` and `base` are minor units of `currency`."""

    class Meta:
        model = LedgerEntry
        fields = (
            "id",
            "partner",
            "deal",
            "plan",
            "plan_version",
            "tier",
            "kind",
            "amount",
            "currency",
            "base",
            "rate",
            "exchange_rate",
            "occurred_on",
            "booked_on",
            "payable_on",
            "explanation",
            "created_at",
        )

    def to_representation(self, instance: LedgerEntry) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if self.context["request"]._request.membership.is_partner:
            shown["explanation"] = for_partner(shown["explanation"])
        return shown


def for_partner(explanation: dict[str, Any]) -> dict[str, Any]:
    """An entry's explanation without what is of others: who decided, and what a pool's partners have won together.

    Where fewer than five share it, the own amount is all that is told: with the pool or the part, it would tell of others.
    """
    kept = {name: value for name, value in explanation.items() if name not in VENDORS_OWN}
    if "pool" in kept:
        kept.pop("total", None)
        if few_share(kept["pool"]):
            kept["pool"] = {"by": kept["pool"]["by"]}
            kept.pop("inputs", None)
    return kept


class TierViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """The programme's tiers, with what they give and ask."""

    serializer_class = TierSerializer
    permissions: ClassVar[dict[str, str]] = {
        "list": "incentives.view_tiers",
        "retrieve": "incentives.view_tiers",
    }
    queryset = Tier.objects.none()

    def get_queryset(self) -> QuerySet[Tier]:
        return Tier.objects.all()


class StandingFilter(django_filters.FilterSet):
    partner = django_filters.UUIDFilter(field_name="partner_id")
    tier = django_filters.UUIDFilter(field_name="tier_id")

    class Meta:
        model = TierStanding
        fields = ("partner", "tier")


class StandingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """Which tier each partner holds and how far the next one is; for a partner its own."""

    serializer_class = StandingSerializer
    permissions: ClassVar[dict[str, str]] = {
        "list": "incentives.view_standing",
        "retrieve": "incentives.view_standing",
    }
    filterset_class = StandingFilter
    queryset = TierStanding.objects.none()

    def get_queryset(self) -> QuerySet[TierStanding]:
        return tiers.standings(self.membership)


class EntryViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, TenantViewSet):
    """The ledger; for a partner its own entries."""

    serializer_class = EntrySerializer
    filterset_class = EntryFilter
    permissions: ClassVar[dict[str, str]] = {
        "list": "incentives.view_ledger",
        "retrieve": "incentives.view_ledger",
    }
    queryset = LedgerEntry.objects.none()

    def get_queryset(self) -> QuerySet[LedgerEntry]:
        return ledger.entries(self.membership)


def register() -> None:
    api_routes.register("tiers", TierViewSet, basename="tier")
    api_routes.register("tier-standings", StandingViewSet, basename="tier-standing")
    api_routes.register("ledger-entries", EntryViewSet, basename="ledger-entry")

"""Tells matching which deals protect a customer or ask to."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from partners.deals.enums import WAITING_STATUSES, RegistrationStatus
from partners.deals.models import Deal
from partners.matching.registry import Claim, claim_source


def claims(customers: Collection[UUID]) -> list[Claim]:
    """Protected and submitted deals on these customers."""
    protected = Q(status=RegistrationStatus.APPROVED, protection__contains=timezone.now())
    deals = Deal.objects.filter(
        Q(status__in=WAITING_STATUSES) | protected, customer_id__in=list(customers)
    ).select_related("partner", "customer", "product")
    return [
        Claim(
            deal,
            customer_id=deal.customer_id,
            partner_id=deal.partner_id,
            family_id=deal.family_id,
            is_protected=deal.status == RegistrationStatus.APPROVED,
        )
        for deal in deals.order_by("submitted_at", "pk")
        if deal.customer_id
    ]


claim_source(claims)

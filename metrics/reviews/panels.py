"""What managers find on their home page: alerts of their partners, and reviews that are due."""

from typing import Any

from django.db.models import Exists, OuterRef, Q

from metrics.periods import PeriodKind, calendar_of
from metrics.reviews.models import Alert, Review
from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from portal.accounts.models import Membership

SHOWN = 5


def open_alerts(membership: Membership) -> dict[str, Any] | None:
    """The newest open alerts of the portfolio, without those kept quiet. One query."""
    today = calendar_of(membership.tenant).today()
    alerts = (
        Alert.objects.filter(closed_at=None, partner__manager_id=membership.pk)
        .filter(Q(snoozed_until=None) | Q(snoozed_until__lte=today))
        .select_related("rule", "partner")[:SHOWN]
    )
    return {"alerts": list(alerts)}


def reviews_due(membership: Membership) -> dict[str, Any] | None:
    """Active partners of the portfolio without a held review of the quarter that has ended. One query."""
    period = calendar_of(membership.tenant).current(PeriodKind.QUARTER).previous()
    held = Review.objects.filter(partner=OuterRef("pk"), period_start=period.start).exclude(held_on=None)
    due = (
        Partner.objects.filter(manager_id=membership.pk, status=PartnerStatus.ACTIVE)
        .filter(~Exists(held))
        .order_by("name")[:SHOWN]
    )
    return {"due": list(due), "period": period}

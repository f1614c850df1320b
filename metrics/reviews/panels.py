"""What managers find on their home page: alerts of their partners, and reviews that are due."""

from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from metrics.periods import PeriodKind, calendar_of
from metrics.reviews.models import Alert, Review
from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared

SHOWN = 5


def open_alerts(membership: Membership) -> dict[str, Any] | None:
    """The newest open alerts of the portfolio, without those kept quiet. One query."""
    return {"alerts": _alerts(membership, calendar_of(membership.tenant).today())}


@prepared
def _alerts(membership: Membership, today: date) -> QuerySet[Alert]:
    rows = Alert.objects.filter(closed_at=None, partner__manager_id=membership.pk)
    awake = rows.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=today))
    return awake.select_related("rule", "partner").only("partner__name", "rule__name")[:SHOWN]


def reviews_due(membership: Membership) -> dict[str, Any] | None:
    """Active partners of the portfolio without a held review of the quarter that has ended. One query."""
    period = calendar_of(membership.tenant).current(PeriodKind.QUARTER).previous()
    return {"due": _due(membership, period.start), "period": period}


@prepared
def _due(membership: Membership, start: date) -> QuerySet[Partner]:
    held = Review.objects.filter(partner=OuterRef("pk"), period_start=start).exclude(held_on=None)
    due = Partner.objects.filter(manager_id=membership.pk, status=PartnerStatus.ACTIVE).filter(~Exists(held))
    return due.only("name").order_by("name")[:SHOWN]

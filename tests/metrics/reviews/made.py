"""Scorecards that say what a test of goals, alerts and reviews needs."""

from django.utils import timezone

from metrics import actions as metrics
from metrics.models import Scorecard, SubjectKind
from metrics.periods import Period
from partners.directory.models import Partner
from portal.tenancy.models import Tenant


def recompute(tenant: Tenant) -> None:
    metrics.ensure_default_template(tenant)
    metrics.recompute_everything()


def set_revenue(partner: Partner, period: Period, revenue: int) -> None:
    """A scorecard of the period that says so."""
    Scorecard.objects.update_or_create(
        subject_kind=SubjectKind.PARTNER,
        subject_key=str(partner.pk),
        period_kind=period.kind,
        period_start=period.start,
        defaults={
            "partner": partner,
            "partner_type": partner.type,
            "region": partner.region,
            "coverage": 1,
            "facts": {"revenue_won": revenue},
            "breakdown": {},
            "computed_at": timezone.now(),
        },
    )

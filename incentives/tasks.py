"""Thin wrappers for the workers."""

from celery import shared_task

from incentives.ledger.actions import announce_payable
from incentives.refresh import refresh_all
from metrics.periods import calendar_of
from portal.tenancy.models import current_tenant
from portal.tenancy.tasks import TenantTask


@shared_task(base=TenantTask, name="incentives.nightly", queue="bulk")
def nightly(*, tenant_id: str) -> None:
    """The safety net: every partner's tier and ledger, whatever events may have missed."""
    refresh_all(tiers=True, ledger=True)
    announce_payable(calendar_of(current_tenant()).today())

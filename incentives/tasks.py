"""Thin wrappers for the workers."""

from celery import shared_task

from incentives.refresh import refresh_all
from portal.tenancy.tasks import TenantTask


@shared_task(base=TenantTask, name="incentives.nightly", queue="bulk")
def nightly(*, tenant_id: str) -> None:
    """The safety net: every partner's tier and ledger, whatever events may have missed."""
    refresh_all(tiers=True, ledger=True)

"""Thin wrappers for the workers."""

from celery import shared_task

from incentives.funds.actions import forfeit_due, give_budgets
from metrics.periods import calendar_of
from portal.tenancy.models import current_tenant
from portal.tenancy.tasks import TenantTask


@shared_task(base=TenantTask, name="funds.nightly", queue="bulk")
def nightly(*, tenant_id: str) -> None:
    """Give the budgets of new periods, and close those whose time to claim is over."""
    calendar = calendar_of(current_tenant())
    give_budgets(calendar)
    forfeit_due(calendar)

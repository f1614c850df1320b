"""Thin wrappers for the workers."""

from celery import shared_task
from django.utils import timezone

from portal.reports.actions import send_due
from portal.reports.queries import tenants_due
from portal.tenancy.tasks import TenantTask


@shared_task(name="reports.sweep")
def sweep() -> None:
    """Beat calls this every minute: whose reports are due?"""
    for tenant_id in tenants_due(timezone.now()):
        send.delay(tenant_id=str(tenant_id))


@shared_task(base=TenantTask, name="reports.send")
def send(*, tenant_id: str) -> None:
    send_due()

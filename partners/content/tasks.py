"""Background work of the library."""

from celery import shared_task

from partners.content.audience import refresh
from portal.tenancy.tasks import TenantTask


@shared_task(base=TenantTask, name="content.refresh_audience")
def refresh_audience(*, tenant_id: str) -> None:
    refresh()

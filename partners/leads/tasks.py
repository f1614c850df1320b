"""Background work of leads."""

from celery import shared_task
from django.utils import timezone

from partners.leads import actions
from portal.tenancy.tasks import TenantTask

BATCH = 500


@shared_task(base=TenantTask, name="leads.move_on")
def move_on(*, tenant_id: str) -> None:
    """Move on the offers nobody answered in time; what is left over comes with the next message."""
    if actions.move_on_due(timezone.now(), limit=BATCH) == BATCH:
        move_on.delay(tenant_id=tenant_id)

"""Background work of deals."""

from celery import shared_task
from django.utils import timezone

from partners.deals import actions
from portal.tenancy.tasks import TenantTask

BATCH = 500


@shared_task(base=TenantTask, name="deals.expire")
def expire(*, tenant_id: str) -> None:
    """Expire registrations whose protection has ended; what is left over comes with the next message."""
    if actions.expire_due(timezone.now(), limit=BATCH) == BATCH:
        expire.delay(tenant_id=tenant_id)

"""Background work of deals."""

from celery import shared_task
from django.utils import timezone

from partners.deals import actions
from portal.tenancy.models import current_tenant
from portal.tenancy.tasks import TenantTask

BATCH = 500


@shared_task(base=TenantTask, name="deals.expire")
def expire(*, tenant_id: str) -> None:
    """Expire registrations whose protection has ended; what is left over comes with the next message."""
    if actions.expire_due(timezone.now(), limit=BATCH) == BATCH:
        expire.delay(tenant_id=tenant_id)


@shared_task(base=TenantTask, name="deals.remind")
def remind(*, tenant_id: str) -> None:
    """Record what is due to be answered and which protections end soon; what is left over comes with the next round."""
    now = timezone.now()
    actions.remind(now, current_tenant(), limit=BATCH)
    actions.warn_of_end(now, limit=BATCH)

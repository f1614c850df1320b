from uuid import UUID

from celery import shared_task

from portal.events import dispatch as dispatcher
from portal.tenancy.tasks import TenantTask


@shared_task(base=TenantTask, name="events.dispatch")
def dispatch(*, tenant_id: str) -> None:
    """Dispatch a tenant's pending events; a scope a batch, so that each batch commits by itself."""
    dispatcher.dispatch_pending(UUID(tenant_id))


dispatch.scoped = False


@shared_task(name="events.sweep")
def sweep() -> None:
    """Find what a lost message left behind."""
    for tenant_id in dispatcher.pending_tenants():
        dispatch.delay(tenant_id=str(tenant_id))


@shared_task(base=TenantTask, name="events.take_up_again")
def take_up_again(*, tenant_id: str) -> None:
    """Once a night, what no consumer took in time."""
    dispatcher.take_up_again()

from functools import partial
from uuid import UUID

from celery import shared_task
from django.db import transaction

from metrics import actions, closing
from metrics.models import DirtyTenant
from metrics.wake import TASK, send
from portal.tenancy.tasks import TenantTask

BUSY_PAUSE = 0.3


@shared_task(base=TenantTask, name=TASK)
def recompute_dirty(*, tenant_id: str) -> None:
    """One batch of dirty partners; then again while there are more, a little later while another run is at work."""
    result = actions.recompute_dirty()
    if result.busy or result.more:
        transaction.on_commit(partial(send, UUID(tenant_id), BUSY_PAUSE if result.busy else None))


@shared_task(base=TenantTask, name="metrics.nightly", queue="bulk")
def nightly(*, tenant_id: str) -> None:
    """Lock what is due; then the safety net: every open period of every partner, as a job."""
    closing.lock_due_periods()
    actions.start_full_recompute()


@shared_task(name="metrics.sweep")
def sweep() -> None:
    """Find the dirty partners that a lost message left behind."""
    for tenant_id in DirtyTenant.objects.order_by().values_list("tenant_id", flat=True).distinct():
        send(tenant_id)

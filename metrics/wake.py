"""Waking a worker for dirty partners. The rows are the truth and the message only a hint."""

from uuid import UUID

import structlog
from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from metrics.models import DirtyTenant
from portal.tenancy.scope import current_tenant_id

log = structlog.get_logger(__name__)
TASK = "metrics.recompute_dirty"


class _WakeUp:
    def __init__(self, tenant_id: UUID):
        self.tenant_id = tenant_id

    def __call__(self) -> None:
        send(self.tenant_id)


def send(tenant_id: UUID, countdown: float | None = None) -> None:
    """Ask a worker to recompute the tenant's dirty partners, after `countdown` seconds."""
    try:
        current_app.send_task(TASK, kwargs={"tenant_id": str(tenant_id)}, countdown=countdown)
    except OperationalError:
        log.warning("broker_unreachable", tenant=str(tenant_id), consequence="the sweep will recompute")


def wake_on_commit() -> None:
    """Note the tenant for the sweep and send one message once the transaction commits."""
    tenant_id = current_tenant_id()
    for _sids, callback, _robust in connection.run_on_commit:
        if isinstance(callback, _WakeUp) and callback.tenant_id == tenant_id:
            return
    DirtyTenant.objects.create(tenant_id=tenant_id)
    transaction.on_commit(_WakeUp(tenant_id))

"""Celery tasks that run for one tenant."""

from typing import Any
from uuid import UUID

import structlog
from celery import Task, current_app, shared_task

from portal.tenancy.models import tenant_ids
from portal.tenancy.scope import tenant_scope


class TenantTask(Task):
    """Base of a task that works for one tenant: it opens the scope, and with it the transaction.

    Arguments are primitive: `tenant_id` and, where the work is one partner's, `partner_id`, as strings.
    Set `scoped = False` on a task that opens its own scopes, one a chunk.
    """

    scoped = True

    def __call__(self, *args: Any, tenant_id: str, **kwargs: Any) -> Any:
        with structlog.contextvars.bound_contextvars(task=self.name, tenant=tenant_id):
            if not self.scoped:
                return super().__call__(*args, tenant_id=tenant_id, **kwargs)
            with tenant_scope(UUID(tenant_id)):
                return super().__call__(*args, tenant_id=tenant_id, **kwargs)


@shared_task(name="tenancy.for_each_tenant")
def for_each_tenant(task: str) -> None:
    """Send `task` once for each tenant; what beat's entries call."""
    for tenant_id in tenant_ids():
        current_app.send_task(task, kwargs={"tenant_id": str(tenant_id)})

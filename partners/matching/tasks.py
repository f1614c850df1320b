"""What workers do for matching."""

import time
from uuid import UUID

from celery import shared_task

from partners.matching.actions import index_some_missing
from portal.tenancy.scope import tenant_scope
from portal.tenancy.tasks import TenantTask

WORKING_TIME = 5


@shared_task(base=TenantTask, name="matching.index", queue="bulk")
def index(*, tenant_id: str) -> None:
    """Give keys to what has none: what an import brought, and at night what no event has named.

    A chunk a transaction, for some seconds; what is left comes with the next message.
    """
    until = time.monotonic() + WORKING_TIME
    while time.monotonic() < until:
        with tenant_scope(UUID(tenant_id)):
            if not index_some_missing():
                return
    index.apply_async(kwargs={"tenant_id": tenant_id})


index.scoped = False

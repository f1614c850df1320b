"""What workers do for matching."""

from celery import shared_task

from partners.matching.actions import index_missing
from portal.tenancy.tasks import TenantTask


@shared_task(base=TenantTask, name="matching.index")
def index(*, tenant_id: str) -> None:
    """The safety net: keys of companies that no event has spoken of."""
    index_missing()

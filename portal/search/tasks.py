from celery import shared_task

from portal.search.index import add_everything_missing
from portal.tenancy.tasks import TenantTask


@shared_task(base=TenantTask, name="search.index", queue="bulk")
def index(*, tenant_id: str) -> None:
    """The safety net: what no event has named, such as titles that an import brought."""
    add_everything_missing()

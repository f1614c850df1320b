"""Background work of the directory."""

from celery import shared_task
from django.utils import timezone

from partners.directory.merging.actions import bring_the_rest
from portal.tenancy.tasks import TenantTask


@shared_task(base=TenantTask, name="directory.bring_the_rest")
def bring_what_came_late(*, tenant_id: str) -> None:
    bring_the_rest(timezone.now())

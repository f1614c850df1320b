"""Background work of files."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from portal.files import actions
from portal.tenancy.tasks import TenantTask


@shared_task(base=TenantTask, name="files.clean_up")
def clean_up(*, tenant_id: str) -> None:
    actions.clean_up(UUID(tenant_id), timezone.now())

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from portal.imports import actions
from portal.tenancy.tasks import TenantTask

KEPT_FOR = timedelta(days=90)


@shared_task(base=TenantTask, name="imports.forget_old", queue="bulk")
def forget_old(*, tenant_id: str) -> int:
    """Delete files and rows of imports that nobody has touched for a quarter; their results stay."""
    return actions.forget_old(timezone.now() - KEPT_FOR)

"""The nightly round, at night where each tenant is."""

from datetime import timedelta

from celery import current_app, shared_task
from django.utils import timezone

from portal.shell.models import IdempotencyKey
from portal.shell.registry import nightly_tasks
from portal.tenancy.models import Tenant
from portal.tenancy.tasks import TenantTask

NIGHTLY_HOUR = 2
ANSWERS_KEPT = timedelta(days=1)


@shared_task(name="shell.nightly")
def nightly() -> None:
    """Beat calls this every hour; the tenants where it is two at night get their nightly tasks."""
    now = timezone.now()
    for tenant in Tenant.objects.order_by("id"):
        if now.astimezone(tenant.zone).hour == NIGHTLY_HOUR:
            send_nightly(tenant)


def send_nightly(tenant: Tenant) -> None:
    for task in nightly_tasks():
        current_app.send_task(task, kwargs={"tenant_id": str(tenant.pk)})


@shared_task(base=TenantTask, name="shell.forget_idempotency_keys")
def forget_idempotency_keys(*, tenant_id: str) -> None:
    """Answers to repeated POSTs are kept for a day."""
    IdempotencyKey.objects.filter(created_at__lt=timezone.now() - ANSWERS_KEPT).delete()

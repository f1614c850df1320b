"""The nightly round, at night where each tenant is."""

from datetime import timedelta

from celery import current_app, shared_task
from django.core.cache import cache
from django.utils import timezone

from portal.shell.models import IdempotencyKey
from portal.shell.registry import nightly_tasks
from portal.tenancy.models import Tenant
from portal.tenancy.tasks import TenantTask

NIGHTLY_HOUR = 2
A_DAY = 60 * 60 * 25
ANSWERS_KEPT = timedelta(days=1)


@shared_task(name="shell.nightly")
def nightly() -> None:
    """Beat calls this every hour; each tenant gets its nightly tasks once a day, from two at night there.

    Not at two exactly: in spring that hour does not exist, and a beat that was down must not skip a night.
    """
    now = timezone.now()
    for tenant in Tenant.objects.order_by("id"):
        local = now.astimezone(tenant.zone)
        done = f"shell.nightly:{tenant.pk}:{local.date()}"
        # Marked when all is sent: what is interrupted is sent again in the next hour, and a task may run twice.
        if local.hour >= NIGHTLY_HOUR and not cache.get(done):
            send_nightly(tenant)
            cache.set(done, True, A_DAY)


def send_nightly(tenant: Tenant) -> None:
    for task in nightly_tasks():
        current_app.send_task(task, kwargs={"tenant_id": str(tenant.pk)})


@shared_task(base=TenantTask, name="shell.forget_idempotency_keys")
def forget_idempotency_keys(*, tenant_id: str) -> None:
    """Answers to repeated POSTs are kept for a day."""
    IdempotencyKey.objects.filter(created_at__lt=timezone.now() - ANSWERS_KEPT).delete()

"""Thin wrappers for the workers."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from portal.tenancy.tasks import TenantTask
from portal.webhooks.delivering import send_task, tenants_due
from portal.webhooks.models import Attempt, Delivery
from portal.webhooks.working import post_due

KEPT = timedelta(days=30)
FORGOTTEN_AT_ONCE = 5000


@shared_task(name="webhooks.sweep")
def sweep() -> None:
    """Beat calls this every few seconds: whose webhooks are due?"""
    for tenant_id in tenants_due(timezone.now()):
        send_task(tenant_id)


@shared_task(base=TenantTask, name="webhooks.post", queue="bulk", soft_time_limit=13)
def post(*, tenant_id: str) -> None:
    """Post what is due of a tenant; a scope a step, so that none is open meanwhile."""
    if post_due(UUID(tenant_id)):
        send_task(UUID(tenant_id))


post.scoped = False


@shared_task(base=TenantTask, name="webhooks.forget")
def forget(*, tenant_id: str) -> None:
    """Each night, what was posted longer than a month ago; so many at once, and a message for the rest."""
    old = Delivery.objects.filter(created_at__lt=timezone.now() - KEPT).order_by("created_at")
    keys = list(old.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
    Attempt.objects.filter(delivery_id__in=keys).delete()
    Delivery.objects.filter(pk__in=keys).delete()
    if len(keys) == FORGOTTEN_AT_ONCE:
        forget.delay(tenant_id=tenant_id)

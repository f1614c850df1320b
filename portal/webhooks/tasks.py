"""Thin wrappers for the workers."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from portal.tenancy.tasks import TenantTask
from portal.webhooks.delivering import send_task, tenants_due
from portal.webhooks.models import Delivery
from portal.webhooks.working import post_due

KEPT = timedelta(days=30)


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
    """Each night, what was posted longer than a month ago."""
    Delivery.objects.filter(created_at__lt=timezone.now() - KEPT).delete()

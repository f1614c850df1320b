"""Thin wrappers for the workers."""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from portal.notifications.letters import tenants_due
from portal.notifications.models import Letter, Notification
from portal.notifications.post import post_due
from portal.tenancy.tasks import TenantTask

KEPT = timedelta(days=365)


@shared_task(name="notifications.sweep")
def sweep() -> None:
    """Beat calls this every few seconds: whose letters are due?"""
    for tenant_id in tenants_due(timezone.now()):
        post.delay(tenant_id=str(tenant_id))


@shared_task(base=TenantTask, name="notifications.post")
def post(*, tenant_id: str) -> None:
    """Send a tenant's due letters; a scope a step, so that each step commits by itself."""
    if post_due(UUID(tenant_id)):
        post.delay(tenant_id=tenant_id)


post.scoped = False


@shared_task(base=TenantTask, name="notifications.forget")
def forget(*, tenant_id: str) -> None:
    """What was told longer than a year ago is on the timelines."""
    old = timezone.now() - KEPT
    Notification.objects.filter(created_at__lt=old).delete()
    Letter.objects.filter(created_at__lt=old).delete()

"""Thin wrappers for the workers."""

from uuid import UUID

from celery import shared_task

from portal.people.letters import post_due
from portal.tenancy.tasks import TenantTask


@shared_task(base=TenantTask, name="people.post")
def post(*, tenant_id: str) -> None:
    """Send the due invitations; a scope a step, so that each step commits by itself."""
    if post_due(UUID(tenant_id), limit=2) == 2:
        post.delay(tenant_id=tenant_id)


post.scoped = False

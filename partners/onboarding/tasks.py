"""Background work of applications and onboarding: thin wrappers."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from partners.onboarding.applications.actions import forget_unconfirmed
from partners.onboarding.applications.letters import post_due
from portal.tenancy.tasks import TenantTask

BATCH = 500


@shared_task(base=TenantTask, name="onboarding.post")
def post(*, tenant_id: str) -> None:
    """Send the due letters to applicants; a scope a step, so that each step commits by itself."""
    if post_due(UUID(tenant_id), limit=5) == 5:
        post.delay(tenant_id=tenant_id)


post.scoped = False


@shared_task(base=TenantTask, name="onboarding.forget_unconfirmed")
def forget(*, tenant_id: str) -> None:
    """Remove what nobody confirmed; what is left over comes with the next message."""
    if forget_unconfirmed(timezone.now(), limit=BATCH) == BATCH:
        forget.delay(tenant_id=tenant_id)

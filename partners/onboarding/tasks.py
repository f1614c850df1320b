"""Background work of applications and onboarding: thin wrappers."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from partners.onboarding.applications.actions import forget_unconfirmed
from partners.onboarding.applications.letters import post_due
from partners.onboarding.documents.actions import warn_of_ends
from partners.onboarding.plans.actions import remind
from portal.tenancy.models import current_tenant
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


@shared_task(base=TenantTask, name="onboarding.remind")
def remind_of_what_is_due(*, tenant_id: str) -> None:
    """Tell of steps that are due and of documents that run out; what is left over comes with the next message."""
    today = timezone.localdate(timezone=current_tenant().zone)
    if BATCH in (remind(today, limit=BATCH), warn_of_ends(today, limit=BATCH)):
        remind_of_what_is_due.delay(tenant_id=tenant_id)

"""Background work of engagement."""

from celery import shared_task
from django.utils import timezone

from partners.engagement import actions
from portal.tenancy.models import current_tenant
from portal.tenancy.tasks import TenantTask

BATCH = 500


@shared_task(base=TenantTask, name="engagement.nightly")
def nightly(*, tenant_id: str) -> None:
    """Invite who has come to an audience, and remind of events and follow-ups; what is left over comes again."""
    actions.invite_missing()
    now = timezone.now()
    today = timezone.localdate(now, current_tenant().zone)
    reminded = actions.remind_of_follow_ups(today, limit=BATCH)
    if BATCH in (reminded, actions.remind_of_gatherings(now, limit=BATCH)):
        nightly.delay(tenant_id=tenant_id)

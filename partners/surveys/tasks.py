"""Background work of surveys."""

from uuid import UUID

from celery import shared_task

from partners.surveys import actions
from portal.tenancy.tasks import TenantTask


class SendingTask(TenantTask):
    """Opens its own scopes: a letter is handed over outside of a transaction."""

    scoped = False


@shared_task(base=SendingTask, name="surveys.send")
def send(*, tenant_id: str) -> None:
    """Send the invitations and reminders that are due; what is left over comes with the next message."""
    if actions.send_due(UUID(tenant_id)):
        send.delay(tenant_id=tenant_id)

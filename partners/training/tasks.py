"""Background work of training."""

from celery import shared_task
from django.utils import timezone

from partners.training import actions
from partners.training.actions.warnings import remind_of_duties, warn_of_expiry
from portal.tenancy.models import current_tenant
from portal.tenancy.tasks import TenantTask

BATCH = 500


@shared_task(base=TenantTask, name="training.nightly")
def nightly(*, tenant_id: str) -> None:
    """Who must have what today, and what is said of it; what is left over comes with the next message."""
    today = timezone.localdate(timezone=current_tenant().zone)
    actions.refresh_duties(today)
    warned, reminded = warn_of_expiry(today, limit=BATCH), remind_of_duties(today, limit=BATCH)
    if BATCH in (warned, reminded):
        nightly.delay(tenant_id=tenant_id)

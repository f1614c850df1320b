from celery import shared_task

from metrics.reviews.alerts import evaluate_alerts
from metrics.reviews.goals import follow_goals
from portal.shell.registry import nightly as every_night
from portal.tenancy.tasks import TenantTask


@shared_task(base=TenantTask, name="metrics.reviews.nightly", queue="bulk")
def nightly(*, tenant_id: str) -> None:
    """What an event has missed, and what only the calendar brings: a new period that compares."""
    follow_goals()
    evaluate_alerts()


every_night("metrics.reviews.nightly")

from uuid import UUID

from celery import shared_task

from portal.jobs import runner
from portal.jobs.queries import tenants_with_active_jobs
from portal.tenancy.tasks import TenantTask


@shared_task(base=TenantTask, name="jobs.run_chunk", queue="bulk")
def run_chunk(*, tenant_id: str, job_id: str) -> None:
    """One chunk, then a message for the next."""
    ids = UUID(tenant_id), UUID(job_id)
    if runner.do_chunk(*ids):
        runner.send_chunk(*ids, pause=runner.pause_before_next(*ids))


run_chunk.scoped = False


@shared_task(name="jobs.sweep")
def sweep() -> None:
    """Send again the chunks that a lost message or a killed worker left behind."""
    for tenant_id in tenants_with_active_jobs():
        runner.restart_stale(tenant_id)

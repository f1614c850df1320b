"""Writes on jobs. Handlers call `advance`; the runner calls the rest."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.jobs.enums import JobState
from portal.jobs.models import ActiveJob, Job


def create_job(
    kind: str,
    *,
    title: str,
    by: Membership | None,
    total: int = 0,
    payload: dict[str, Any] | None = None,
) -> Job:
    """A job that `runner.start` sends to the workers, or `runner.run_inline` runs here."""
    job = Job.objects.create(kind=kind, title=title, created_by=by, total=total, payload=payload or {})
    ActiveJob.objects.create(tenant_id=job.tenant_id, job_id=job.pk)
    return job


def advance(
    job: Job, *, done: int, cursor: dict[str, Any], message: str = "", total: int | None = None
) -> None:
    """Save the progress of a chunk, within the chunk's transaction."""
    job.done, job.cursor, job.message = done, cursor, message
    if total is not None:
        job.total = total
    job.save(update_fields=["done", "cursor", "message", "total"])


def finish(job: Job, result: dict[str, Any] | None = None) -> None:
    job.result = {**job.result, **(result or {})}
    _end(job, JobState.DONE)


def fail(job: Job, error: str) -> None:
    job.error = error[:4000]
    _end(job, JobState.FAILED)


def cancel(job: Job, *, by: Membership) -> Job:
    """Stop a job before its next chunk; what earlier chunks wrote stays."""
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if job.has_ended:
            raise ActionRefused(_("This has ended already."))
        job.message = _("Stopped by %(name)s") % {"name": by.name}
        _end(job, JobState.CANCELLED)
    return job


def _end(job: Job, state: JobState) -> None:
    job.state, job.finished_at = state, timezone.now()
    job.save(update_fields=["state", "finished_at", "message", "result", "error"])
    ActiveJob.objects.filter(job_id=job.pk).delete()

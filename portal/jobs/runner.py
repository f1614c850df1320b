"""Runs jobs chunk by chunk, one message a chunk, so that no message outlasts the visibility timeout."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from time import sleep
from uuid import UUID

import structlog
from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError as BrokerError

from portal.errors import ActionRefused
from portal.jobs import actions
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.tenancy.scope import current_tenant_id, tenant_scope

log = structlog.get_logger(__name__)

Handler = Callable[[Job], bool]
_handlers: dict[str, Handler] = {}

STALE_AFTER = timedelta(seconds=20)
MAX_ATTEMPTS = 5
# A deadlock, a lost connection, two that insert at once, a busy machine: what another attempt may get over.
HEALING = (OperationalError, InterfaceError, IntegrityError, SoftTimeLimitExceeded)
# With a chunk's own time it stays below the visibility timeout.
LONGEST_PAUSE = 2.0  # seconds
MAX_RESTARTS = 20  # more than an hour of them


def job_handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does one chunk of a kind of job.

    It is called in the tenant's scope with the locked job, works for a few seconds at most, calls
    `actions.advance`, and returns whether there is more to do. When it returns False the job is finished;
    it may call `actions.finish` itself to give a result. An ActionRefused ends the job with its message.
    """

    def register(handler: Handler) -> Handler:
        if kind in _handlers:
            raise ValueError(f"There is a handler for {kind!r} already.")
        _handlers[kind] = handler
        return handler

    return register


def start(job: Job) -> None:
    """Send the job's first chunk to a worker once the transaction commits."""
    transaction.on_commit(partial(send_chunk, current_tenant_id(), job.pk))


def run_inline(job: Job) -> Job:
    """Run a job to its end in this process, a transaction a chunk; for commands. Call outside a scope.

    A worker that the sweep has called may do some of the chunks; then this waits for it.
    """
    assert job.tenant_id is not None
    while True:
        more = do_chunk(job.tenant_id, job.pk)
        with tenant_scope(job.tenant_id):
            job = Job.objects.get(pk=job.pk)
        if job.has_ended:
            return job
        if not more:
            sleep(0.2)


def do_chunk(tenant_id: UUID, job_id: UUID) -> bool:
    """Do one chunk in one transaction; returns whether there is more.

    Two workers that got the same message do not both work: the second finds the row locked.
    """
    try:
        with tenant_scope(tenant_id):
            job = Job.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=job_id).first()
            if job is None or job.has_ended:
                return False
            now = timezone.now()
            job.state, job.started_at, job.heartbeat_at = JobState.RUNNING, job.started_at or now, now
            job.attempts = 0
            job.save(update_fields=["state", "started_at", "heartbeat_at", "attempts"])
            more = _handlers[job.kind](job)
            if not more and not job.has_ended:
                actions.finish(job)
            return more
    except ActionRefused as refusal:
        _end_badly(tenant_id, job_id, str(refusal.message))
        return False
    except Exception as error:
        log.exception("job_chunk_failed", job=str(job_id))
        return _count_failure(tenant_id, job_id, error)


def pause_before_next(tenant_id: UUID, job_id: UUID) -> float:
    """In seconds: none after a chunk that got through, and longer with each attempt that failed."""
    with tenant_scope(tenant_id):
        attempts = Job.objects.values_list("attempts", flat=True).get(pk=job_id)
    return min(0.25 * 2**attempts, LONGEST_PAUSE) if attempts else 0.0


def restart_stale(tenant_id: UUID) -> int:
    """Send again what a lost message or a killed worker left lying; returns how many jobs.

    Each call is taken for a sign of life and the next one waits longer, so that a queue that is merely long
    does not fill with messages. A chunk that gets through sets the count back; one that kills its worker
    each time ends its job.
    """
    now = timezone.now()
    sent = 0
    with tenant_scope(tenant_id):
        unlocked = Job.objects.select_for_update(of=("self",), skip_locked=True)
        for job in unlocked.filter(state__in=[JobState.QUEUED, JobState.RUNNING]):
            if (job.heartbeat_at or job.created_at) > now - STALE_AFTER * (1 + job.attempts):
                continue
            if job.attempts >= MAX_RESTARTS:
                actions.fail(job, _("The work was interrupted too often and has been given up."))
                continue
            job.attempts, job.heartbeat_at = job.attempts + 1, now
            job.save(update_fields=["attempts", "heartbeat_at"])
            transaction.on_commit(partial(send_chunk, tenant_id, job.pk))
            sent += 1
    return sent


def _count_failure(tenant_id: UUID, job_id: UUID, error: Exception) -> bool:
    """Try a chunk again a few times where that can help; the rest fails at once.

    While the database is away this raises as well, and the sweep sends the chunk again.
    """
    with tenant_scope(tenant_id):
        job = Job.objects.select_for_update(of=("self",)).get(pk=job_id)
        if job.has_ended:
            return False
        job.attempts += 1
        job.save(update_fields=["attempts"])
        if isinstance(error, HEALING) and job.attempts < MAX_ATTEMPTS:
            return True
        if isinstance(error, SoftTimeLimitExceeded):
            actions.fail(
                job, _("One step of the work took too long each time it was tried. Nothing of it was kept.")
            )
        else:
            actions.fail(job, f"{type(error).__name__}: {error}")
        return False


def _end_badly(tenant_id: UUID, job_id: UUID, message: str) -> None:
    with tenant_scope(tenant_id):
        job = Job.objects.select_for_update(of=("self",)).get(pk=job_id)
        if not job.has_ended:
            actions.fail(job, message)


def send_chunk(tenant_id: UUID, job_id: UUID, pause: float = 0.0) -> None:
    """Ask a worker of the queue for long work to do the job's next chunk, after some seconds' pause."""
    try:
        current_app.send_task(
            "jobs.run_chunk",
            kwargs={"tenant_id": str(tenant_id), "job_id": str(job_id)},
            queue="bulk",
            countdown=pause or None,
        )
    except BrokerError:
        log.warning("broker_unreachable", job=str(job_id), consequence="the sweep will send it")

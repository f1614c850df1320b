from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import DataError, OperationalError
from django.utils import timezone

from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.jobs import actions, runner
from portal.jobs.enums import JobState
from portal.jobs.models import ActiveJob, Job
from portal.jobs.queries import tenants_with_active_jobs
from portal.jobs.tasks import run_chunk
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory

KIND = "test.partners"
CHUNK = 3


def make_partners(job: Job) -> bool:
    """Makes `total` partners, three a chunk."""
    stop = min(job.done + CHUNK, job.total)
    for number in range(job.done, stop):
        PartnerFactory(name=f"made {number}")
    if job.payload.get("fail_at") is not None and job.done <= job.payload["fail_at"] < stop:
        raise ValueError("broken row")
    actions.advance(job, done=stop, cursor={"next": stop})
    return stop < job.total


@pytest.fixture(autouse=True)
def handler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_handlers", {**runner._handlers, KIND: make_partners})


def new_job(tenant: Tenant, **payload: object) -> Job:
    with tenant_scope(tenant.pk):
        return actions.create_job(KIND, title="Make partners", by=None, total=8, payload=payload)


def made(tenant: Tenant) -> int:
    with tenant_scope(tenant.pk):
        return PartnerFactory._meta.model.objects.filter(name__startswith="made").count()


def test_a_job_runs_to_its_end_in_chunks(tenant: Tenant):
    job = new_job(tenant)
    assert [runner.do_chunk(tenant.pk, job.pk) for _ in range(3)] == [True, True, False]
    with tenant_scope(tenant.pk):
        job.refresh_from_db()
    assert (job.state, job.done, job.percent, made(tenant)) == (JobState.DONE, 8, 100, 8)
    assert tenants_with_active_jobs() == []


def test_a_message_for_an_ended_job_does_nothing(tenant: Tenant):
    job = runner.run_inline(new_job(tenant))
    assert runner.do_chunk(tenant.pk, job.pk) is False
    assert made(tenant) == 8


def test_a_chunk_that_fails_leaves_nothing_and_the_job_says_why(tenant: Tenant):
    job = runner.run_inline(new_job(tenant, fail_at=4))
    assert (job.state, job.error, job.done, made(tenant)) == (JobState.FAILED, "ValueError: broken row", 3, 3)
    assert not ActiveJob.objects.exists()


def test_a_refusal_ends_the_job_with_its_message(tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    def refuse(job: Job) -> bool:
        raise ActionRefused("The period is locked.")

    monkeypatch.setitem(runner._handlers, KIND, refuse)
    job = runner.run_inline(new_job(tenant))
    assert (job.state, job.error) == (JobState.FAILED, "The period is locked.")


def test_a_lost_database_is_left_to_the_sweep(tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    def lose_connection(*args: object) -> bool:
        raise OperationalError("server closed the connection")

    monkeypatch.setitem(runner._handlers, KIND, lose_connection)
    monkeypatch.setattr(runner, "_count_failure", lose_connection)
    job = new_job(tenant)
    with pytest.raises(OperationalError):
        runner.do_chunk(tenant.pk, job.pk)
    with tenant_scope(tenant.pk):
        job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert tenants_with_active_jobs() == [tenant.pk]


@pytest.mark.parametrize("error", [OperationalError("deadlock detected"), SoftTimeLimitExceeded()])
def test_a_chunk_that_may_heal_is_tried_again(
    error: Exception, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    failures = [error] * (runner.MAX_ATTEMPTS - 1)

    def fail_first(job: Job) -> bool:
        if failures:
            raise failures.pop()
        return make_partners(job)

    monkeypatch.setitem(runner._handlers, KIND, fail_first)
    job = runner.run_inline(new_job(tenant))
    assert (job.state, job.attempts, made(tenant)) == (JobState.DONE, 0, 8)


def test_attempts_come_after_longer_and_longer_pauses(tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    failures = [OperationalError("deadlock detected")] * (runner.MAX_ATTEMPTS - 1)
    pauses: list[float] = []

    def fail_first(job: Job) -> bool:
        if failures:
            raise failures.pop()
        return make_partners(job)

    monkeypatch.setitem(runner._handlers, KIND, fail_first)
    monkeypatch.setattr(runner, "send_chunk", lambda tenant_id, job_id, pause=0.0: pauses.append(pause))
    job = new_job(tenant)
    for _message in range(runner.MAX_ATTEMPTS + 1):
        run_chunk(tenant_id=str(tenant.pk), job_id=str(job.pk))
    assert pauses == [0.5, 1.0, 2.0, 2.0, 0.0, 0.0]


def test_what_no_attempt_can_mend_ends_the_job_at_once(tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    def fail(job: Job) -> bool:
        raise DataError("value too long")

    monkeypatch.setitem(runner._handlers, KIND, fail)
    job = runner.run_inline(new_job(tenant))
    assert (job.state, job.error, job.attempts) == (JobState.FAILED, "DataError: value too long", 1)


def test_a_chunk_that_never_succeeds_ends_the_job(tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    def fail(job: Job) -> bool:
        raise OperationalError("no space left on device")

    monkeypatch.setitem(runner._handlers, KIND, fail)
    job = runner.run_inline(new_job(tenant))
    assert (job.state, job.attempts) == (JobState.FAILED, runner.MAX_ATTEMPTS)
    assert "no space left" in job.error


def test_only_a_silent_job_is_sent_again(tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    sent: list[object] = []
    monkeypatch.setattr(runner, "send_chunk", lambda tenant_id, job_id: sent.append(job_id))
    job = new_job(tenant)
    assert runner.restart_stale(tenant.pk) == 0
    with tenant_scope(tenant.pk):
        Job.objects.update(heartbeat_at=timezone.now() - runner.STALE_AFTER - timedelta(seconds=1))
    assert runner.restart_stale(tenant.pk) == 1
    runner.run_inline(job)
    assert runner.restart_stale(tenant.pk) == 0


def test_a_cancelled_job_does_no_further_chunk(tenant: Tenant, admin: Membership):
    job = new_job(tenant)
    runner.do_chunk(tenant.pk, job.pk)
    with tenant_scope(tenant.pk):
        actions.cancel(job, by=admin)
    assert runner.do_chunk(tenant.pk, job.pk) is False
    assert made(tenant) == 3
    with tenant_scope(tenant.pk), pytest.raises(ActionRefused):
        actions.cancel(job, by=admin)


def test_a_job_that_kills_its_worker_each_time_is_given_up(tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runner, "send_chunk", lambda tenant_id, job_id: None)
    job = new_job(tenant)
    long_ago = timezone.now() - timedelta(days=1)
    sent = 0
    for _sweep in range(runner.MAX_RESTARTS + 2):
        with tenant_scope(tenant.pk):
            Job.objects.update(heartbeat_at=long_ago)
        sent += runner.restart_stale(tenant.pk)
    with tenant_scope(tenant.pk):
        job.refresh_from_db()
    assert (sent, job.state) == (runner.MAX_RESTARTS, JobState.FAILED)
    assert "given up" in job.error


def test_a_job_that_waits_in_a_long_queue_is_called_less_and_less_often(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(runner, "send_chunk", lambda tenant_id, job_id: None)
    new_job(tenant)
    with tenant_scope(tenant.pk):
        Job.objects.update(heartbeat_at=timezone.now() - runner.STALE_AFTER)
    assert [runner.restart_stale(tenant.pk), runner.restart_stale(tenant.pk)] == [1, 0]
    with tenant_scope(tenant.pk):
        Job.objects.update(heartbeat_at=timezone.now() - runner.STALE_AFTER)
    assert runner.restart_stale(tenant.pk) == 0

"""A message is a hint: it may come twice, to two workers at once, or never."""

import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import UUID

import pytest
from celery import current_app
from django.db import connection

from metrics.actions import ensure_default_template, mark_dirty, recompute_periods, start_full_recompute
from metrics.models import DirtyPartner, Scorecard
from metrics.periods import Period
from metrics.tasks import recompute_dirty
from portal.events import consumers
from portal.events.dispatch import dispatch_pending
from portal.events.models import Event, PendingTenant
from portal.events.record import EventDraft, record_many
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import PartnerFactory, won_deal
from tests.reliability.processes import ROOT, Portal, wait_for

TODAY = date.today()  # noqa: DTZ011 (the vendor's time zone is UTC, as the tests')


def in_two_threads(work: object) -> list[object]:
    """Call `work` at the same moment on two connections."""
    gate = threading.Barrier(2)

    def call() -> object:
        try:
            gate.wait(10)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return [future.result() for future in [pool.submit(call), pool.submit(call)]]


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_hand_over_each_event_once(vendor: Tenant, monkeypatch: pytest.MonkeyPatch):
    handed: Counter[UUID] = Counter()
    counting = threading.Lock()

    def consume(events: list[Event]) -> None:
        with counting:
            handed.update(event.pk for event in events)

    monkeypatch.setattr(consumers, "_consumers", {})
    consumers.subscribe("test.*", name="test.count", consumer=consume)
    with tenant_scope(vendor.pk):
        partner = PartnerFactory()
        recorded = record_many(EventDraft("test.happened", partner) for _ in range(1200))
    in_two_threads(lambda: dispatch_pending(vendor.pk))
    # What one had locked, the other has skipped; a sweep would come back for it.
    dispatch_pending(vendor.pk)
    assert handed == {event.pk: 1 for event in recorded}
    assert not PendingTenant.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_message_that_comes_again_changes_nothing(vendor: Tenant):
    with tenant_scope(vendor.pk):
        ensure_default_template(vendor)
        partner = PartnerFactory()
        won_deal(partner, 5_000_00, TODAY)
        mark_dirty([(partner.pk, TODAY)])
    seen = []
    for _ in range(2):
        recompute_dirty.apply(kwargs={"tenant_id": str(vendor.pk)}, throw=True)
        with tenant_scope(vendor.pk):
            cards = Scorecard.objects.order_by("pk").values_list("pk", "score", "computed_at")
            seen.append((list(cards), Event.objects.filter(type="scorecards.updated").count()))
    assert seen[0] == seen[1]
    assert seen[0][0]
    assert seen[0][1] == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_recompute_the_same_partner_one_after_the_other(vendor: Tenant):
    with tenant_scope(vendor.pk):
        ensure_default_template(vendor)
        partners = PartnerFactory.create_batch(5)
        for partner in partners:
            won_deal(partner, 5_000_00, TODAY)
        mark_dirty((partner.pk, TODAY) for partner in partners)
    in_two_threads(lambda: recompute_dirty.apply(kwargs={"tenant_id": str(vendor.pk)}, throw=True))
    with tenant_scope(vendor.pk):
        assert not DirtyPartner.objects.exists()
        assert Event.objects.filter(type="scorecards.updated").count() == 5
        stored = Scorecard.objects.values_list("period_kind", "period_start").distinct()
        periods = [Period.parse(f"{kind}:{start}") for kind, start in stored]
        assert recompute_periods(periods).changed.rows == 0


@pytest.mark.slow
def test_a_chunk_whose_message_is_doubled_is_done_once(running: Portal, vendor: Tenant):
    with tenant_scope(vendor.pk):
        ensure_default_template(vendor)
        for partner in PartnerFactory.create_batch(2, joined_on=TODAY - timedelta(days=700)):
            won_deal(partner, 5_000_00, TODAY - timedelta(days=650))
        job = start_full_recompute()
    for _ in range(3):
        current_app.send_task(
            "jobs.run_chunk", kwargs={"tenant_id": str(vendor.pk), "job_id": str(job.pk)}, queue="bulk"
        )
    assert running.broker.messages("bulk") == 4
    running.worker("default", "bulk", concurrency=2)

    def ended() -> bool:
        with tenant_scope(vendor.pk):
            return Job.objects.get(pk=job.pk).has_ended

    wait_for(ended, seconds=30)
    wait_for(lambda: running.broker.messages("bulk") == 0, seconds=10)
    with tenant_scope(vendor.pk):
        job = Job.objects.get(pk=job.pk)
        assert (job.state, job.error, job.done) == (JobState.DONE, "", job.total)
        told = Counter(
            (event.partner_id, key)
            for event in Event.objects.filter(type="scorecards.updated")
            for key in event.data["periods"]
        )
        assert set(told.values()) == {1}
        assert len(told) == Scorecard.objects.filter(subject_kind="partner").count()


def test_no_polars_thread_runs_before_a_worker_forks():
    """Celery forks its processes after loading the portal. A thread pool does not live through a fork: a child would
    wait for it for ever."""
    script = """
import os, portal.celery, django
django.setup()
portal.celery.app.loader.import_default_modules()
print(*(open(f"/proc/self/task/{task}/comm").read().strip() for task in os.listdir("/proc/self/task")), sep="\\n")
if os.fork() == 0:
    from metrics.evaluation import evaluate_facts
    print(evaluate_facts({"revenue_won": 100, "deals_won": 2}, ["average_deal_size"]), flush=True)
    os._exit(0)
os.wait()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    lines = done.stdout.splitlines()
    # Threads of the pool are called polars-0, polars-1 ...
    assert [line for line in lines if line.removeprefix("polars-").isdigit()] == []
    assert "{'average_deal_size': 50.0}" in lines

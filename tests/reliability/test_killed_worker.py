"""A worker that dies by SIGKILL in the middle of a chunk: another one finishes, nothing double, nothing lost.

No beat runs here: the message that the dead worker held must come back by itself.
"""

import csv
import io
from collections import Counter
from datetime import date, timedelta

import pytest
import redis

from metrics.actions import all_chunks, ensure_default_template, recompute_periods, start_full_recompute
from metrics.models import Scorecard
from metrics.periods import Period
from partners.deals.models import Deal
from portal.accounts.enums import Role
from portal.events.models import Event
from portal.imports import actions as imports
from portal.imports.models import ImportRun
from portal.jobs.enums import JobState
from portal.jobs.models import ActiveJob, Job
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from tests.factories import CustomerFactory, PartnerFactory, ProductFactory, make_member, won_deal
from tests.reliability.processes import CHUNKS_WRITTEN, Portal, Process, wait_for

pytestmark = pytest.mark.slow

# From the moment that a worker is back.
RECOVERY_SECONDS = 30
TODAY = date.today()  # noqa: DTZ011 (the vendor's time zone is UTC, as the tests')


def kill_in_chunk(number: int, running: Portal, worker: Process) -> None:
    """SIGKILL once that chunk has written and not yet committed."""
    broker = redis.Redis(port=running.broker.port)
    wait_for(lambda: int(broker.get(CHUNKS_WRITTEN) or 0) >= number, seconds=30)
    worker.kill()


def finish(running: Portal, tenant: Tenant, job_id: object) -> tuple[Job, float]:
    """The job after a new worker has ended it, and the seconds that took from its start on."""

    def ended() -> bool:
        with tenant_scope(tenant.pk):
            return Job.objects.get(pk=job_id).has_ended

    running.worker("default", "bulk")
    seconds = wait_for(ended, seconds=RECOVERY_SECONDS, pause=0.2)
    with tenant_scope(tenant.pk):
        return Job.objects.get(pk=job_id), seconds


def test_a_full_recompute_outlives_its_worker(running: Portal, vendor: Tenant, record_property):
    with tenant_scope(vendor.pk):
        ensure_default_template(vendor)
        for partner in PartnerFactory.create_batch(3, joined_on=TODAY - timedelta(days=500)):
            for days in (5, 40, 200, 390, 480):
                won_deal(partner, 5_000_00 + days, TODAY - timedelta(days=days))
        chunks = all_chunks()
    worker = running.worker("default", "bulk", app="tests.reliability.slowed")
    with tenant_scope(vendor.pk):
        job = start_full_recompute()
    kill_in_chunk(2, running, worker)
    with tenant_scope(vendor.pk):
        half = Job.objects.get(pk=job.pk)
        assert (half.state, half.done) == (JobState.RUNNING, 1)
        assert Scorecard.objects.exists()

    job, seconds = finish(running, vendor, job.pk)

    record_property("seconds", round(seconds, 1))
    assert (job.state, job.error, job.done, job.total) == (JobState.DONE, "", len(chunks), len(chunks))
    assert not ActiveJob.objects.exists()
    with tenant_scope(vendor.pk):
        periods = [Period.parse(key) for chunk in chunks for key in chunk]
        told = Counter(
            (event.partner_id, key)
            for event in Event.objects.filter(type="scorecards.updated")
            for key in event.data["periods"]
        )
        cards = Scorecard.objects.filter(subject_kind="partner").values_list(
            "partner_id", "period_kind", "period_start"
        )
        assert told == {(partner_id, f"{kind}:{start}"): 1 for partner_id, kind, start in cards}
        assert len(told) == 3 * len(periods)
        assert recompute_periods(periods).changed.rows == 0


@pytest.mark.parametrize("all_or_nothing", [False, True])
def test_an_import_outlives_its_worker(
    running: Portal, vendor: Tenant, record_property, all_or_nothing: bool
):
    """In steps, what was written before the kill stays; all or nothing, nobody sees a row before the end."""
    count = 25_000
    with tenant_scope(vendor.pk):
        admin = make_member(Role.ADMIN)
        partner, customer, product = PartnerFactory(), CustomerFactory(), ProductFactory()
        content = deals_file(count, partner.name, customer.name, product.name)
        run = imports.start_run(by=admin, target="deals", file_name="deals.csv", content=content)
        run = imports.map_columns(run, by=admin, mapping=run.options["mapping"], inline=True)
        assert run.counts == {"create": count, "change": 0, "skip": 0, "refuse": 0}
    worker = running.worker("default", "bulk", app="tests.reliability.slowed")
    with tenant_scope(vendor.pk):
        run = imports.commit_run(run, by=admin, all_or_nothing=all_or_nothing)
    if all_or_nothing:
        # It has only two chunks: the numbers, and everything else.
        redis.Redis(port=running.broker.port).incr(CHUNKS_WRITTEN)
    kill_in_chunk(3, running, worker)
    with tenant_scope(vendor.pk):
        half = Job.objects.get(pk=run.job_id)
        assert half.state == JobState.RUNNING
        assert half.done == Deal.objects.count() == (0 if all_or_nothing else 5_000)

    job, seconds = finish(running, vendor, run.job_id)

    record_property("seconds", round(seconds, 1))
    assert (job.state, job.error, job.done, job.total) == (JobState.DONE, "", count, count)
    with tenant_scope(vendor.pk):
        run = ImportRun.objects.get(pk=run.pk)
        assert (run.state, run.result["created"], run.result["changed"]) == ("done", count, 0)
        ids = Deal.objects.values_list("external_id", flat=True)
        assert sorted(ids) == sorted(f"D{number}" for number in range(count))
        assert len(set(Deal.objects.values_list("number", flat=True))) == count
        told = Event.objects.filter(type="deals.imported", partner_id=partner.pk)
        assert sum(event.data["count"] for event in told) == count


def deals_file(count: int, partner: str, customer: str, product: str) -> bytes:
    """A CSV file of won deals, one day after the other."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(
        ["opportunity_id", "partner", "account", "product", "stage", "engage_date", "close_date", "value"]
    )
    for number in range(count):
        closed = TODAY - timedelta(days=number % 300)
        rows.writerow(
            [
                f"D{number}",
                partner,
                customer,
                product,
                "Won",
                closed - timedelta(days=30),
                closed,
                f"{100 + number}.50",
            ]
        )
    return text.getvalue().encode()

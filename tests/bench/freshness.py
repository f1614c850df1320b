"""From the commit of a won deal to the new score being served: real worker, real web server, real broker."""

import http.client
import json
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.db.models import QuerySet
from django.utils import timezone

from metrics.actions import JOB_KIND, start_full_recompute
from metrics.models import Scorecard
from metrics.periods import PeriodKind, calendar_of
from partners.deals.actions import win
from partners.deals.models import Deal
from portal.events.models import Event
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.tenancy.scope import tenant_scope
from tests.bench.data import RECENT, Vendor, compute_history
from tests.bench.measure import Figure, percentile, seconds
from tests.bench.pages import signed_in
from tests.reliability.processes import portal

if TYPE_CHECKING:
    from tests.bench.run import Bench

WINS = 25
WARM = 3
REVENUE = 777_00
GIVE_UP_SECONDS = 30
TENANTS = 50


def freshness(bench: "Bench") -> Iterable[Figure]:
    vendor = bench.large
    compute_history(vendor.tenant)
    deals = _open_deals(vendor, WINS + WARM)
    with tempfile.TemporaryDirectory() as folder, portal(Path(folder)) as running:
        running.worker("default", concurrency=2)
        _web, address = running.web(workers=2)
        taken = [_win_and_wait(vendor, deal, address) for deal in deals][WARM:]
    served = [each.served for each in taken]
    middle, last = percentile(served, 0.5), percentile(served, 0.95)
    found = Figure("freshness", last, 2.0, last / 2.0, 1, "the 2 s that p95 may take")
    found.notes.append(
        f"p50={middle:.3f}s p95={last:.3f}s of {len(taken)} wins, {vendor.partners:,} partners"
    )
    found.explain = partial(_stages, taken)
    yield found


def fairness(bench: "Bench") -> Iterable[Figure]:
    """50 tenants, two of them large and computed in full meanwhile: how long a small one's score takes to follow."""
    large = [bench.large, bench.small]
    small = [bench.tiny(number) for number in range(TENANTS - len(large))]
    deals = [(vendor, _open_deals(vendor, 1)[0]) for vendor in small[: WINS + WARM]]
    with tempfile.TemporaryDirectory() as folder, portal(Path(folder)) as running:
        running.worker("default", concurrency=2)
        running.worker("bulk", concurrency=1)
        _web, address = running.web(workers=2)
        served, busy = [], 0
        for vendor, deal in deals:
            _keep_busy(large)
            served.append(_win_and_wait(vendor, deal, address).served)
            busy += any(_is_under_way(each) for each in large)
        for vendor in large:
            with tenant_scope(vendor.tenant.pk):
                _runs().update(state=JobState.CANCELLED)
        taken = served[WARM:]
    last = percentile(taken, 0.95)
    found = Figure("fairness", last, 2.0, last / 2.0, 1, "the 2 s that p95 may take")
    found.notes.append(
        f"p50={percentile(taken, 0.5):.3f}s p95={last:.3f}s of {len(taken)} wins in as many of {TENANTS} tenants, while"
        f" {large[0].partners:,} and {large[1].partners:,} partners were computed in full over and over; {busy} of"
        f" {len(deals)} times a run was still under way when the score was there"
    )
    yield found


def _keep_busy(vendors: list[Vendor]) -> None:
    """A full run of each is under way: a new one where the last has ended."""
    for vendor in vendors:
        with tenant_scope(vendor.tenant.pk):
            start_full_recompute(by=vendor.admin)


def _is_under_way(vendor: Vendor) -> bool:
    with tenant_scope(vendor.tenant.pk):
        return _runs().exists()


def _runs() -> QuerySet[Job]:
    return Job.objects.filter(kind=JOB_KIND, state__in=[JobState.QUEUED, JobState.RUNNING])


@dataclass(frozen=True)
class Taken:
    """Seconds from the commit until the event was dispatched, the recompute began and the score was served."""

    dispatched: float
    begun: float
    served: float


def _stages(taken: list[Taken]) -> str:
    """The medians of the stages, each from the commit on."""
    names = {
        "dispatched": "its event is dispatched",
        "begun": "its recompute begins",
        "served": "its score is served",
    }
    return "\n".join(
        f"#   freshness: {seconds(median(getattr(each, name) for each in taken))} until {what}"
        for name, what in names.items()
    )


def _open_deals(vendor: Vendor, count: int) -> list[Deal]:
    """Deals that can be won now, each of another partner."""
    with tenant_scope(vendor.tenant.pk):
        recent = calendar_of(vendor.tenant).today() - RECENT
        candidates = Deal.objects.filter(
            status="", stage__in=["engaging", "proposal"], customer__isnull=False, engaged_on__gt=recent
        )
        found: dict[object, Deal] = {}
        for deal in candidates.select_related("partner", "customer").order_by("pk")[: count * 50]:
            found.setdefault(deal.partner_id, deal)
        if len(found) < count:
            raise RuntimeError("The data set has too few open deals: make it anew with --fresh.")
        return list(found.values())[:count]


def _win_and_wait(vendor: Vendor, deal: Deal, address: str) -> Taken:
    calendar = calendar_of(vendor.tenant)
    period = calendar.current(PeriodKind.MONTH)
    with tenant_scope(vendor.tenant.pk):
        card = Scorecard.objects.get(
            subject_key=str(deal.partner_id), period_kind="month", period_start=period.start
        )
        wanted = card.facts.get("revenue_won", 0) + REVENUE
    browser = signed_in(vendor.manager)
    headers = {"Cookie": f"sessionid={browser.cookies['sessionid'].value}"}
    server = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    path = f"/{vendor.tenant.slug}/api/v1/scorecards/?partner={deal.partner_id}&period_start={period.start}&period_kind=month"
    with tenant_scope(vendor.tenant.pk):
        win(deal, by=vendor.admin, revenue=REVENUE, won_on=calendar.today())
    committed, moment = time.perf_counter(), timezone.now()
    while True:
        server.request("GET", path, headers=headers)
        answer = server.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}: {body[:300]!r}")
        if any(found["facts"].get("revenue_won") == wanted for found in json.loads(body)["results"]):
            return _taken(vendor, deal, moment, served=time.perf_counter() - committed)
        if time.perf_counter() - committed > GIVE_UP_SECONDS:
            raise RuntimeError("The score did not follow.")
        time.sleep(0.02)


def _taken(vendor: Vendor, deal: Deal, committed: datetime, *, served: float) -> Taken:
    with tenant_scope(vendor.tenant.pk):
        event = Event.objects.filter(subject_id=deal.pk, type="deal.won").latest("occurred_at")
        card = Scorecard.objects.filter(partner_id=deal.partner_id).latest("computed_at")
    dispatched = event.dispatched_at or timezone.now()
    return Taken(
        (dispatched - committed).total_seconds(), (card.computed_at - committed).total_seconds(), served
    )

"""Bringing tiers and ledger up to date for many partners: at once for few, as a job for many."""

import datetime as dt
from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from incentives.ledger.actions import collective_plans, post_collective, post_ledger
from incentives.plans.queries import published_terms
from incentives.tiers.actions import evaluate_tiers
from incentives.tiers.queries import tenant_in_scope
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.jobs.actions import advance, create_job
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.jobs.runner import job_handler, start

JOB_KIND = "incentives.refresh"
AT_ONCE = 200
CHUNK = 500
# A step ends well within a worker's time limit: about so many won deals are read, and so many entries posted.
DEALS = 10_000
POSTS = 2_000


def refresh_all(
    *, tiers: bool = False, ledger: bool = False, since: dt.date | None = None, by: Membership | None = None
) -> Job | None:
    """Evaluate every partner's tier and post every partner's ledger; returns the job where it became one."""
    total = Partner.objects.count()
    payload = {"tiers": tiers, "ledger": ledger, "since": str(since) if since else None}
    if total > AT_ONCE or (ledger and _won_deals().count() > DEALS):
        # One that has not begun will see what this one would; while a worker has it in hand it is locked.
        waiting = (
            Job.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(kind=JOB_KIND, state=JobState.QUEUED, payload=payload)
            .first()
        )
        if waiting is not None:
            return waiting
        job = create_job(
            JOB_KIND, title=_("Tiers and earnings of all partners"), by=by, total=total, payload=payload
        )
        start(job)
        return job
    ids = list(Partner.objects.order_by("pk").values_list("pk", flat=True))
    while _refresh(ids, payload):
        pass
    if ledger:
        post_collective(since=since)
    return None


@job_handler(JOB_KIND)
def refresh_chunk(job: Job) -> bool:
    """The next partners after the cursor: as many as a step can carry, or more entries of the same ones."""
    ids = _next_partners(job)
    if not ids:
        if job.payload["ledger"]:
            since = job.payload["since"]
            post_collective(since=dt.date.fromisoformat(since) if since else None)
        return False
    if not _refresh(ids, job.payload):
        advance(job, done=job.done + len(ids), cursor={"after": str(ids[-1])})
    return True


def _next_partners(job: Job) -> list[UUID]:
    if job.payload.get("shared"):
        return []
    rows = Partner.objects.order_by("pk")
    if job.payload.get("partners"):
        rows = rows.filter(pk__in=job.payload["partners"])
    if after := job.cursor.get("after"):
        rows = rows.filter(pk__gt=after)
    ids = list(rows.values_list("pk", flat=True)[:CHUNK])
    counts = _won_deals().filter(partner_id__in=ids).order_by().values_list("partner_id")
    deals = dict(counts.annotate(Count("id")))
    sums = accumulate(deals.get(pk, 0) for pk in ids)
    return [
        pk for number, (pk, total) in enumerate(zip(ids, sums, strict=True)) if not number or total <= DEALS
    ]


def post_earnings_of(partner_ids: Collection[UUID], *, since: dt.date) -> None:
    """Post what these partners earn: at once, or by a job where that is more than one step may do."""
    deals = _won_deals().filter(partner_id__in=partner_ids, closed_on__gte=since)
    if deals.count() <= DEALS and len(post_ledger(partner_ids, since=since, most=POSTS)) < POSTS:
        _post_shared(since)
        return
    ids = sorted(str(pk) for pk in partner_ids)
    payload = {"tiers": False, "ledger": True, "since": str(since), "partners": ids}
    start(create_job(JOB_KIND, title=_("Earnings of many deals"), by=None, total=len(ids), payload=payload))


def _post_shared(since: dt.date) -> None:
    """What partners earn together from a budget or a pool: at once, or by one job where many deals count."""
    if not collective_plans(published_terms(tenant_in_scope())):
        return
    if _won_deals().filter(closed_on__gte=since).count() <= DEALS:
        post_collective(since=since)
        return
    payload = {"tiers": False, "ledger": True, "since": str(since), "partners": [], "shared": True}
    waiting = Job.objects.filter(kind=JOB_KIND, state=JobState.QUEUED, payload=payload)
    if not waiting.exists():
        start(create_job(JOB_KIND, title=_("Plans with a budget or a pool"), by=None, payload=payload))


def _won_deals() -> QuerySet[Deal]:
    return Deal.objects.filter(stage=SalesStage.WON)


def _refresh(partner_ids: Sequence[UUID], payload: dict[str, Any]) -> bool:
    """Whether the ledger may have more to post than one step does."""
    # The ledger's locks come before the tiers', as in the dispatcher, so that the two never wait crosswise.
    if payload["ledger"]:
        since = payload["since"]
        day = dt.date.fromisoformat(since) if since else None
        if len(post_ledger(partner_ids, since=day, most=POSTS)) >= POSTS:
            return True
    if payload["tiers"]:
        evaluate_tiers(partner_ids)
    return False

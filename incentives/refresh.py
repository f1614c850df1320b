"""Bringing tiers and ledger up to date for many partners: at once for few, as a job for many."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from incentives.ledger.actions import post_ledger
from incentives.tiers.actions import evaluate_tiers
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.jobs.actions import advance, create_job
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.jobs.runner import job_handler, start

JOB_KIND = "incentives.refresh"
AT_ONCE = 200
CHUNK = 500


def refresh_all(
    *, tiers: bool = False, ledger: bool = False, since: dt.date | None = None, by: Membership | None = None
) -> Job | None:
    """Evaluate every partner's tier and post every partner's ledger; returns the job where it became one."""
    total = Partner.objects.count()
    payload = {"tiers": tiers, "ledger": ledger, "since": str(since) if since else None}
    if total > AT_ONCE:
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
    _refresh(list(Partner.objects.order_by("pk").values_list("pk", flat=True)), payload)
    return None


@job_handler(JOB_KIND)
def refresh_chunk(job: Job) -> bool:
    """The next partners after the cursor."""
    after = job.cursor.get("after")
    rows = Partner.objects.order_by("pk")
    if after:
        rows = rows.filter(pk__gt=after)
    ids = list(rows.values_list("pk", flat=True)[:CHUNK])
    if ids:
        _refresh(ids, job.payload)
        advance(job, done=job.done + len(ids), cursor={"after": str(ids[-1])})
    return len(ids) == CHUNK


def _refresh(partner_ids: Sequence[UUID], payload: dict[str, Any]) -> None:
    # The ledger's locks come before the tiers', as in the dispatcher, so that the two never wait crosswise.
    if payload["ledger"]:
        since = payload["since"]
        post_ledger(partner_ids, since=dt.date.fromisoformat(since) if since else None)
    if payload["tiers"]:
        evaluate_tiers(partner_ids)

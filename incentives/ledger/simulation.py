"""Simulating a plan's draft in a large programme: a job with progress, found again by what was typed."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from incentives.ledger.preview import Part, PlanPreview, Simulation, preview_plan
from incentives.plans.actions import VersionDraft
from incentives.plans.bands import Band
from incentives.plans.enums import BandMode, PlanBase, PlanForm
from incentives.plans.models import Plan
from incentives.plans.modifiers import dump, load
from metrics.periods import PeriodKind
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.jobs import runner
from portal.jobs.actions import advance, create_job, finish
from portal.jobs.enums import JobState
from portal.jobs.models import Job

JOB_KIND = "incentives.simulation"
# So many partners and won deals are simulated while the person waits, and so many partners in one step.
PARTNERS_AT_ONCE = 500
DEALS_AT_ONCE = 5_000
STEP = 100
# How long what was found may be shown again for the same draft.
FRESH = dt.timedelta(minutes=30)


def preview_or_job(plan: Plan, draft: VersionDraft, key: str, *, by: Membership) -> PlanPreview | Job:
    """The preview of a draft, or the job that makes it. `key` stands for all that was typed: asked again with the same,
    the job is the same, and once it is done there is the preview."""
    small = Partner.objects.count() <= PARTNERS_AT_ONCE
    if small and Deal.objects.filter(stage=SalesStage.WON).count() <= DEALS_AT_ONCE:
        return preview_plan(plan, draft)
    job = (
        Job.objects.filter(
            kind=JOB_KIND, payload__key=key, created_at__gte=timezone.now() - FRESH, created_by=by
        )
        .order_by("-id")
        .first()
    )
    if job is not None and job.state == JobState.DONE:
        return Simulation(plan, draft).preview(_parts(job.cursor))
    if job is None or job.has_ended:
        job = create_job(
            JOB_KIND,
            title=_("Simulation of “%(plan)s”") % {"plan": plan.name},
            by=by,
            total=Partner.objects.count(),
            payload={"key": key, "plan": _plan(plan), "draft": dump_draft(draft)},
        )
        runner.start(job)
    return job


@runner.job_handler(JOB_KIND)
def simulate_chunk(job: Job) -> bool:
    """Some more partners; all of them where they share a pool or a budget. Whether there are more."""
    said = job.payload["plan"]
    plan = Plan.objects.filter(pk=said["id"]).first()
    simulation = Simulation(plan or Plan(**said), load_draft(job.payload["draft"]))
    rows = Partner.objects.order_by("id").values_list("id", flat=True)
    if after := job.cursor.get("after"):
        rows = rows.filter(pk__gt=after)
    ids = list(rows if simulation.is_collective else rows[:STEP])
    if not ids:
        finish(job)
        return False
    part = simulation.of(ids)
    kept = {str(pk): sums for pk, sums in part.rows.items()}
    parts = [*job.cursor.get("parts", ()), {"rows": kept, "posts": part.posts, "others": part.others}]
    advance(job, done=job.done + len(ids), cursor={"after": str(ids[-1]), "parts": parts})
    return True


def _plan(plan: Plan) -> dict[str, str]:
    return {"id": str(plan.pk), "name": plan.name, "currency": plan.currency}


def _parts(cursor: Mapping[str, Any]) -> list[Part]:
    return [
        Part(
            {UUID(pk): (now, then) for pk, (now, then) in part["rows"].items()}, part["posts"], part["others"]
        )
        for part in cursor.get("parts", ())
    ]


def dump_draft(draft: VersionDraft) -> dict[str, Any]:
    """As JSON."""
    values = {field.name: getattr(draft, field.name) for field in fields(draft)}
    return values | {
        "starts_on": str(draft.starts_on),
        "ends_on": str(draft.ends_on) if draft.ends_on else None,
        "exchange_rate": str(draft.exchange_rate),
        "tier_ids": [str(pk) for pk in draft.tier_ids],
        "said": dump(draft.said),
        "bands": {
            str(tier_id): [[band.start, band.end, str(band.rate), band.amount] for band in bands]
            for tier_id, bands in draft.bands.items()
        },
    }


def load_draft(data: Mapping[str, Any]) -> VersionDraft:
    return VersionDraft(
        **{
            **data,
            "starts_on": dt.date.fromisoformat(data["starts_on"]),
            "ends_on": dt.date.fromisoformat(data["ends_on"]) if data["ends_on"] else None,
            "mode": BandMode(data["mode"]),
            "period": PeriodKind(data["period"]),
            "form": PlanForm(data["form"]),
            "base": PlanBase(data["base"]),
            "exchange_rate": Decimal(data["exchange_rate"]),
            "partner_types": tuple(data["partner_types"]),
            "regions": tuple(data["regions"]),
            "tier_ids": tuple(UUID(pk) for pk in data["tier_ids"]),
            "said": load(data["said"]),
            "bands": {
                UUID(tier_id): tuple(
                    Band(start, end, Decimal(rate), amount) for start, end, rate, amount in bands
                )
                for tier_id, bands in data["bands"].items()
            },
        }
    )

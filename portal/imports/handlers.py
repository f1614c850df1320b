"""What workers do for imports, a chunk a call."""

from typing import Any

from django.utils.translation import gettext as _

from portal.errors import ActionRefused
from portal.imports.actions import check_run, commit_part, finish_run, set_numbers_aside
from portal.imports.enums import RunState
from portal.imports.models import ImportRun
from portal.imports.problems import FileRefused
from portal.jobs.actions import advance, finish
from portal.jobs.models import Job
from portal.jobs.runner import job_handler
from portal.tenancy.sequences import SetAside


@job_handler("imports.check")
def check(job: Job) -> bool:
    """Checking takes seconds at the largest size that is let in, so it is one chunk."""
    run = _run_of(job)
    if run.state != RunState.CHECKING:
        return False
    try:
        run = check_run(run)
    except FileRefused as refusal:
        raise ActionRefused(refusal.message) from refusal
    rows = sum(run.counts.values())
    advance(job, done=rows, total=rows, cursor={"checked": True})
    return False


@job_handler("imports.commit")
def commit(job: Job) -> bool:
    """First the numbers, then one part a chunk; where all or nothing was asked, all parts in one transaction,
    so that nobody sees a part of it and nothing stays of what failed."""
    run = _run_of(job)
    if run.state != RunState.IMPORTING:
        return False
    cursor: dict[str, Any]
    if not job.cursor:
        numbers = set_numbers_aside(run)
        message = _("All rows are written in one step.") if run.all_or_nothing else ""
        cursor = {"part": 0, "created": 0, "changed": 0, "numbers": numbers.ranges}
        advance(job, done=0, cursor=cursor, message=message)
        return True
    cursor = job.cursor
    numbers = SetAside(cursor["numbers"])
    done = job.done
    while True:
        outcome = commit_part(run, job, cursor["part"], numbers)
        if outcome is None:
            break
        written, rows = outcome
        done += rows
        cursor = {
            "part": cursor["part"] + 1,
            "created": cursor["created"] + written.created,
            "changed": cursor["changed"] + written.changed,
            "numbers": numbers.ranges,
        }
        if done < job.total and not run.all_or_nothing:
            advance(job, done=done, cursor=cursor)
            return True
    advance(job, done=done, cursor=cursor)
    taken = run.counts["create"] + run.counts["change"]
    result = {
        "created": cursor["created"],
        "changed": cursor["changed"],
        # A row that another import wrote since the check is unchanged by now.
        "skipped": run.counts["skip"] + taken - cursor["created"] - cursor["changed"],
        "refused": run.counts["refuse"],
    }
    finish_run(run, result)
    finish(job, result)
    return False


def _run_of(job: Job) -> ImportRun:
    return (
        ImportRun.objects.select_for_update(of=("self",))
        .select_related("created_by")
        .get(pk=job.payload["run"])
    )

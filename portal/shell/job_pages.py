"""The pages of long work."""

from uuid import UUID

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from portal.accounts.access import requires
from portal.errors import ActionRefused
from portal.jobs import actions, queries
from portal.jobs.enums import JobState
from portal.jobs.models import Job
from portal.shell.addresses import turl
from portal.shell.lists import ListPage
from portal.shell.messages import say_refused
from portal.shell.tables import BadgeColumn, Column, DateColumn, LinkColumn, NumberColumn, Table

TONES = {
    JobState.RUNNING: ("info", "player-play"),
    JobState.DONE: ("success", "check"),
    JobState.FAILED: ("danger", "alert-triangle"),
}


class JobTable(Table):
    title = LinkColumn(_("What"), to="jobs:detail")
    state = BadgeColumn(_("State"), tones=TONES)
    done = NumberColumn(_("Done"))
    created_by = Column(
        _("Started by"), accessor="created_by__name", needs=["created_by__user"], orderable=False
    )
    created_at = DateColumn(_("Started"), time=True)
    finished_at = DateColumn(_("Ended"), time=True, phone=False)

    class Meta(Table.Meta):
        caption = _("Long work, newest first")


class JobList(ListPage):
    title = _("Jobs")
    subtitle = _("Imports and recalculations that run in the background.")
    table_class = JobTable
    permission = "jobs.view_job"
    export_name = "jobs"
    empty_icon = "player-play"
    empty_title = _("No job has run yet")
    empty_text = _("Imports and full recalculations appear here with their progress and their result.")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Job]:
        return queries.jobs()


@requires("jobs.view_job")
def detail(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    job = get_object_or_404(queries.jobs(), pk=pk)
    return render(request, "jobs/detail.html", {"title": job.title, "job": job})


@requires("jobs.view_job")
def progress(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """The progress component again; when the work has ended the page is to be loaded anew."""
    job = get_object_or_404(queries.jobs(), pk=pk)
    response = render(request, "components/job_progress.html", {"job": job})
    if job.has_ended:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@requires("jobs.cancel_job")
def cancel(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    job = get_object_or_404(Job, pk=pk)
    try:
        actions.cancel(job, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    return redirect(turl(request, "jobs:detail", job.pk))

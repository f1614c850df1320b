"""The pages of an import: upload, columns, check, import, done."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.access import requires
from portal.errors import ActionRefused
from portal.imports import actions, queries
from portal.imports.enums import Outcome, RunState
from portal.imports.forms import AnswersForm, ColumnsForm, UploadForm
from portal.imports.limits import current_limits
from portal.imports.models import ImportRun
from portal.imports.problems import FileRefused
from portal.imports.tables import RunTable
from portal.imports.targets import get_target
from portal.jobs.enums import JobState
from portal.shell.addresses import turl
from portal.shell.exports import csv_lines, csv_response, xlsx_response
from portal.shell.formats import number
from portal.shell.lists import Action, ListPage
from portal.shell.messages import add_refusal, say_refused
from portal.tenancy.scope import tenant_scope

PERMISSION = "imports.run_import"
form_methods = require_http_methods(["GET", "HEAD", "POST"])

STEPS = (
    gettext_lazy("Upload"),
    gettext_lazy("Columns"),
    gettext_lazy("Check"),
    gettext_lazy("Import"),
    gettext_lazy("Done"),
)
OUTCOME_LABELS = {
    Outcome.REFUSE: gettext_lazy("Refused"),
    Outcome.CREATE: gettext_lazy("To create"),
    Outcome.CHANGE: gettext_lazy("To change"),
    Outcome.SKIP: gettext_lazy("Unchanged"),
}
NOTES = {
    "cp1252": gettext_lazy(
        "The file is not UTF-8 and was read as Windows-1252. Look at names with accents before you go on."
    ),
    "headers": gettext_lazy("Some headings occur twice; a number was added to tell them apart."),
    "sheets": gettext_lazy("The workbook has several sheets; only the first one with rows is imported."),
}


class RunList(ListPage):
    title = gettext_lazy("Imports")
    subtitle = gettext_lazy("Partners, customers, deals, orders and all else that you have in files.")
    permission = PERMISSION
    table_class = RunTable
    search_fields = ("file_name",)
    export_name = "imports"
    search_label = gettext_lazy("Search by file name")
    actions = (Action(gettext_lazy("Import a file"), "imports:upload", "upload", PERMISSION, primary=True),)
    empty_icon = "file-import"
    empty_title = gettext_lazy("No file has been imported yet")
    empty_text = gettext_lazy("Bring in your partners first, then customers, products and deals.")
    empty_action = actions[0]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportRun]:
        return queries.runs().order_by("-id")


@form_methods
@requires(PERMISSION)
def upload(request: HttpRequest, tenant: str) -> HttpResponse:
    form = UploadForm(
        request.POST or None, request.FILES or None, initial={"target": request.GET.get("target", "")}
    )
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            run = actions.start_run(
                by=request.membership,
                target=form.cleaned_data["target"],
                file_name=file.name,
                content=file.read(),
            )
        except FileRefused as refusal:
            form.add_error("file", str(refusal.message))
        else:
            return redirect(turl(request, "imports:columns", run.pk))
    limits = current_limits()
    context = {
        "title": _("Import a file"),
        "steps": _steps(1),
        "form": form,
        "limits": limits,
        "max_rows": number(limits.max_rows),
    }
    return render(request, "imports/upload.html", context, status=422 if form.errors else 200)


@form_methods
@requires(PERMISSION)
def columns(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    run = _run(pk)
    form = ColumnsForm(run, request.tenant.currency, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            form.save(request.membership)
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            return redirect(turl(request, "imports:run", run.pk))
    context = {
        "title": _("Which column is what?"),
        "subtitle": _file_line(run),
        "steps": _steps(2),
        "run": run,
        "form": form,
        "notes": _notes(run),
        "target": get_target(run.target),
    }
    return render(request, "imports/columns.html", context, status=422 if form.errors else 200)


@require_safe
@requires(PERMISSION)
def run(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Where the import stands: its progress, what the check found, or what came of it."""
    found = _run(pk)
    if found.state == RunState.UPLOADED:
        return redirect(turl(request, "imports:columns", found.pk))
    if found.state == RunState.CHECKED:
        return _check_page(request, found)
    target = get_target(found.target)
    context: dict[str, Any] = {
        "title": found.file_name,
        "subtitle": target.label,
        "run": found,
        "target": target,
        "job": found.job,
        "failed": found.job is not None and found.job.state in (JobState.FAILED, JobState.CANCELLED),
        "steps": _steps({RunState.CHECKING: 3, RunState.IMPORTING: 4}.get(RunState(found.state), 5)),
    }
    return render(request, "imports/run.html", context)


def _check_page(request: HttpRequest, found: ImportRun, form: AnswersForm | None = None) -> HttpResponse:
    outcome = _outcome(request, found)
    page = request.GET.get("page", "1")
    preview = queries.preview(found, outcome, int(page) if page.isdecimal() and 0 < int(page) < 10**6 else 1)
    form = form or AnswersForm(found)
    counts = found.counts
    writes = counts["create"] + counts["change"]
    context = {
        "title": _("Check before importing"),
        "subtitle": _file_line(found),
        "steps": _steps(3),
        "run": found,
        "target": get_target(found.target),
        "notes": _notes(found),
        "counts": [
            {"label": label, "value": number(counts[key.value]), "key": key.value}
            for key, label in OUTCOME_LABELS.items()
        ],
        "warnings": [
            {**w, "count": number(w["count"]) if w["count"] else ""} for w in found.findings["warnings"]
        ],
        "problems": queries.problem_summary(found)[:8],
        "form": form,
        "tabs": [
            {
                "label": label,
                "url": f"?rows={key.value}#rows",
                "count": number(counts[key.value]),
                "active": key == outcome,
            }
            for key, label in OUTCOME_LABELS.items()
        ],
        "outcome": outcome.value,
        "preview": preview,
        "writes": writes,
        "all_or_nothing_rows": current_limits().all_or_nothing_rows,
        "undecided": form.is_undecided,
        "unanswered": [q for q in found.findings["dates"] if not q["answer"]],
        "created_names": sum(len(made) for made in found.findings["create"].values()),
    }
    return render(request, "imports/check.html", context, status=422 if form.errors else 200)


@require_POST
@requires(PERMISSION)
def answers(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _run(pk)
    if found.state != RunState.CHECKED:
        return redirect(turl(request, "imports:run", found.pk))
    form = AnswersForm(found, request.POST)
    if not form.is_valid():
        return _check_page(request, found, form)
    try:
        form.save(request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("Your choices were applied to all rows and will be remembered."))
    return redirect(turl(request, "imports:run", found.pk))


@require_POST
@requires(PERMISSION)
def check_again(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _run(pk)
    try:
        actions.check_again(found, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    return redirect(turl(request, "imports:run", found.pk))


@require_POST
@requires(PERMISSION)
def commit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _run(pk)
    try:
        actions.commit_run(
            found, by=request.membership, all_or_nothing=request.POST.get("all_or_nothing") == "on"
        )
    except ActionRefused as refusal:
        say_refused(request, refusal)
    return redirect(turl(request, "imports:run", found.pk))


@require_POST
@requires(PERMISSION)
def discard(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    try:
        actions.discard_run(_run(pk), by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
        return redirect(turl(request, "imports:run", pk))
    messages.success(request, _("The import was given up; nothing was changed."))
    return redirect(turl(request, "imports:list"))


@require_safe
@requires(PERMISSION)
def refused(request: HttpRequest, tenant: str, pk: UUID, form: str) -> HttpResponseBase:
    """The refused rows as a file like the one that came, with the reason behind each."""
    found = _run(pk)
    if form not in ("csv", "xlsx"):
        raise Http404
    name = f"refused-{get_target(found.target).key}"
    if form == "xlsx":
        header, rows = queries.refused_table(found)
        return xlsx_response(name, header, rows)
    return csv_response(name, _refused_lines(found, request.tenant.pk, translation.get_language() or "en"))


def _refused_lines(found: ImportRun, tenant_id: UUID, language: str) -> Iterator[str]:
    # The response is read after the request's scope has closed.
    with tenant_scope(tenant_id), translation.override(language):
        header, rows = queries.refused_table(found)
        yield from csv_lines(header, rows)


# --- helpers -----------------------------------------------------------------------------------


def _run(pk: UUID) -> ImportRun:
    return get_object_or_404(queries.runs(), pk=pk)


def _outcome(request: HttpRequest, found: ImportRun) -> Outcome:
    wanted = request.GET.get("rows", "")
    if wanted in Outcome.values:
        return Outcome(wanted)
    return next((outcome for outcome in OUTCOME_LABELS if found.counts[outcome.value]), Outcome.CREATE)


def _steps(current: int) -> list[dict[str, Any]]:
    return [
        {"label": label, "number": position, "done": position < current, "current": position == current}
        for position, label in enumerate(STEPS, start=1)
    ]


def _notes(found: ImportRun) -> list[str]:
    return [str(NOTES[note]) for note in found.reading["notes"] if note in NOTES]


def _file_line(found: ImportRun) -> str:
    rows = found.reading["rows"]
    if not found.reading["complete"] and found.state == RunState.UPLOADED:
        return found.file_name
    return _("%(file)s, %(rows)s rows") % {"file": found.file_name, "rows": number(rows)}

"""Pages of learning paths."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.pages import form_page
from partners.training import actions, forms, queries
from partners.training.enums import CourseStatus
from partners.training.models import Completion, Duty, Path
from partners.training.tables import STATUS_TONES, MyPathTable, PathTable
from portal.accounts.access import can, requires
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.lists import Action, ListPage
from portal.shell.messages import say_refused

form_methods = require_http_methods(["GET", "HEAD", "POST"])
SAID = {
    CourseStatus.PUBLISHED: gettext_lazy("Published. Partners see the path now."),
    CourseStatus.ARCHIVED: gettext_lazy("Archived. It is no longer offered; what was completed stays."),
}


class PathList(ListPage):
    title = gettext_lazy("Learning paths")
    subtitle = gettext_lazy("Courses in an order that lead somewhere.")
    permission = "training.view_course"
    search_fields = ("title", "summary")
    search_label = gettext_lazy("Search by title or subject")
    export_name = "paths"
    actions = (
        Action(
            gettext_lazy("Add a path"), "training:path_create", "plus", "training.change_course", primary=True
        ),
    )
    empty_icon = "route"
    empty_title = gettext_lazy("No learning paths yet")
    empty_text = gettext_lazy("A path puts courses in an order and ends, if you like, in a certificate.")

    def adapt_to(self, member: Membership) -> None:
        self.table_class = MyPathTable if member.is_partner else PathTable

    def get_queryset(self, request: HttpRequest) -> QuerySet[Path]:
        return queries.listed_paths(request.membership).order_by("title", "pk")

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"back_url": turl(request, "training:list"), "back_label": _("Training")}


@require_safe
@requires("training.view_course")
def detail(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    member = request.membership
    path = _path(member, pk)
    steps = queries.path_steps(path, member, timezone.localdate())
    done = Completion.objects.filter(path=path, member=member).order_by("-completed_on", "-pk").first()
    held = sum(step.is_valid for step in steps)
    context = {
        "title": path.title,
        "path": path,
        "tone": STATUS_TONES[CourseStatus(path.status)],
        "steps": steps,
        "held": held,
        "percent": 100 * held // len(steps) if steps else 0,
        "facts": _facts(path),
        "completion": done,
        "is_valid": done is not None and done.is_valid_on(timezone.localdate()),
        "due": Duty.objects.filter(path=path, member=member, ended_on=None).order_by("due_on").first(),
        "holder_count": queries.valid(path.completions.all(), timezone.localdate()).count()
        if member.is_vendor
        else None,
        "may_change": can(member, "training.change_course"),
        "may_take": can(member, "training.take_course") and path.is_published and held < len(steps),
        "may_enrol_others": can(member, "training.enrol_others") and path.is_published,
        "back_url": turl(request, "training:paths"),
        "back_label": _("Learning paths"),
    }
    return render(request, "training/path.html", context)


@form_methods
@requires("training.change_course")
def create(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        forms.PathForm(request.POST or None, by=request.membership),
        done=lambda path: (
            turl(request, "training:path", path.pk),
            _("Added as a draft. Publish it when it is ready."),
        ),
        context={
            "title": _("Add a path"),
            "back_url": turl(request, "training:paths"),
            "back_label": _("Learning paths"),
            "submit_label": _("Add the path"),
        },
    )


@form_methods
@requires("training.change_course")
def edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    path = get_object_or_404(Path, pk=pk)
    address = turl(request, "training:path", pk)
    return form_page(
        request,
        forms.PathForm(request.POST or None, by=request.membership, path=path),
        done=lambda saved: (address, _("Saved.")),
        context={"title": path.title, "back_url": address, "back_label": path.title},
    )


@require_POST
@requires("training.change_course")
def status(request: HttpRequest, tenant: str, pk: UUID, state: str) -> HttpResponse:
    if state not in SAID:
        raise Http404
    path = get_object_or_404(Path, pk=pk)
    try:
        actions.change_path_status(path, CourseStatus(state), by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, SAID[CourseStatus(state)])
    return redirect(turl(request, "training:path", pk))


@require_POST
@requires("training.take_course")
def enrol(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Begin the path: enrol in those of its courses that one does not hold."""
    member = request.membership
    path = _path(member, pk)
    try:
        for step in queries.path_steps(path, member, timezone.localdate()):
            if not step.is_valid:
                actions.enrol(step.course, member, by=member)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("You are enrolled in the courses of this path."))
    return redirect(turl(request, "training:path", pk))


@form_methods
@requires("training.enrol_others")
def enrol_others(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    path = _path(request.membership, pk)
    address = turl(request, "training:path", pk)
    courses = [step.course for step in path.steps.select_related("course")]
    form = forms.EnrolForm(
        request.POST or None,
        by=request.membership,
        courses=courses,
        people=queries.people(request.membership),
    )
    return form_page(
        request,
        form,
        done=lambda count: (address, _("Enrolled: %s.") % count),
        context={
            "title": _("Enrol people: %s") % path.title,
            "back_url": address,
            "back_label": path.title,
            "submit_label": _("Enrol them"),
        },
    )


def _path(member: Membership, pk: UUID) -> Path:
    return get_object_or_404(queries.visible_paths(member), pk=pk)


def _facts(path: Path) -> list[dict[str, Any]]:
    months = path.validity_months
    return [
        {
            "label": _("Certificate"),
            "value": _("Yes") if path.gives_certificate else _("No"),
            "hint": months and _("valid for %s months; then all courses are taken anew") % months,
        },
        {
            "label": _("Required"),
            "value": _("within %s days") % path.due_days if path.is_required else _("No"),
        },
    ]

"""Pages of views and their reports; for the vendor's people."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import models
from django.db.models import Min, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from portal.accounts.access import can, requires
from portal.errors import ActionRefused
from portal.reports import actions, queries
from portal.reports.forms import ScheduleForm, ViewForm
from portal.reports.models import SavedView, Schedule
from portal.reports.tables import ViewTable
from portal.shell.addresses import turl
from portal.shell.lists import ListPage, Preset
from portal.shell.messages import add_refusal
from portal.shell.reporting import ReportPage, report_page

form_methods = require_http_methods(["GET", "HEAD", "POST"])


class ViewList(ListPage):
    title = gettext_lazy("Views and reports")
    subtitle = gettext_lazy(
        "Pages with their filters, columns and period under a name, and who gets them by e-mail."
    )
    permission = "reports.view_view"
    table_class = ViewTable
    search_fields = ("name",)
    search_label = gettext_lazy("Search views")
    presets = (
        Preset(gettext_lazy("All")),
        Preset(gettext_lazy("Yours"), {"whose": "own"}),
        Preset(gettext_lazy("Of colleagues"), {"whose": "others"}),
    )
    empty_icon = "bookmark"
    empty_title = gettext_lazy("No views yet")
    empty_text = gettext_lazy(
        "Open a list or the portfolio analysis, set its filters, and choose “Keep this view”."
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[SavedView]:
        found = queries.visible_views(request.membership).annotate(
            next_at=Min("schedules__next_at", filter=Q(schedules__is_active=True))
        )
        whose = request.GET.get("whose", "")
        if whose == "own":
            return found.filter(owner_id=request.membership.pk)
        return found.exclude(owner_id=request.membership.pk) if whose == "others" else found


@require_GET
@requires("reports.view_view")
def open_view(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """To the page, as it was kept."""
    view = get_object_or_404(queries.visible_views(request.membership), pk=pk)
    page = _page(request, view.page)
    if page is None:
        messages.error(request, _("The page of this view is gone."))
        return redirect(turl(request, "reports:list"))
    return redirect(f"{turl(request, view.page)}?{view.query}")


@form_methods
@requires("reports.change_view")
def keep(request: HttpRequest, tenant: str) -> HttpResponse:
    """Keep the page that one comes from."""
    name = request.GET.get("page", "")
    page = _page(request, name)
    if page is None:
        if not name:
            return redirect(turl(request, "reports:list"))
        raise Http404
    query = request.GET.get("query", "")
    form = ViewForm(request.POST or None, by=request.membership, page=page, query=query)
    if form.is_bound and form.is_valid():
        try:
            view = form.save()
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Kept. You find it under “Views and reports”."))
            return redirect(turl(request, "reports:detail", view.pk))
    others = queries.visible_views(request.membership).filter(page=name)[:50]
    context = {
        "title": _("Keep this view"),
        "subtitle": page.label,
        "back_url": f"{turl(request, name)}?{query}",
        "back_label": page.label,
        "form": form,
        "submit_label": _("Keep it"),
        "others": list(others),
    }
    return render(request, "reports/keep.html", context, status=422 if form.is_bound else 200)


def _page(request: HttpRequest, name: str) -> ReportPage | None:
    """The page, where the member may see it."""
    page = report_page(name, request.tenant, request.membership)
    if page is None or (page.permission and not can(request.membership, page.permission)):
        return None
    return page


def _own(request: HttpRequest, pk: UUID) -> SavedView:
    return get_object_or_404(queries.own_views(request.membership), pk=pk)


@form_methods
@requires("reports.change_view")
def detail(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """A view's settings and its reports."""
    view = _own(request, pk)
    page = _page(request, view.page)
    form = None
    if page is not None:
        form = ViewForm(request.POST or None, by=request.membership, page=page, query=view.query, view=view)
        if form.is_bound and form.is_valid():
            try:
                form.save()
            except ActionRefused as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, _("Saved."))
                return redirect(turl(request, "reports:detail", view.pk))
    schedules = view.schedules.prefetch_related("recipients__member__user")
    context = _context(request, view.name) | {
        "subtitle": page.label if page else _("The page of this view is gone."),
        "view": view,
        "form": form,
        "address": request.build_absolute_uri(turl(request, "reports:open", view.pk)),
        "schedules": [
            {
                "schedule": one,
                "when": when(one),
                "who": [recipient.member.name for recipient in one.recipients.all()],
            }
            for one in schedules
        ],
    }
    status = 422 if form is not None and form.is_bound else 200
    return render(request, "reports/detail.html", context, status=status)


def when(schedule: Schedule) -> str:
    hour = f"{schedule.hour:02}:00"
    if schedule.weekday is not None:
        return _("Every week on %(day)s at %(hour)s") % {"day": schedule.get_weekday_display(), "hour": hour}
    return _("Every month on day %(day)s at %(hour)s") % {"day": schedule.day, "hour": hour}


def _context(request: HttpRequest, title: str) -> dict[str, Any]:
    return {
        "title": title,
        "back_url": turl(request, "reports:list"),
        "back_label": _("Views and reports"),
    }


@form_methods
@requires("reports.change_view")
def delete(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    view = _own(request, pk)
    if request.method == "POST":
        actions.delete_view(view, by=request.membership)
        messages.success(request, _("The view is deleted."))
        return redirect(turl(request, "reports:list"))
    context = {
        "title": view.name,
        "question": _("Delete this view?"),
        "consequence": _("Its link no longer leads anywhere, and nobody gets its reports any more."),
        "label": _("Delete the view"),
        "back_url": turl(request, "reports:detail", view.pk),
        "back_label": view.name,
    }
    return render(request, "reports/confirm.html", context)


@form_methods
@requires("reports.change_view")
def schedule_new(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _schedule_page(request, _own(request, pk), None, _("Send it by e-mail"))


@form_methods
@requires("reports.change_view")
def schedule_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    schedule = get_object_or_404(queries.own_schedules(request.membership), pk=pk)
    return _schedule_page(request, schedule.view, schedule, when(schedule))


def _schedule_page(
    request: HttpRequest, view: SavedView, schedule: Schedule | None, title: str
) -> HttpResponse:
    form = ScheduleForm(request.POST or None, by=request.membership, view=view, schedule=schedule)
    if form.is_bound and form.is_valid():
        try:
            form.save()
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved. Each letter is written from the figures of its moment."))
            return redirect(turl(request, "reports:detail", view.pk))
    context = {
        "title": title,
        "subtitle": view.name,
        "form": form,
        "back_url": turl(request, "reports:detail", view.pk),
        "back_label": view.name,
    }
    return render(request, "reports/schedule.html", context, status=422 if form.is_bound else 200)


@form_methods
@requires("reports.change_view")
def schedule_stop(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    schedule = get_object_or_404(queries.own_schedules(request.membership), pk=pk)
    back = turl(request, "reports:detail", schedule.view_id)
    if request.method == "POST":
        actions.stop_report(schedule, by=request.membership)
        messages.success(request, _("The report is stopped."))
        return redirect(back)
    context = {
        "title": when(schedule),
        "question": _("Stop this report?"),
        "consequence": _("Nobody gets it any more. The view stays."),
        "label": _("Stop the report"),
        "back_url": back,
        "back_label": schedule.view.name,
    }
    return render(request, "reports/confirm.html", context)

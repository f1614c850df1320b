"""Pages of reported metrics: which there are, and their readings."""

from uuid import UUID

from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from metrics.readings import actions, queries
from metrics.readings.filters import ReadingFilter
from metrics.readings.forms import DefinitionForm, ReadingForm
from metrics.readings.models import MetricDefinition, Reading
from metrics.readings.tables import DefinitionTable, ReadingTable, value_text
from partners.directory.pages import form_page
from portal.accounts.access import requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.formats import short_date
from portal.shell.lists import Action, ListPage
from portal.shell.messages import say_refused

form_methods = require_http_methods(["GET", "HEAD", "POST"])


class DefinitionList(ListPage):
    title = gettext_lazy("Reported metrics")
    subtitle = gettext_lazy(
        "What no page of the portal counts: entered by hand, from files or by other systems."
    )
    permission = "metrics_readings.view_reading"
    table_class = DefinitionTable
    search_fields = ("name", "code", "description")
    export_name = "reported-metrics"
    actions = (
        Action(gettext_lazy("All readings"), "metrics_readings:readings", "list-numbers"),
        Action(
            gettext_lazy("Define a metric"),
            "metrics_readings:create",
            "plus",
            permission="metrics_readings.change_definition",
            primary=True,
        ),
    )
    empty_icon = "gauge"
    empty_title = gettext_lazy("No reported metrics yet")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[MetricDefinition]:
        return queries.definitions()


class ReadingList(ListPage):
    title = gettext_lazy("Readings")
    permission = "metrics_readings.view_reading"
    table_class = ReadingTable
    filterset_class = ReadingFilter
    search_fields = ("definition__name", "partner__name", "note")
    export_name = "readings"
    actions = (Action(gettext_lazy("Reported metrics"), "metrics_readings:list", "gauge"),)
    empty_icon = "list-numbers"
    empty_title = gettext_lazy("No readings yet")
    empty_text = gettext_lazy("Open a metric to report a value, or import a file of them.")
    empty_action = actions[0]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Reading]:
        return queries.readings()


@form_methods
@requires("metrics_readings.change_definition")
def create(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        DefinitionForm(request.POST or None, by=request.membership),
        done=lambda definition: (
            turl(request, "metrics_readings:metric", definition.pk),
            _("Defined. Report its first value."),
        ),
        context={
            "title": _("Define a metric"),
            "back_url": turl(request, "metrics_readings:list"),
            "back_label": _("Reported metrics"),
            "submit_label": _("Define the metric"),
        },
    )


@require_GET
@requires("metrics_readings.view_reading")
def metric(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """A metric and its latest readings."""
    definition = get_object_or_404(queries.definitions(), pk=pk)
    latest = list(queries.readings().filter(definition=definition).order_by("-day", "-pk")[:50])
    items = [
        {"label": _("What it says"), "value": definition.description},
        {"label": _("Unit"), "value": definition.get_unit_display()},
        {"label": _("Direction"), "value": definition.get_better_display()},
        {"label": _("Several readings in a period"), "value": definition.get_combination_display()},
        {"label": _("In formulas"), "value": definition.code},
    ]
    context = {
        "title": definition.name,
        "back_url": turl(request, "metrics_readings:list"),
        "back_label": _("Reported metrics"),
        "definition": definition,
        "items": items,
        "table": ReadingTable(latest, request=request) if latest else None,
        "all_url": f"{turl(request, 'metrics_readings:readings')}?definition={definition.pk}",
    }
    return render(request, "readings/metric.html", context)


@form_methods
@requires("metrics_readings.change_definition")
def edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    definition = get_object_or_404(MetricDefinition, pk=pk)
    address = turl(request, "metrics_readings:metric", pk)
    return form_page(
        request,
        DefinitionForm(request.POST or None, by=request.membership, definition=definition),
        done=lambda saved: (address, _("Saved.")),
        context={"title": definition.name, "back_url": address, "back_label": definition.name},
    )


@form_methods
@requires("metrics_readings.report_reading")
def report(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    definition = get_object_or_404(MetricDefinition, pk=pk)
    address = turl(request, "metrics_readings:metric", pk)
    return form_page(
        request,
        ReadingForm(
            request.POST or None,
            by=request.membership,
            definition=definition,
            initial={"day": timezone.localdate()},
        ),
        done=lambda reading: (address, _("Reported: %s.") % value_text(reading)),
        context={
            "title": _("Report a value of %s") % definition.name,
            "back_url": address,
            "back_label": definition.name,
            "submit_label": _("Report the value"),
        },
    )


@form_methods
@requires("metrics_readings.report_reading")
def reading(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.readings(), pk=pk)
    address = turl(request, "metrics_readings:metric", found.definition_id)
    return form_page(
        request,
        ReadingForm(request.POST or None, by=request.membership, definition=found.definition, reading=found),
        done=lambda saved: (address, _("Saved.")),
        template="readings/reading.html",
        context={
            "title": _("%(metric)s on %(day)s")
            % {"metric": found.definition.name, "day": short_date(found.day)},
            "back_url": address,
            "back_label": found.definition.name,
            "reading": found,
        },
    )


@require_POST
@requires("metrics_readings.report_reading")
def remove(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Reading, pk=pk)
    try:
        actions.remove_reading(found, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("The reading has been removed."))
    return redirect(turl(request, "metrics_readings:metric", found.definition_id))

"""Pages of benchmarks: the vendor's people read them, administrators enter them."""

from uuid import UUID

from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from metrics.benchmarks import actions
from metrics.benchmarks.forms import BenchmarkForm
from metrics.benchmarks.models import Benchmark
from metrics.benchmarks.tables import BenchmarkTable
from metrics.own import catalogue_now
from partners.directory.pages import form_page
from portal.accounts.access import requires
from portal.shell.addresses import turl
from portal.shell.lists import Action, ListPage

form_methods = require_http_methods(["GET", "HEAD", "POST"])


class BenchmarkList(ListPage):
    title = gettext_lazy("Benchmarks")
    subtitle = gettext_lazy(
        "What is usual in the industry. It stands beside the peers’ median on every scorecard."
    )
    permission = "metrics_benchmarks.view_benchmark"
    table_class = BenchmarkTable
    search_fields = ("kpi", "source", "region")
    search_label = gettext_lazy("Search benchmarks")
    export_name = "benchmarks"
    actions = (
        Action(
            gettext_lazy("Enter a benchmark"),
            "metrics_benchmarks:create",
            "plus",
            "metrics_benchmarks.change_benchmark",
            primary=True,
        ),
    )
    empty_icon = "ruler-measure"
    empty_title = gettext_lazy("No benchmarks yet")
    empty_text = gettext_lazy("Enter what a study says is usual, and partners see where they stand.")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Benchmark]:
        return Benchmark.objects.all()


@form_methods
@requires("metrics_benchmarks.change_benchmark")
def create(request: HttpRequest, tenant: str) -> HttpResponse:
    return _form(request, None, _("Enter a benchmark"))


@form_methods
@requires("metrics_benchmarks.change_benchmark")
def detail(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    benchmark = get_object_or_404(Benchmark, pk=pk)
    return _form(request, benchmark, _name(benchmark))


def _name(benchmark: Benchmark) -> str:
    kpi = catalogue_now().get(benchmark.kpi)
    return str(kpi.name) if kpi else benchmark.kpi


def _form(request: HttpRequest, benchmark: Benchmark | None, title: str) -> HttpResponse:
    return form_page(
        request,
        BenchmarkForm(request.POST or None, by=request.membership, benchmark=benchmark),
        done=lambda saved: (turl(request, "metrics_benchmarks:list"), _("Saved.")),
        context={
            "title": title,
            "back_url": turl(request, "metrics_benchmarks:list"),
            "back_label": _("Benchmarks"),
            "benchmark": benchmark,
        },
        template="benchmarks/form.html",
    )


@form_methods
@requires("metrics_benchmarks.change_benchmark")
def remove(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    benchmark = get_object_or_404(Benchmark, pk=pk)
    if request.method == "POST":
        actions.remove_benchmark(benchmark, by=request.membership)
        messages.success(request, _("The benchmark is removed."))
        return redirect(turl(request, "metrics_benchmarks:list"))
    context = {
        "title": _name(benchmark),
        "question": _("Remove this benchmark?"),
        "consequence": _("Scorecards no longer show it, those of earlier periods either."),
        "label": _("Remove the benchmark"),
        "back_url": turl(request, "metrics_benchmarks:detail", benchmark.pk),
        "back_label": _name(benchmark),
    }
    return render(request, "reports/confirm.html", context)

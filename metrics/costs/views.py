"""Pages of programme costs: the vendor's people look, administrators write."""

from uuid import UUID

from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from metrics.costs import actions
from metrics.costs.filters import CostFilter
from metrics.costs.forms import CostForm
from metrics.costs.models import Cost
from metrics.costs.tables import CostTable
from partners.directory.pages import form_page
from portal.accounts.access import requires
from portal.errors import ActionRefused
from portal.money import format_money
from portal.shell.addresses import turl
from portal.shell.formats import short_date
from portal.shell.lists import Action, ListPage
from portal.shell.messages import say_refused

form_methods = require_http_methods(["GET", "HEAD", "POST"])


class CostList(ListPage):
    title = gettext_lazy("Programme costs")
    subtitle = gettext_lazy("What the programme costs you, for its return and each partner’s profitability.")
    permission = "metrics_costs.view_cost"
    table_class = CostTable
    filterset_class = CostFilter
    search_fields = ("note", "partner__name")
    search_label = gettext_lazy("Search by note or partner")
    export_name = "programme-costs"
    actions = (
        Action(
            gettext_lazy("Add a cost"),
            "metrics_costs:create",
            "plus",
            permission="metrics_costs.change_cost",
            primary=True,
        ),
    )
    empty_icon = "coins"
    empty_title = gettext_lazy("No costs yet")
    empty_text = gettext_lazy(
        "Without them the programme’s return counts what partners earn and nothing else."
    )
    empty_action = actions[0]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Cost]:
        return Cost.objects.select_related("partner")


@form_methods
@requires("metrics_costs.change_cost")
def create(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        CostForm(request.POST or None, by=request.membership, initial={"spent_on": timezone.localdate()}),
        done=lambda cost: (turl(request, "metrics_costs:detail", cost.pk), _("The cost has been noted.")),
        context={
            "title": _("Add a cost"),
            "back_url": turl(request, "metrics_costs:list"),
            "back_label": _("Programme costs"),
            "submit_label": _("Add the cost"),
        },
    )


@require_GET
@requires("metrics_costs.view_cost")
def detail(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    cost = get_object_or_404(Cost.objects.select_related("partner"), pk=pk)
    items = [
        {"label": _("Amount"), "value": format_money(cost.amount, cost.currency)},
        {"label": _("Category"), "value": cost.get_category_display()},
        {"label": _("Spent on"), "value": short_date(cost.spent_on)},
        {
            "label": _("Partner"),
            "value": cost.partner.name if cost.partner else _("The whole programme"),
            "href": turl(request, "directory:partner", cost.partner_id) if cost.partner_id else "",
        },
        {"label": _("Note"), "value": cost.note},
    ]
    context = {
        "title": _headline(cost),
        "back_url": turl(request, "metrics_costs:list"),
        "back_label": _("Programme costs"),
        "cost": cost,
        "items": items,
    }
    return render(request, "costs/detail.html", context)


def _headline(cost: Cost) -> str:
    return f"{cost.get_category_display()} · {format_money(cost.amount, cost.currency)}"


@form_methods
@requires("metrics_costs.change_cost")
def edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    cost = get_object_or_404(Cost, pk=pk)
    address = turl(request, "metrics_costs:detail", pk)
    return form_page(
        request,
        CostForm(request.POST or None, by=request.membership, cost=cost),
        done=lambda saved: (address, _("Saved.")),
        context={"title": _("Change the cost"), "back_url": address, "back_label": _headline(cost)},
    )


@require_POST
@requires("metrics_costs.change_cost")
def remove(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    cost = get_object_or_404(Cost, pk=pk)
    try:
        actions.remove_cost(cost, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("The cost has been removed."))
    return redirect(turl(request, "metrics_costs:list"))

"""Funds and budgets, for those who run the programme."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from incentives.funds import actions, queries
from incentives.funds.filters import BudgetFilter
from incentives.funds.forms import FundForm
from incentives.funds.models import Budget, Fund
from incentives.funds.tables import BudgetTable
from incentives.tiers.queries import tiers
from metrics.periods import PeriodKind, calendar_of
from portal.accounts.access import requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.formats import percent
from portal.shell.lists import ListPage
from portal.shell.messages import add_refusal

FIELDS = (
    "name",
    "currency",
    "period",
    "basis",
    "share",
    "reimbursed",
    "claim_days",
    "starts_on",
    "is_active",
)


class Budgets(ListPage):
    title = gettext_lazy("Budgets")
    subtitle = gettext_lazy("What partners may spend, what is promised and what is left.")
    permission = "funds.decide_request"
    table_class = BudgetTable
    filterset_class = BudgetFilter
    search_fields = ("partner__name", "fund__name")
    search_label = gettext_lazy("Search by partner or fund")
    export_name = "fund-budgets"
    empty_icon = "wallet"
    empty_title = gettext_lazy("No budgets yet")
    empty_text = gettext_lazy("Each fund in use gives its budgets on the first night of a period.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Budget]:
        return queries.budgets(request.membership)


@require_safe
@requires("funds.change_fund")
def funds(request: HttpRequest, tenant: str) -> HttpResponse:
    return render(
        request,
        "funds/funds.html",
        {
            "title": _("Market development funds"),
            "subtitle": _("Money for marketing that partners do: budget, request, claim with proof."),
            "back_url": turl(request, "funds:requests"),
            "back_label": _("Marketing funds"),
            "rows": [(fund, percent(fund.reimbursed, 0)) for fund in queries.funds()],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("funds.change_fund")
def fund_create(request: HttpRequest, tenant: str) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("funds.change_fund")
def fund_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _edit(request, get_object_or_404(Fund, pk=pk))


def _edit(request: HttpRequest, fund: Fund | None) -> HttpResponse:
    calendar = calendar_of(request.tenant)
    form = FundForm(
        request.POST or None,
        initial=_initial(fund, calendar.current(PeriodKind.QUARTER).start, request.tenant.currency),
        tiers=tiers(),
        currency=fund.currency if fund else request.tenant.currency,
        fund=fund,
    )
    if form.is_bound and form.is_valid():
        try:
            with transaction.atomic():
                saved = actions.save_fund(fund, by=request.membership, **form.cleaned_data)
                given = actions.give_budgets(calendar)
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            count = len(given)
            messages.success(
                request,
                _("Saved; %(count)s partners were given a budget.") % {"count": count}
                if count
                else _("Saved."),
            )
            return redirect(turl(request, "funds:budgets") + f"?fund={saved.pk}")
    return render(
        request,
        "funds/fund_form.html",
        {
            "title": fund.name if fund else _("New fund"),
            "back_url": turl(request, "funds:funds"),
            "back_label": _("Market development funds"),
            "form": form,
        },
        status=422 if form.is_bound else 200,
    )


def _initial(fund: Fund | None, starts_on: Any, currency: str) -> dict[str, Any]:
    if fund is None:
        new = Fund(currency=currency)
        return {name: getattr(new, name) for name in FIELDS if name != "starts_on"} | {"starts_on": starts_on}
    return {name: getattr(fund, name) for name in FIELDS}

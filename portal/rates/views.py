"""Pages of exchange rates; for administrators."""

from uuid import UUID

from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from portal.accounts.access import requires
from portal.errors import ActionRefused
from portal.rates import actions, queries
from portal.rates.forms import RateForm
from portal.rates.models import ExchangeRate
from portal.rates.tables import RateTable
from portal.shell.addresses import turl
from portal.shell.formats import short_date
from portal.shell.lists import Action, ListPage
from portal.shell.messages import add_refusal


class RateList(ListPage):
    title = gettext_lazy("Exchange rates")
    subtitle = gettext_lazy(
        "What other currencies are worth. An import proposes them; what was converted keeps its rate."
    )
    permission = "accounts.manage_settings"
    table_class = RateTable
    search_fields = ("currency",)
    search_label = gettext_lazy("Search by currency")
    export_name = "exchange-rates"
    actions = (Action(gettext_lazy("Add a rate"), "rates:create", "plus", primary=True),)
    empty_icon = "arrows-exchange"
    empty_title = gettext_lazy("No exchange rates yet")
    empty_text = gettext_lazy("Add one for each currency in which your partners sell beside your own.")
    empty_action = actions[0]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[ExchangeRate]:
        return queries.rates()


@require_http_methods(["GET", "HEAD", "POST"])
@requires("accounts.manage_settings")
def create(request: HttpRequest, tenant: str) -> HttpResponse:
    own = request.tenant.currency
    form = RateForm(request.POST or None, own=own, initial={"starts_on": timezone.localdate()})
    if form.is_bound and form.is_valid():
        try:
            added = actions.add_rate(by=request.membership, **form.cleaned_data)
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(
                request,
                _("The rate of %(currency)s counts from %(day)s.")
                % {"currency": added.currency, "day": short_date(added.starts_on)},
            )
            return redirect(turl(request, "rates:list"))
    return render(
        request,
        "rates/form.html",
        _page(request, _("Add an exchange rate")) | {"form": form, "submit_label": _("Add the rate")},
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("accounts.manage_settings")
def detail(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """One rate, and the way to taking it away."""
    found = get_object_or_404(ExchangeRate, pk=pk)
    if request.method == "POST":
        actions.remove_rate(found, by=request.membership)
        messages.success(request, _("The rate has been removed."))
        return redirect(turl(request, "rates:list"))
    text = _("1 %(currency)s is %(rate)s %(own)s from %(day)s.") % {
        "currency": found.currency,
        "rate": f"{found.rate.normalize():f}",
        "own": request.tenant.currency,
        "day": short_date(found.starts_on),
    }
    page = _page(request, _("Exchange rate of %(currency)s") % {"currency": found.currency})
    return render(request, "rates/detail.html", page | {"text": text})


def _page(request: HttpRequest, title: str) -> dict[str, str]:
    return {
        "title": title,
        "back_url": turl(request, "rates:list"),
        "back_label": _("Exchange rates"),
    }

"""Pages of an open deal's sale: the board and its moves, and what a loss is explained with.

Moving a card is the same verb as everywhere.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.deals import actions, queries
from partners.deals.enums import OPEN_STAGES, ForecastCategory, SalesStage
from partners.deals.models import Competitor, LossReason
from partners.deals.selling import losses
from partners.deals.selling.board import ALL, CARDS, MINE, MOST, board_deals, cards, sums
from partners.directory.pages import form_page
from portal.accounts.access import check, requires
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.shell.addresses import turl


@require_safe
@requires("deals.view_deal")
def board(request: HttpRequest, tenant: str) -> HttpResponse:
    member = request.membership
    scope = request.GET.get("scope", MINE)
    deals = board_deals(member, scope)
    columns, forecasts = sums(deals)
    rules = queries.policy()
    for column in columns.values():
        limit = _limit(request, column.stage)
        if column.count:
            column.cards = cards(deals, column.stage, limit, member, rules)
        column.more = limit + CARDS if column.count > len(column.cards) and limit < MOST else 0
    currency = request.tenant.currency
    context = {
        "title": _("Pipeline"),
        "subtitle": _("Open deals by stage. Move a card when the sale moves."),
        "columns": [{"column": column, **column.head(currency)} for column in columns.values()],
        "stages": [(stage.value, stage.label) for stage in OPEN_STAGES],
        "forecasts": [
            {"label": label, "amount": forecasts[value]}
            for value, label in ForecastCategory.choices
            if value != ForecastCategory.OMITTED
        ],
        "scope": scope if member.is_manager else ALL,
        "tabs": _tabs(request, scope) if member.is_manager else [],
    }
    return render(request, "deals/board.html", context)


def _tabs(request: HttpRequest, scope: str) -> list[dict[str, Any]]:
    address = turl(request, "deals:board")
    return [
        {"label": _("My partners"), "url": address, "active": scope != ALL},
        {"label": _("All partners"), "url": f"{address}?scope={ALL}", "active": scope == ALL},
    ]


def _limit(request: HttpRequest, stage: str) -> int:
    wanted = request.GET.get(stage, "")
    return min(MOST, max(CARDS, int(wanted))) if wanted.isascii() and wanted.isdigit() else CARDS


class MoveForm(forms.Form):
    """Where to, and the version that was looked at."""

    stage = forms.ChoiceField(
        label=gettext_lazy("Stage"), choices=[(stage.value, stage.label) for stage in OPEN_STAGES]
    )
    version = forms.IntegerField(required=False)


@require_POST
@requires("deals.move_deal")
def move(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponseBase:
    """Move a deal to another stage. Asked for JSON (the board) the answer is its new version and the sums."""
    member = request.membership
    deal = get_object_or_404(queries.visible_deals(member), pk=pk)
    check(member, "deals.move_deal", deal)
    wants_json = request.headers.get("Accept", "").startswith("application/json")
    form = MoveForm(request.POST)
    if not form.is_valid():
        raise BadRequest("stage")
    stage = SalesStage(form.cleaned_data["stage"])
    try:
        deal = actions.move_stage(deal, stage, by=member, version=form.cleaned_data["version"])
    except ActionRefused as refusal:
        if wants_json:
            return JsonResponse({"message": str(refusal.message), "code": refusal.code}, status=409)
        messages.warning(request, str(refusal.message))
    else:
        text = _("%(deal)s is now in “%(stage)s”.") % {"deal": deal.headline, "stage": stage.label}
        if wants_json:
            columns, _forecasts = sums(board_deals(member, request.POST.get("scope", MINE)))
            heads = {name: column.head(request.tenant.currency) for name, column in columns.items()}
            return JsonResponse({"version": deal.version, "message": text, "heads": heads})
        messages.success(request, text)
    return redirect(_back(request))


def _back(request: HttpRequest) -> str:
    back = request.POST.get("next", "")
    board_address = turl(request, "deals:board")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return back if safe and back.startswith(f"/{request.tenant.slug}/") else board_address


# --- what the admin keeps ----------------------------------------------------------------------


class QuietForm(forms.Form):
    """After how many quiet days a deal asks for attention, for each stage."""

    stalled_prospecting = forms.IntegerField(label=gettext_lazy("Prospecting"), min_value=1, max_value=365)
    stalled_engaging = forms.IntegerField(label=gettext_lazy("Engaging"), min_value=1, max_value=365)
    stalled_proposal = forms.IntegerField(label=gettext_lazy("Proposal"), min_value=1, max_value=365)
    stalled_negotiation = forms.IntegerField(label=gettext_lazy("Negotiation"), min_value=1, max_value=365)

    def __init__(self, *args: Any, by: Membership, **kwargs: Any):
        self.by = by
        rules = queries.policy()
        kwargs["initial"] = {name: getattr(rules, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)

    def save(self) -> Any:
        return actions.change_policy(by=self.by, **self.cleaned_data)


LISTS: dict[str, type[losses.Listed]] = {"reason": LossReason, "competitor": Competitor}


@require_http_methods(["GET", "HEAD", "POST"])
@requires("deals.change_policy")
def selling(request: HttpRequest, tenant: str) -> HttpResponse:
    """Quiet days, reasons for a loss and competitors."""
    listed = list(LossReason.objects.all())
    context = {
        "title": _("Selling"),
        "subtitle": _("When a quiet deal asks for attention, and what a lost one is explained with."),
        "reasons": listed,
        "defaults": [] if listed else losses.loss_reasons(),
        "competitors": Competitor.objects.all(),
        "unlisted": losses.unlisted_competitors(),
    }
    return form_page(
        request,
        QuietForm(request.POST or None, by=request.membership),
        done=lambda saved: (turl(request, "deals:selling"), _("Saved.")),
        context=context,
        template="deals/selling.html",
    )


@require_POST
@requires("deals.change_policy")
def list_add(request: HttpRequest, tenant: str, listed: str) -> HttpResponse:
    """Offer one more reason or competitor."""
    if listed not in LISTS:
        raise Http404
    name = request.POST.get("name", "").replace("\x00", "")[:100]
    try:
        row = losses.add_listed(LISTS[listed], name, by=request.membership)
    except ActionRefused as refusal:
        messages.warning(request, str(refusal.message))
    else:
        messages.success(request, _("“%s” is in the list.") % row.name)
    return redirect(turl(request, "deals:selling"))


@require_POST
@requires("deals.change_policy")
def list_offer(request: HttpRequest, tenant: str, listed: str, pk: UUID) -> HttpResponse:
    """Offer a reason or a competitor, or offer it no longer."""
    if listed not in LISTS:
        raise Http404
    row: losses.Listed = get_object_or_404(LISTS[listed], pk=pk)  # type: ignore[assignment]
    losses.set_offered(row, request.POST.get("offered") == "yes", by=request.membership)
    return redirect(turl(request, "deals:selling"))

"""Pages of registering: the form, what it keeps while people type, and what would come of it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.deals import actions, queries
from partners.deals.models import Deal
from partners.deals.offers import offered
from partners.deals.picking import picked_deals
from partners.deals.product_lines import with_another_line
from partners.deals.registering.forms import DealForm, FileForm, token_of
from partners.deals.registering.from_file import LIMITS, MOST_ROWS, RegistrationTarget, Taken
from partners.deals.registering.outlook import outlook, outlooks
from partners.deals.steps import submitted_text
from partners.deals.views import find_deal, not_now, refused
from partners.directory.pages import form_page
from partners.directory.queries import customer_suggestions
from portal.accounts.access import check, requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.exports import csv_lines, csv_response
from portal.shell.messages import add_refusal

form_methods = require_http_methods(["GET", "HEAD", "POST"])
TEMPLATE = "deals/form.html"


@form_methods
@requires("deals.add_deal")
def create(request: HttpRequest, tenant: str) -> HttpResponse:
    """A new registration. What has been kept of it while it was typed is the draft that the form goes on with."""
    context = {
        "title": _("Register a deal"),
        "subtitle": _("The customer is yours once the registration is approved."),
        "back_url": turl(request, "deals:list"),
        "back_label": _("Deals"),
    }
    return _form_page(request, _kept(request), context)


@form_methods
@requires("deals.change_deal")
def edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Complete a draft or a returned registration."""
    deal = find_deal(request, pk)
    check(request.membership, "deals.change_deal", deal)
    if "edit" not in offered(request.membership, deal):
        return not_now(request, deal)
    context = {
        "title": deal.title or _("Registration"),
        "subtitle": deal.number,
        "back_url": turl(request, "deals:detail", deal.pk),
        "back_label": deal.number,
        "deal": deal,
    }
    return _form_page(request, deal, context)


def _form_page(request: HttpRequest, deal: Deal | None, context: dict[str, Any]) -> HttpResponse:
    member, then = request.membership, request.POST.get("then", "")
    if deal is not None and not deal.is_editable:
        # The same form a second time: the first one has won.
        return redirect(turl(request, "deals:detail", deal.pk))
    if wish := request.POST.get("lines"):
        form = DealForm(with_another_line(request.POST, wish), by=member, deal=deal)
        return render(request, TEMPLATE, {**context, "form": form, "plain": True})
    sent = (request.POST, request.FILES) if request.method == "POST" else (None,)
    form = DealForm(*sent, by=member, deal=deal, like=_like(request), submitting=then == "submit")
    context["outlook"] = outlook(deal) if deal is not None and request.method != "POST" else None
    return form_page(
        request,
        form,
        done=lambda saved: _after_form(request, saved),
        context=context,
        template=TEMPLATE,
        refused=lambda refusal: _refused(request, form, deal, refusal) if deal else None,
    )


def _refused(request: HttpRequest, form: DealForm, deal: Deal, refusal: ActionRefused) -> HttpResponse | None:
    """What was typed on a page that is no longer new stays on it, as long as the deal can be written at all."""
    now = queries.visible_deals(request.membership).filter(pk=deal.pk).first()
    if refusal.code != "stale" or now is None or not now.is_editable:
        return refused(request, deal, refusal)
    typed = request.POST.copy()
    typed["version"] = str(now.version)
    form.data = typed
    form.add_error(
        None, _("What you typed is still here. If you go on, it replaces what was saved in the meantime.")
    )
    return None


def _kept(request: HttpRequest) -> Deal | None:
    """The draft that the form has been kept in."""
    token = token_of(request.POST)
    return queries.visible_deals(request.membership).filter(pk=token).first() if token else None


def _like(request: HttpRequest) -> Deal | None:
    """The earlier deal that a new one begins as a copy of."""
    token = token_of({"token": request.GET.get("like", "")})
    return get_object_or_404(queries.visible_deals(request.membership), pk=token) if token else None


def _after_form(request: HttpRequest, deals: list[Deal]) -> tuple[str, str]:
    address = turl(request, "deals:detail", deals[0].pk)
    if deals[0].is_editable:
        return address, _("Saved as a draft. Nobody decides on it until you submit it.")
    if len(deals) > 1:
        numbers = ", ".join(deal.number for deal in deals)
        return address, _(
            "Registered as %(count)s registrations, one for each product family: %(numbers)s."
        ) % {
            "count": len(deals),
            "numbers": numbers,
        }
    return address, submitted_text(deals[0])


@require_POST
@requires("deals.add_deal")
def save_draft(request: HttpRequest, tenant: str) -> HttpResponse:
    """Keep what has been typed so far, and say what would come of it. Not for what a form cannot mend."""
    deal = _kept(request)
    if deal is not None:
        check(request.membership, "deals.change_deal", deal)
    form = DealForm(request.POST, by=request.membership, deal=deal)
    valid, problem = form.is_valid(), ""
    unread = [str(form.fields[name].label) for name in form.errors if name in form.fields]
    if "partner" in form.errors or token_of(request.POST) is None or not form.says_something:
        return render(request, "deals/outlook.html", {"unread": unread})
    try:
        with transaction.atomic():
            deal = form.keep()
    except ActionRefused as refusal:
        problem = str(refusal.message)
    context = {
        "deal": deal,
        "form": form,
        "problem": problem,
        "unread": [] if valid else unread,
        "saved_at": None if problem else timezone.localtime(),
        "outlook": outlook(deal) if deal and not problem else None,
        "fragment": True,
    }
    return render(request, "deals/outlook.html", context)


# --- from a file -------------------------------------------------------------------------------


@form_methods
@requires("deals.add_deal")
def from_file(request: HttpRequest, tenant: str) -> HttpResponse:
    """Many registrations from a file: its rows are kept as drafts, and shown with what would come of each."""
    form = FileForm(request.POST or None, request.FILES or None, by=request.membership)
    context: dict[str, Any] = {
        "title": _("Register deals from a file"),
        "subtitle": _("Each row becomes a draft. You look at all of them before you submit."),
        "back_url": turl(request, "deals:list"),
        "back_label": _("Deals"),
    }
    if form.is_bound and form.is_valid():
        try:
            with transaction.atomic():
                taken = form.save()
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            return render(request, "deals/from_file_taken.html", {**context, **_taken_context(taken)})
    columns = RegistrationTarget.fields
    context |= {"form": form, "columns": columns, "most": MOST_ROWS, "most_bytes": LIMITS.max_bytes}
    return render(request, "deals/from_file.html", context, status=422 if form.is_bound else 200)


def _taken_context(taken: Taken) -> dict[str, Any]:
    open_deals = [kept.deal for kept in taken.kept if kept.deal.is_editable]
    expected = outlooks(open_deals)
    rows = [{"kept": kept, "outlook": expected.get(kept.deal.pk)} for kept in taken.kept]
    return {"taken": taken, "rows": rows, "open_count": len(open_deals)}


@require_POST
@requires("deals.submit_deal")
def submit_many(request: HttpRequest, tenant: str) -> HttpResponse:
    """Submit the drafts that were picked, each by itself, and say what became of each."""
    versions = picked_deals(request.POST.getlist("deal"))
    deals = queries.visible_deals(request.membership).filter(pk__in=versions)
    outcomes = actions.submit_many(deals, by=request.membership, versions=versions)
    if not outcomes:
        messages.info(request, _("Pick the registrations that you want to submit."))
        return redirect(turl(request, "deals:list"))
    context = {
        "title": _("What became of them"),
        "back_url": turl(request, "deals:list"),
        "back_label": _("Deals"),
        "done": [outcome for outcome in outcomes if not outcome.refusal],
        "refused": [outcome for outcome in outcomes if outcome.refusal],
    }
    return render(request, "deals/submitted.html", context)


@require_safe
@requires("deals.add_deal")
def file_template(request: HttpRequest, tenant: str) -> HttpResponseBase:
    """An empty file with the columns that are understood."""
    header = [str(field.label) for field in RegistrationTarget.fields]
    return csv_response("registrations", csv_lines(header, []))


@require_safe
@requires("deals.add_deal")
def customer_names(request: HttpRequest, tenant: str) -> HttpResponse:
    """Suggestions for the customer field, as options of its list."""
    text = request.GET.get("customer_name", "").replace("\x00", "").strip()[:200]
    found = customer_suggestions(request.membership, text) if text else []
    return render(request, "deals/customer_names.html", {"customers": found})

"""Pages of registering: the form, what it keeps while people type, and what would come of it."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.deals import queries
from partners.deals.models import Deal
from partners.deals.offers import offered
from partners.deals.registering.forms import DealForm, token_of, with_another_line
from partners.deals.registering.outlook import outlook
from partners.deals.steps import submitted_text
from partners.deals.views import find_deal, not_now, refused
from partners.directory.pages import form_page
from partners.directory.queries import customer_suggestions
from portal.accounts.access import check, requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl

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
    form = DealForm(
        request.POST or None, by=member, deal=deal, like=_like(request), submitting=then == "submit"
    )
    context["outlook"] = outlook(deal) if deal is not None and request.method != "POST" else None
    return form_page(
        request,
        form,
        done=lambda saved: _after_form(request, saved),
        context=context,
        template=TEMPLATE,
        refused=lambda refusal: refused(request, deal, refusal) if deal else None,
    )


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


@require_safe
@requires("deals.add_deal")
def customer_names(request: HttpRequest, tenant: str) -> HttpResponse:
    """Suggestions for the customer field, as options of its list."""
    text = request.GET.get("customer_name", "").replace("\x00", "").strip()[:200]
    found = customer_suggestions(request.membership, text) if text else []
    return render(request, "deals/customer_names.html", {"customers": found})

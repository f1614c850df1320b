"""Pages of shares."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.coselling import actions, queries
from partners.coselling.forms import InviteForm
from partners.coselling.models import Seat, Share
from partners.deals.queries import visible_deals
from partners.directory.pages import form_page
from portal.accounts.access import check, requires
from portal.errors import ActionRefused
from portal.events.queries import timeline
from portal.shell.addresses import turl


@require_safe
@requires("coselling.view_shared")
def shared_list(request: HttpRequest, tenant: str) -> HttpResponse:
    """Deals of others that the member sells a part of, or is asked to."""
    context = {
        "title": _("Shared with me"),
        "subtitle": _("Deals of others that you sell a part of."),
        "deals": queries.shared_with(request.membership),
    }
    return render(request, "coselling/list.html", context)


@require_safe
@requires("coselling.view_seat")
def seat(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """One deal of another partner, as far as co-selling needs."""
    found = _seat(request, pk)
    shared = queries.shared_deal(found)
    context = {
        "title": shared.title or _("Invitation to sell together"),
        "subtitle": _("With %s") % shared.holder,
        "back_url": turl(request, "coselling:list"),
        "back_label": _("Shared with me"),
        "seat": found,
        "shared": shared,
        "mine": request.membership.partner_id == found.partner_id,
        "events": timeline(found)[:30],
    }
    return render(request, "coselling/seat.html", context)


@require_POST
@requires("coselling.answer_seat")
def answer_seat(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Join, decline or leave, for a partner."""
    found = _seat(request, pk)
    check(request.membership, "coselling.answer_seat", found)
    verbs: dict[str, Callable[[], object]] = {
        "join": lambda: actions.join(found.share_id, by=request.membership, seat=found),
        "decline": lambda: actions.decline(found.share_id, by=request.membership, seat=found),
        "leave": lambda: actions.leave(found, by=request.membership),
    }
    return _do(request, verbs, turl(request, "coselling:seat", found.pk))


@require_POST
@requires("coselling.answer_share")
def answer_share(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Join or decline, for a colleague of the vendor."""
    share = get_object_or_404(Share, pk=pk)
    check(request.membership, "coselling.answer_share", share)
    verbs: dict[str, Callable[[], object]] = {
        "join": lambda: actions.join(share.pk, by=request.membership),
        "decline": lambda: actions.decline(share.pk, by=request.membership),
    }
    return _do(request, verbs, turl(request, "deals:detail", share.deal_id))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("coselling.share_deal")
def invite(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Ask somebody to sell part of a deal."""
    deal = get_object_or_404(visible_deals(request.membership), pk=pk)
    check(request.membership, "coselling.share_deal", deal)
    address = turl(request, "deals:detail", deal.pk)
    if request.method != "POST" and not deal.is_live:
        messages.info(request, _("Only an open deal can be shared."))
        return redirect(address)
    context = {
        "title": _("Sell together"),
        "subtitle": deal.headline,
        "back_url": address,
        "back_label": deal.number,
    }
    return form_page(
        request,
        InviteForm(request.POST or None, by=request.membership, deal=deal),
        done=lambda share: (address, _("%s has been invited. The share counts once they join.") % share.who),
        context=context,
        template="coselling/invite.html",
    )


@require_POST
@requires("coselling.share_deal")
def end(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Take an invitation back, or end the sharing."""
    deals = visible_deals(request.membership)
    share = get_object_or_404(Share.objects.select_related("deal__partner").filter(deal__in=deals), pk=pk)
    check(request.membership, "coselling.share_deal", share.deal)
    address = turl(request, "deals:detail", share.deal_id)
    verbs: dict[str, Callable[[], object]] = {"": lambda: actions.end(share, by=request.membership)}
    return _do(request, verbs, address)


def _seat(request: HttpRequest, pk: UUID) -> Seat:
    seats = queries.visible_seats(request.membership).select_related("partner")
    return get_object_or_404(seats, pk=pk)


def _do(request: HttpRequest, verbs: dict[str, Callable[[], object]], address: str) -> HttpResponse:
    """Run the verb that the button names; a refusal is said on the page it came from."""
    verb = verbs.get(request.POST.get("verb", ""))
    if verb is None:
        raise Http404
    try:
        with transaction.atomic():
            verb()
    except ActionRefused as refusal:
        messages.warning(request, str(refusal.message))
    return redirect(address)

"""Pages of interactions."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.deals.queries import visible_deals
from partners.directory.models import Partner
from partners.directory.pages import form_page
from partners.directory.queries import visible_partners
from partners.engagement import actions, queries
from partners.engagement.filters import InteractionFilter
from partners.engagement.forms import InteractionForm
from partners.engagement.models import Interaction
from partners.engagement.tables import FOLLOW_UP, InteractionTable, OwnInteractionTable
from portal.accounts.access import can, check, requires
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.formats import short_time
from portal.shell.lists import ListPage, Preset
from portal.shell.messages import say_refused

form_methods = require_http_methods(["GET", "HEAD", "POST"])


class InteractionList(ListPage):
    title = gettext_lazy("Interactions")
    subtitle = gettext_lazy("Calls, meetings, mails and notes, and what follows from them.")
    permission = "engagement.view_interaction"
    filterset_class = InteractionFilter
    search_fields = ("subject", "text", "about__name")
    search_label = gettext_lazy("Search by subject, text or partner")
    export_name = "interactions"
    presets = (
        Preset(gettext_lazy("All")),
        Preset(gettext_lazy("To do"), {"state": "open"}),
        Preset(gettext_lazy("Late"), {"state": "late"}),
    )
    template_name = "engagement/interactions.html"
    empty_icon = "messages"
    empty_title = gettext_lazy("Nothing logged yet")
    empty_text = gettext_lazy("Log a call or a meeting, and what follows from it is not forgotten.")

    def adapt_to(self, member: Membership) -> None:
        self.table_class = OwnInteractionTable if member.is_partner else InteractionTable

    def get_queryset(self, request: HttpRequest) -> QuerySet[Interaction]:
        rows = queries.with_state(queries.visible_interactions(request.membership), timezone.localdate())
        return rows.order_by("-happened_at", "-pk")

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"partner_id": request.membership.partner_id}


@form_methods
@requires("engagement.log_interaction")
def create(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Log an interaction with a partner."""
    partner = get_object_or_404(visible_partners(request.membership), pk=pk)
    check(request.membership, "engagement.log_interaction", partner)
    return form_page(
        request,
        InteractionForm(request.POST or None, by=request.membership, about=partner),
        done=lambda saved: (turl(request, "engagement:interaction", saved.pk), _("Logged.")),
        context={
            "title": _("Log an interaction"),
            "subtitle": partner.name,
            "back_url": turl(request, "engagement:interactions"),
            "back_label": _("Interactions"),
            "submit_label": _("Log it"),
        },
    )


@require_safe
@requires("engagement.view_interaction")
def detail(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    member = request.membership
    found = _interaction(request, pk)
    deal = visible_deals(member).filter(pk=found.deal_id).first() if found.deal_id else None
    today = timezone.localdate()
    late = found.is_open and found.follow_up_due is not None and found.follow_up_due < today
    context = {
        "title": found.subject,
        "subtitle": found.about.name,
        "interaction": found,
        "facts": _facts(request, found, deal),
        "state": FOLLOW_UP["late" if late else "open" if found.is_open else "done"],
        "may_change": can(member, "engagement.change_interaction", found),
        "may_finish": found.is_open and can(member, "engagement.finish_follow_up", found),
        "back_url": turl(request, "engagement:interactions"),
        "back_label": _("Interactions"),
    }
    return render(request, "engagement/interaction.html", context)


@form_methods
@requires("engagement.change_interaction")
def edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _interaction(request, pk)
    check(request.membership, "engagement.change_interaction", found)
    address = turl(request, "engagement:interaction", pk)
    about = get_object_or_404(Partner, pk=found.about_id)
    return form_page(
        request,
        InteractionForm(request.POST or None, by=request.membership, about=about, interaction=found),
        done=lambda saved: (address, _("Saved.")),
        context={"title": found.subject, "back_url": address, "back_label": found.subject},
    )


@require_POST
@requires("engagement.change_interaction")
def remove(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    actions.remove_interaction(_interaction(request, pk), by=request.membership)
    messages.success(request, _("The interaction has been taken out."))
    return redirect(turl(request, "engagement:interactions"))


@require_POST
@requires("engagement.finish_follow_up")
def finish(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    try:
        actions.finish_follow_up(_interaction(request, pk), by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("Done."))
    return redirect(turl(request, "engagement:interaction", pk))


def _interaction(request: HttpRequest, pk: UUID) -> Interaction:
    return get_object_or_404(queries.visible_interactions(request.membership), pk=pk)


def _facts(request: HttpRequest, found: Interaction, deal: Any) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = [
        {"label": _("Kind"), "value": found.get_kind_display()},
        {"label": _("When"), "value": short_time(found.happened_at)},
        {"label": _("Partner"), "value": found.about.name},
        {"label": _("Who took part"), "value": ", ".join(found.people)},
        {"label": _("Logged by"), "value": found.logged_by.name if found.logged_by else _("Imported")},
    ]
    if deal is not None:
        facts.append({"label": _("Deal"), "value": str(deal), "href": turl(request, "deals:detail", deal.pk)})
    return facts

"""Where partners stand, and the moves that wait for a decision."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from incentives.tiers import queries
from incentives.tiers.actions import confirm_proposal, decline_proposal
from incentives.tiers.benefits import owed_to
from incentives.tiers.certificate import BADGE_TYPES, Image, badge_image, certificate_pdf
from incentives.tiers.enums import Direction, ProposalStatus
from incentives.tiers.filters import ProposalFilter, StandingFilter
from incentives.tiers.forecast import forecast
from incentives.tiers.forms import DecisionForm
from incentives.tiers.models import TierProposal, TierStanding
from incentives.tiers.progress import progress_of, rung_of
from incentives.tiers.requirements import load_result
from incentives.tiers.tables import DIRECTION_TONES, ProposalTable, StandingTable
from incentives.tiers.words import gap, group_title
from partners.directory.models import Partner
from portal.accounts.access import can, check, requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.formats import short_date
from portal.shell.lists import Action, ListPage, Preset
from portal.shell.messages import add_refusal, say_refused


class Standings(ListPage):
    title = gettext_lazy("Partners’ tiers")
    permission = "incentives.view_standings"
    table_class = StandingTable
    filterset_class = StandingFilter
    search_fields = ("partner__name", "partner__number")
    search_label = gettext_lazy("Search by partner")
    export_name = "tiers"
    actions = (
        Action(
            gettext_lazy("Proposals"), "incentives:proposals", "arrows-up-down", "incentives.view_proposals"
        ),
        Action(gettext_lazy("By hand"), "incentives:overrides", "hand-stop", "incentives.propose_override"),
        Action(gettext_lazy("Set up tiers"), "incentives:ladder", "settings", "incentives.change_programme"),
    )
    empty_icon = "medal"
    empty_title = gettext_lazy("No partner has been evaluated yet")
    empty_text = gettext_lazy("Partners appear here once there are tiers.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TierStanding]:
        return queries.standings(request.membership).order_by("-tier__rank", "-progress", "partner__name")


@require_safe
@requires("incentives.view_tiers")
def mine(request: HttpRequest, tenant: str) -> HttpResponse:
    """A partner's own tier; the vendor's people see all partners' instead."""
    if not request.membership.is_partner:
        return redirect(turl(request, "incentives:standings"))
    partner = get_object_or_404(Partner, pk=request.membership.partner_id)
    return _standing_page(request, partner, {"title": _("Your tier")})


@require_safe
@requires("incentives.view_standings")
def standing(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    partner = get_object_or_404(Partner, pk=pk)
    context = {
        "title": partner.name,
        "back_url": turl(request, "incentives:standings"),
        "back_label": _("Partners’ tiers"),
    }
    return _standing_page(request, partner, context)


@require_safe
@requires("incentives.view_tiers")
def certificate(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """The tier that a partner holds, as a PDF."""
    found = queries.standings(request.membership).filter(partner_id=pk).first()
    if found is None:
        raise Http404
    content = certificate_pdf(found, request.tenant, short_date(queries.today()))
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="certificate.pdf"'
    return response


@require_safe
@requires("incentives.view_tiers")
def badge(request: HttpRequest, tenant: str, pk: UUID, image: Image) -> HttpResponse:
    """The badge of the tier that a partner holds, as an image to download: `svg` or `png`."""
    found = queries.standings(request.membership).filter(partner_id=pk).first()
    if found is None:
        raise Http404
    content = badge_image(found, request.tenant, image)
    response = HttpResponse(content, content_type=BADGE_TYPES[image])
    response["Content-Disposition"] = f'attachment; filename="badge.{image}"'
    return response


def _standing_page(request: HttpRequest, partner: Partner, context: dict[str, Any]) -> HttpResponse:
    check(request.membership, "incentives.view_standing", partner)
    ladder = queries.tiers()
    found = queries.standing_of(partner.pk)
    currency = request.tenant.currency
    rungs = [rung_of(tier, found, currency) for tier in reversed(ladder)] if found else []
    return render(
        request,
        "incentives/standing.html",
        {
            **context,
            "partner": partner,
            "mine": request.membership.is_partner,
            "standing": found,
            "currency": currency,
            "next": progress_of(found, currency),
            "rungs": rungs,
            "lacks_figures": any(rung.is_held and rung.is_pending for rung in rungs),
            "ladder": ladder,
            "history": queries.through_time(partner.pk, ladder),
            "ahead": forecast(partner, currency) if found else None,
            "checks": queries.checks_of(partner),
            "owed": owed_to(partner),
            "may_deliver": can(request.membership, "incentives.deliver_benefit", partner),
            "may_override": bool(ladder) and can(request.membership, "incentives.propose_override", partner),
            "may_confirm": can(request.membership, "incentives.confirm_check", partner),
        },
    )


class Proposals(ListPage):
    title = gettext_lazy("Proposed moves")
    permission = "incentives.view_proposals"
    table_class = ProposalTable
    filterset_class = ProposalFilter
    search_fields = ("partner__name", "partner__number")
    search_label = gettext_lazy("Search by partner")
    export_name = "tier-proposals"
    presets = (
        Preset(gettext_lazy("Waiting"), {"status": ProposalStatus.WAITING}),
        Preset(gettext_lazy("All")),
    )
    empty_icon = "checks"
    empty_title = gettext_lazy("Nothing waits for a decision")
    empty_text = gettext_lazy(
        "When a partner reaches another tier, or falls short of its own, it appears here."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[TierProposal]:
        return queries.proposals().order_by("-id")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("incentives.view_proposals")
def proposal(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """What was decided on, and the decision."""
    found = get_object_or_404(queries.proposals(), pk=pk)
    declines = request.POST.get("decision") == "decline"
    form = DecisionForm(request.POST if request.method == "POST" else None, reason_required=declines)
    if request.method == "POST":
        check(request.membership, "incentives.decide_proposal", found)
        if form.is_valid():
            decide = decline_proposal if declines else confirm_proposal
            try:
                with transaction.atomic():
                    decide(found, by=request.membership, reason=form.cleaned_data["reason"])
            except ActionRefused as refusal:
                if refusal.field is None:
                    say_refused(request, refusal)
                    return redirect(turl(request, "incentives:proposal", pk))
                add_refusal(form, refusal)
            else:
                done = _("%(partner)s stays %(tier)s.") if declines else _("%(partner)s is %(tier)s.")
                tier = found.from_tier if declines else found.to_tier
                messages.success(request, done % {"partner": found.partner.name, "tier": tier.name})
                return redirect(turl(request, "incentives:proposals") + "?status=waiting")
    return render(
        request,
        "incentives/proposal.html",
        _proposal_context(request, found) | {"form": form},
        status=422 if form.is_bound else 200,
    )


def _proposal_context(request: HttpRequest, found: TierProposal) -> dict[str, Any]:
    result = load_result(found.evidence["result"]) if found.evidence.get("result") else None
    properties = [
        {"label": _("From"), "value": found.from_tier.name},
        {"label": _("To"), "value": found.to_tier.name},
        {"label": _("Takes effect"), "value": short_date(found.effective_on)},
        {"label": _("Status"), "value": found.get_status_display()},
    ]
    if found.decided_by:
        properties.append({"label": _("Decided by"), "value": found.decided_by.name})
    if found.reason:
        properties.append({"label": _("Reason"), "value": found.reason})
    return {
        "title": found.partner.name,
        "subtitle": f"{found.get_direction_display()}: {found.from_tier} → {found.to_tier}",
        "back_url": turl(request, "incentives:proposals") + "?status=waiting",
        "back_label": _("Proposed moves"),
        "proposal": found,
        "properties": properties,
        "tone": DIRECTION_TONES[Direction(found.direction)],
        "result": result,
        "result_title": group_title(result) if result else "",
        "gap": gap(result, request.tenant.currency) if result else "",
        "currency": request.tenant.currency,
        "may_decide": found.status == ProposalStatus.WAITING
        and can(request.membership, "incentives.decide_proposal", found),
    }

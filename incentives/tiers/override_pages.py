"""Pages of tiers by hand."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incentives.tiers import overrides
from incentives.tiers.enums import OverrideStatus
from incentives.tiers.filters import OverrideFilter
from incentives.tiers.forms import OverrideForm
from incentives.tiers.models import TierOverride
from incentives.tiers.preview import cost_by_hand
from incentives.tiers.tables import OverrideTable
from partners.directory.models import Partner
from portal.accounts.access import can, check, requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.formats import short_date
from portal.shell.lists import ListPage, Preset
from portal.shell.messages import add_refusal, say_refused


class Overrides(ListPage):
    title = gettext_lazy("Tiers by hand")
    permission = "incentives.propose_override"
    table_class = OverrideTable
    filterset_class = OverrideFilter
    search_fields = ("partner__name", "partner__number", "reason")
    search_label = gettext_lazy("Search by partner or reason")
    export_name = "tiers-by-hand"
    presets = (
        Preset(gettext_lazy("Waiting"), {"status": OverrideStatus.WAITING}),
        Preset(gettext_lazy("Running"), {"status": OverrideStatus.APPROVED}),
        Preset(gettext_lazy("All")),
    )
    empty_icon = "hand-stop"
    empty_title = gettext_lazy("No tier is given by hand")
    empty_text = gettext_lazy("Open a partner under Partners’ tiers to propose one.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TierOverride]:
        rows = TierOverride.objects.select_related("partner", "tier", "proposed_by__user", "decided_by__user")
        return rows.order_by("-id")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("incentives.propose_override")
def override_create(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Propose a tier by hand for a partner."""
    partner = get_object_or_404(Partner, pk=pk)
    check(request.membership, "incentives.propose_override", partner)
    form = OverrideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                found = overrides.propose_override(partner, by=request.membership, **form.cleaned_data)
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Proposed. It counts once somebody else has approved it."))
            return redirect(turl(request, "incentives:override", found.pk))
    return render(
        request,
        "incentives/correction_form.html",
        {
            "title": _("Give a tier by hand"),
            "subtitle": partner.name,
            "back_url": turl(request, "incentives:standing", pk),
            "back_label": partner.name,
            "form": form,
            "submit": _("Propose"),
        },
        status=422 if form.is_bound else 200,
    )


@require_safe
@requires("incentives.propose_override")
def override(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(
        TierOverride.objects.select_related(
            "partner", "tier", "fallback", "proposed_by__user", "decided_by__user"
        ),
        pk=pk,
    )
    waiting, own = found.status == OverrideStatus.WAITING, found.proposed_by_id == request.membership.pk
    return render(
        request,
        "incentives/override.html",
        {
            "title": _("%(tier)s by hand for %(partner)s")
            % {"tier": found.tier.name, "partner": found.partner.name},
            "subtitle": found.reason,
            "back_url": turl(request, "incentives:overrides"),
            "back_label": _("Tiers by hand"),
            "override": found,
            "may_decide": waiting and not own and can(request.membership, "incentives.assign_tier"),
            "may_withdraw": waiting and own,
            "costs": cost_by_hand(found.partner, found.tier) if waiting else {},
            "properties": [
                {"label": _("Partner"), "value": found.partner.name},
                {"label": _("Tier"), "value": found.tier.name},
                {"label": _("From"), "value": found.starts_on and short_date(found.starts_on)},
                {"label": _("Ends on"), "value": short_date(found.ends_on)},
                {"label": _("Then again"), "value": found.fallback and found.fallback.name},
                {"label": _("Status"), "value": found.get_status_display()},
                {"label": _("Reason"), "value": found.reason},
                {"label": _("Proposed by"), "value": found.proposed_by.name},
                {"label": _("Decided by"), "value": found.decided_by and found.decided_by.name},
                {"label": _("Why"), "value": found.answer},
            ],
        },
    )


@require_POST
@requires("incentives.propose_override")
def override_decide(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """`approve`, `decline` or `withdraw`."""
    found = get_object_or_404(TierOverride.objects.select_related("partner"), pk=pk)
    verb, answer = request.POST.get("verb", ""), request.POST.get("answer", "")
    by = request.membership
    try:
        with transaction.atomic():
            if verb == "approve":
                overrides.approve_override(found, by=by)
                messages.success(request, _("Approved. It counts from today."))
            elif verb == "decline":
                overrides.decline_override(found, answer=answer, by=by)
                messages.success(request, _("Declined."))
            elif verb == "withdraw":
                overrides.withdraw_override(found, by=by)
                messages.success(request, _("Withdrawn."))
    except ActionRefused as refusal:
        say_refused(request, refusal)
    return redirect(turl(request, "incentives:override", pk))

"""Pages of the benefits that partners of a tier are owed."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from incentives.tiers.benefits import deliver_benefit, save_benefit
from incentives.tiers.forms import BenefitForm
from incentives.tiers.models import Tier, TierBenefit
from partners.directory.models import Partner
from portal.accounts.access import check, requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.messages import say_refused


@require_http_methods(["GET", "HEAD", "POST"])
@requires("incentives.change_programme")
def benefits(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """What partners of a tier are owed, and adding to it."""
    tier = get_object_or_404(Tier, pk=pk)
    return _benefit_form(request, TierBenefit(tier=tier))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("incentives.change_programme")
def benefit_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _benefit_form(request, get_object_or_404(TierBenefit.objects.select_related("tier"), pk=pk))


def _benefit_form(request: HttpRequest, benefit: TierBenefit) -> HttpResponse:
    is_new, name, tier = benefit._state.adding, benefit.name, benefit.tier
    form = BenefitForm(request.POST or None, instance=benefit)
    here = turl(request, "incentives:benefits", tier.pk)
    if request.method == "POST" and form.is_valid():
        save_benefit(form.save(commit=False), by=request.membership)
        messages.success(request, _("“%(benefit)s” is saved.") % {"benefit": benefit.name})
        return redirect(here)
    return render(
        request,
        "incentives/owed_benefits.html",
        {
            "title": _("What %(tier)s is owed") % {"tier": tier.name} if is_new else name,
            "subtitle": _("Each is shown as owed to every partner of the tier until somebody delivers it."),
            "back_url": turl(request, "incentives:ladder") if is_new else here,
            "back_label": _("Tiers") if is_new else tier.name,
            "form": form,
            "is_new": is_new,
            "rows": TierBenefit.objects.filter(tier=tier) if is_new else [],
        },
        status=422 if form.is_bound else 200,
    )


@require_POST
@requires("incentives.deliver_benefit")
def benefit_deliver(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Say that a partner was given a benefit."""
    partner = get_object_or_404(Partner, pk=pk)
    check(request.membership, "incentives.deliver_benefit", partner)
    try:
        benefit = get_object_or_404(TierBenefit, pk=UUID(request.POST.get("benefit", "")))
    except ValueError:
        return redirect(turl(request, "incentives:standing", pk))
    try:
        with transaction.atomic():
            deliver_benefit(partner, benefit, note=request.POST.get("note", "")[:300], by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("“%(benefit)s” is delivered.") % {"benefit": benefit.name})
    return redirect(turl(request, "incentives:standing", pk))

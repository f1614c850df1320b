"""What if: a partner's deals and figures, and the vendor's rates and thresholds. Nothing is written."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from incentives.ledger.preview import PlanPreview
from incentives.ledger.simulation import preview_or_job
from incentives.plans.actions import VersionDraft
from incentives.plans.bands import Band
from incentives.plans.enums import BandMode, PlanBase, PlanForm
from incentives.plans.models import Plan, PlanVersion
from incentives.plans.queries import version_in_force_or_next, version_terms
from incentives.tiers import queries
from incentives.tiers.enums import Outcome
from incentives.tiers.models import Tier
from incentives.tiers.preview import preview_ladder
from incentives.tiers.queries import tenant_in_scope
from incentives.tiers.words import gap, percent_floor
from incentives.whatif.forms import RatesForm, ThresholdsForm, WishForm
from incentives.whatif.outcome import Outlook, outlook_of, situation
from metrics.periods import PeriodKind, calendar_of
from partners.directory.models import Partner
from portal.accounts.access import requires
from portal.jobs.models import Job
from portal.money import round_half_up
from portal.shell.addresses import turl


@require_safe
@requires("incentives.view_ledger")
def what_if(request: HttpRequest, tenant: str) -> HttpResponse:
    """Score, tier and money with more deals or other figures, beside the real ones."""
    member = request.membership
    if member.partner_id is None:
        raise PermissionDenied("incentives.what_if")
    return _wish_page(request, member.partner_id, {})


@require_safe
@requires("incentives.view_standings")
def what_if_partner(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """The same for the vendor, of one partner."""
    partner = get_object_or_404(Partner.objects.all(), pk=pk)
    back = turl(request, "incentives:standing", pk)
    return _wish_page(
        request,
        partner.pk,
        {"partner": partner, "subtitle": partner.name, "back_url": back, "back_label": partner.name},
    )


def _wish_page(request: HttpRequest, partner_id: UUID, more: dict[str, Any]) -> HttpResponse:
    it = situation(partner_id, to_partner=request.membership.is_partner)
    currency = request.tenant.currency
    form = WishForm(request.GET or None, currency=currency, figures=it.figures())
    found = outlook_of(it, form.wish())
    return render(
        request,
        "incentives/what_if.html",
        {
            "title": _("What if…"),
            "subtitle": _(
                "Suppose deals, certificates and figures, and see what they would bring. Nothing is saved."
            ),
            "form": form,
            "outlook": found,
            "card": it.card,
            "ways": [_way(tier, found, currency) for tier in found.above],
            "currency": currency,
            **more,
        },
    )


def _way(tier: Tier, found: Outlook, currency: str) -> dict[str, Any]:
    """What a higher tier asks for beyond what is there, and beyond what is supposed."""
    now, then = found.now.results[tier.pk], found.then.results[tier.pk]
    return {
        "tier": tier,
        "now": gap(now, currency),
        "then": gap(then, currency),
        "percent_now": percent_floor(now.progress),
        "percent_then": percent_floor(then.progress),
        "is_met_now": now.outcome == Outcome.MET,
        "is_met": then.outcome == Outcome.MET,
    }


@require_safe
@requires("incentives.change_programme")
def thresholds(request: HttpRequest, tenant: str) -> HttpResponse:
    """Who would reach which tier with other thresholds, and what that would cost."""
    ladder = queries.tiers()
    form = ThresholdsForm(request.GET or None, ladder=ladder, currency=request.tenant.currency)
    return render(
        request,
        "incentives/what_if_tiers.html",
        {
            "title": _("What if tiers asked for something else?"),
            "subtitle": _("On today’s figures of all partners. Nothing is saved."),
            "back_url": turl(request, "incentives:ladder"),
            "back_label": _("Tiers"),
            "form": form,
            "preview": preview_ladder(form.drafted(), ladder) if ladder else None,
        },
    )


@require_safe
@requires("incentives.change_programme")
def rates(request: HttpRequest, tenant: str) -> HttpResponse:
    """What other rates and limits of a plan would have cost in the last four quarters."""
    first = Plan.objects.order_by("name").first()
    form = RatesForm(request.GET if "plan" in request.GET else None, initial={"plan": first})
    found: PlanPreview | Job | None = None
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        version = version_in_force_or_next(data["plan"])
        if version is not None:
            draft = changed(version, data["rates"] / 100, data["limits"] / 100)
            key = f"what-if:{version.pk}:{data['rates']}:{data['limits']}"
            found = preview_or_job(data["plan"], draft, key, by=request.membership)
    return render(
        request,
        "incentives/what_if_rates.html",
        {
            "title": _("What if rates were different?"),
            "subtitle": _(
                "On the records of the last four quarters, beside what was earned. Nothing is saved."
            ),
            "form": form,
            "preview": found if isinstance(found, PlanPreview) else None,
            "job": found if isinstance(found, Job) else None,
        },
    )


def changed(version: PlanVersion, rates: Decimal, limits: Decimal) -> VersionDraft:
    """The version with all rates and amounts, and all limits of its bands, multiplied."""
    terms = version_terms(version, tenant_in_scope())

    def limit(value: int | None) -> int | None:
        return None if value is None else max(1, round_half_up(value * limits)) if value else 0

    bands = {
        tier_id: tuple(
            Band(
                limit(band.start) or 0,
                limit(band.end),
                min(Decimal(1), round(band.rate * rates, 6)),
                round_half_up(band.amount * rates),
            )
            for band in rows
        )
        for tier_id, rows in terms.bands.items()
    }
    today = calendar_of(tenant_in_scope()).today()
    return VersionDraft(
        starts_on=max(today, terms.start) + dt.timedelta(days=1),
        ends_on=None,
        mode=BandMode(version.mode),
        period=PeriodKind(version.period),
        hold_days=version.hold_days,
        bands=bands,
        exchange_rate=version.exchange_rate,
        partner_types=tuple(version.partner_types),
        regions=tuple(version.regions),
        tier_ids=tuple(version.tier_ids),
        form=PlanForm(version.form),
        base=PlanBase(version.base),
        said=version.said,
    )

"""Pages of campaigns."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods

from partners.deals.enums import MarketingChannel
from partners.directory.pages import form_page
from partners.marketing import forms, queries
from partners.marketing.filters import CampaignFilter, FigureFilter, VendorFigureFilter
from partners.marketing.models import COUNTS, Campaign, DailyFigure
from partners.marketing.tables import CampaignTable, FigureTable, OwnCampaignTable, OwnFigureTable
from portal.accounts.access import can, check, requires
from portal.accounts.models import Membership
from portal.events.queries import timeline
from portal.money import format_money
from portal.shell.addresses import turl
from portal.shell.formats import number, short_date
from portal.shell.lists import Action, ListPage, Preset

form_methods = require_http_methods(["GET", "HEAD", "POST"])


class CampaignList(ListPage):
    title = gettext_lazy("Campaigns")
    permission = "marketing.view_campaign"
    table_class = CampaignTable
    filterset_class = CampaignFilter
    search_fields = ("name", "partner__name")
    search_label = gettext_lazy("Search by campaign or partner")
    export_name = "campaigns"
    actions = (
        Action(
            gettext_lazy("Add a campaign"),
            "marketing:create",
            "plus",
            permission="marketing.add_campaign",
            primary=True,
        ),
        Action(gettext_lazy("Day by day"), "marketing:days", "calendar-stats"),
    )
    presets = (
        Preset(gettext_lazy("All")),
        Preset(gettext_lazy("Running"), {"state": "running"}),
        Preset(gettext_lazy("Coming"), {"state": "coming"}),
        Preset(gettext_lazy("Over"), {"state": "over"}),
    )
    empty_icon = "speakerphone"
    empty_title = gettext_lazy("No campaigns yet")
    empty_text = gettext_lazy("Add one, then report day by day what it brings.")
    empty_action = actions[0]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Campaign]:
        return queries.with_totals(queries.visible_campaigns(request.membership))

    def adapt_to(self, member: Membership) -> None:
        if member.is_partner:
            self.table_class = OwnCampaignTable


class FigureList(ListPage):
    """Every day that campaigns have reported: what the sums of channels and sources are made of."""

    title = gettext_lazy("Daily figures")
    subtitle = gettext_lazy("What campaigns brought, day by day.")
    permission = "marketing.view_campaign"
    table_class = FigureTable
    filterset_class = VendorFigureFilter
    search_fields = ("campaign__name", "partner__name", "source")
    search_label = gettext_lazy("Search by campaign, partner or source")
    export_name = "daily-figures"
    actions = (Action(gettext_lazy("Campaigns"), "marketing:list", "speakerphone"),)
    empty_icon = "calendar-stats"
    empty_title = gettext_lazy("No figures yet")
    empty_text = gettext_lazy("Open a campaign and report what it brings, day by day.")
    template_name = "marketing/days.html"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[DailyFigure]:
        return queries.visible_figures(request.membership).order_by("-day", "campaign__name", "pk")

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        rows, _table, _filterset = self.narrowed(request)
        return {"figures": _figures(queries.totals(rows.order_by()), request.tenant.currency)}

    def adapt_to(self, member: Membership) -> None:
        if member.is_partner:
            self.table_class, self.filterset_class = OwnFigureTable, FigureFilter


@form_methods
@requires("marketing.add_campaign")
def create(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        forms.CampaignForm(request.POST or None, by=request.membership),
        done=lambda campaign: (
            turl(request, "marketing:detail", campaign.pk),
            _("Added. Report what it brings."),
        ),
        context={
            "title": _("Add a campaign"),
            "back_url": turl(request, "marketing:list"),
            "back_label": _("Campaigns"),
            "submit_label": _("Add the campaign"),
        },
    )


@require_GET
@requires("marketing.view_campaign")
def detail(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    campaign = get_object_or_404(queries.visible_campaigns(request.membership), pk=pk)
    figures = DailyFigure.objects.filter(campaign=campaign)
    context = {
        "title": campaign.name,
        "back_url": turl(request, "marketing:list"),
        "back_label": _("Campaigns"),
        "campaign": campaign,
        "items": _items(request, campaign),
        "figures": _figures(queries.totals(figures), campaign.currency),
        "sums": [_sum(row, campaign.currency) for row in queries.totals_by(figures, "channel", "source")],
        "months": figures.dates("day", "month", order="DESC"),
        "this_month": timezone.localdate().replace(day=1),
        "may_change": can(request.membership, "marketing.change_campaign", campaign),
        "events": timeline(campaign)[:50],
    }
    return render(request, "marketing/detail.html", context)


def _items(request: HttpRequest, campaign: Campaign) -> list[dict[str, Any]]:
    partner_url = (
        "" if request.membership.is_partner else turl(request, "directory:partner", campaign.partner_id)
    )
    return [
        {"label": _("Partner"), "value": campaign.partner.name, "href": partner_url},
        {"label": _("Begins"), "value": short_date(campaign.starts_on)},
        {"label": _("Ends"), "value": short_date(campaign.ends_on) if campaign.ends_on else ""},
        {"label": _("Budget"), "value": format_money(campaign.budget, campaign.currency)},
        {"label": _("Co-branded"), "value": _("Yes") if campaign.is_cobranded else _("No")},
        {"label": _("Together with the vendor"), "value": _("Yes") if campaign.is_joint else _("No")},
        {"label": _("Goal"), "value": campaign.goal},
    ]


def _figures(totals: dict[str, int], currency: str) -> list[dict[str, str]]:
    names = {name: str(DailyFigure._meta.get_field(name).verbose_name).capitalize() for name in totals}
    return [
        {"label": names[name], "value": number(value) if name in COUNTS else format_money(value, currency)}
        for name, value in totals.items()
    ]


def _sum(row: dict[str, Any], currency: str) -> dict[str, str]:
    return {
        "source": row["source"] or "–",
        "channel": str(MarketingChannel(row["channel"]).label),
        "visits": number(row["sum_visits"]),
        "clicks": number(row["sum_clicks"]),
        "conversions": number(row["sum_conversions"]),
        "spend": format_money(row["sum_spend"], currency),
        "revenue": format_money(row["sum_revenue"], currency),
    }


@form_methods
@requires("marketing.view_campaign")
def edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    campaign = get_object_or_404(queries.visible_campaigns(request.membership), pk=pk)
    check(request.membership, "marketing.change_campaign", campaign)
    address = turl(request, "marketing:detail", pk)
    return form_page(
        request,
        forms.CampaignForm(request.POST or None, by=request.membership, campaign=campaign),
        done=lambda saved: (address, _("Saved.")),
        context={"title": campaign.name, "back_url": address, "back_label": campaign.name},
    )


@form_methods
@requires("marketing.view_campaign")
def figures(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """The daily figures of a month as a grid to fill in."""
    campaign = get_object_or_404(queries.visible_campaigns(request.membership), pk=pk)
    check(request.membership, "marketing.report_campaign", campaign)
    month = _month(request)
    after = (month + dt.timedelta(days=32)).replace(day=1)
    there = list(campaign.figures.filter(day__gte=month, day__lt=after)[: forms.MOST_LINES - 7])
    address = turl(request, "marketing:detail", pk)
    return form_page(
        request,
        forms.FiguresForm(request.POST or None, by=request.membership, campaign=campaign, figures=there),
        done=lambda count: (
            address,
            ngettext("%d line has been noted.", "%d lines have been noted.", count) % count,
        ),
        template="marketing/figures.html",
        context={
            "title": _("Daily figures of %s") % campaign.name,
            "back_url": address,
            "back_label": campaign.name,
            "month": month,
            "before": (month - dt.timedelta(days=1)).replace(day=1),
            "after": after,
        },
    )


def _month(request: HttpRequest) -> dt.date:
    this = timezone.localdate().replace(day=1)
    try:
        month = dt.date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        return this
    # The months around it are days as well.
    return month if dt.date.min.year < month.year < dt.date.max.year else this

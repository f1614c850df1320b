"""Pages of earnings."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from incentives.earnings import earnings_of
from incentives.ledger import queries
from incentives.ledger.actions import explain
from incentives.ledger.filters import EntryFilter, VendorEntryFilter
from incentives.ledger.models import LedgerEntry
from incentives.ledger.tables import EntryTable, VendorEntryTable
from incentives.ledger.words import band_text, entry_text, line_text, rate_text
from incentives.plans.enums import MONEY_BASES, PlanForm
from incentives.tiers.queries import tiers
from metrics.periods import calendar_of
from partners.deals.models import Deal
from portal.accounts.access import check, requires
from portal.accounts.models import Membership
from portal.money import quick_money
from portal.shell.addresses import turl
from portal.shell.formats import short_date
from portal.shell.lists import ListPage


class Earnings(ListPage):
    """What was earned, the answer first, and every entry below it."""

    title = gettext_lazy("Earnings")
    permission = "incentives.view_ledger"
    search_fields = ("deal__title", "deal__number", "label", "partner__name")
    search_label = gettext_lazy("Search by deal or partner")
    export_name = "earnings"
    template_name = "incentives/earnings.html"
    empty_icon = "coin"
    empty_title = gettext_lazy("Nothing earned yet")
    empty_text = gettext_lazy(
        "Each won deal that a plan pays for appears here, with how its amount came about."
    )

    def adapt_to(self, member: Membership) -> None:
        if member.is_vendor:
            self.table_class, self.filterset_class = VendorEntryTable, VendorEntryFilter
        else:
            self.table_class, self.filterset_class = EntryTable, EntryFilter

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        return queries.entries(request.membership)

    def get_title(self, request: HttpRequest) -> str:
        return _("Earnings") if request.membership.is_partner else _("Partners’ earnings")

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"earnings": earnings_of(request.membership), "mine": request.membership.is_partner}


@require_safe
@requires("incentives.view_ledger")
def entry(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """One entry: what it was made of, and the other entries of its deal."""
    found = get_object_or_404(queries.entries(request.membership), pk=pk)
    check(request.membership, "incentives.view_ledger", found)
    mine = request.membership.is_partner
    explanation = found.explanation
    properties = _properties(found)
    if found.exchange_rate != 1:
        properties.append({"label": _("Exchange rate"), "value": f"{found.exchange_rate.normalize():f}"})
    return render(
        request,
        "incentives/entry.html",
        {
            "title": found.headline,
            "subtitle": entry_text(found, mine=mine),
            "back_url": turl(request, "incentives:earnings"),
            "back_label": _("Earnings"),
            "entry": found,
            "mine": mine,
            "properties": properties,
            "band_text": band_text(explanation, found.currency),
            "slices": explanation.get("slices", ()) if len(explanation.get("slices", ())) > 1 else (),
            "others": _others(request, found),
            "on_hold": found.payable_on > calendar_of(request.tenant).today(),
        },
    )


def _others(request: HttpRequest, found: LedgerEntry) -> QuerySet[LedgerEntry]:
    """All entries of the deal; of anything else the partner's own, as a pool has one of each partner's."""
    rows = queries.entries(request.membership).filter(subject=found.subject).order_by("id")
    return rows if found.deal_id else rows.filter(partner_id=found.partner_id)


def _properties(found: LedgerEntry) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"label": _("For"), "value": found.headline, "hint": found.subline},
        {"label": _("Partner"), "value": found.partner.name},
        {"label": _("Deal won on") if found.deal_id else _("Day"), "value": short_date(found.occurred_on)},
        {"label": _("Counts on"), "value": short_date(found.booked_on)},
        {"label": _("Payable from"), "value": short_date(found.payable_on)},
    ]
    if found.plan is None or found.plan_version is None:
        return rows
    hint = _("Version %(number)d") % {"number": found.plan_version.number}
    rows += [
        {"label": _("Tier on that day"), "value": found.tier and found.tier.name},
        {"label": _("Plan"), "value": found.plan.name, "hint": hint},
    ]
    if found.plan_version.base in MONEY_BASES:
        label = found.plan_version.get_base_display()
        # Not all pools are divided by money.
        if found.base or found.plan_version.form != PlanForm.POOL:
            rows.append({"label": label, "value": quick_money(found.base, found.currency)})
        # A pool, a fixed amount and what is taken back have none.
        if found.rate:
            rows.append({"label": _("Rate"), "value": rate_text(found.rate)})
    else:
        rows.append({"label": found.plan_version.get_base_display(), "value": found.base})
    return rows


@require_safe
@requires("incentives.view_ledger")
def deal(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """What one deal earns, or why it earns nothing, as calculated now, and what has been posted."""
    deals = Deal.objects.select_related("partner")
    if request.membership.is_partner:
        deals = deals.filter(partner_id=request.membership.partner_id)
    found = get_object_or_404(deals, pk=pk)
    check(request.membership, "incentives.view_ledger", found)
    mine = request.membership.is_partner
    names = {tier.pk: tier.name for tier in tiers()}
    lines = []
    for line in queries.lines_of_deal(found):
        explanation = explain(line, names)
        currency = line.terms.currency if line.terms else request.tenant.currency
        lines.append(
            {
                "plan": line.terms.plan_name if line.terms else "",
                "amount": line.amount,
                "currency": currency,
                "text": line_text(line, explanation, mine=mine),
                "band": band_text(explanation, currency),
                "payable_on": line.payable_on if line.amount else None,
            }
        )
    return render(
        request,
        "incentives/deal.html",
        {
            "title": _("What “%(deal)s” earns") % {"deal": found.title or found.number},
            "subtitle": found.number,
            "back_url": turl(request, "incentives:earnings"),
            "back_label": _("Earnings"),
            "lines": lines,
            "mine": mine,
            "others": queries.entries(request.membership).filter(deal_id=found.pk).order_by("id"),
        },
    )

"""Statements as their readers see them: a page, a PDF, a CSV file, and the advice of a payment."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from incentives.statements import queries
from incentives.statements.documents import advice_pdf, statement_pdf_of, statement_rows
from incentives.statements.enums import StatementStatus
from incentives.statements.filters import StatementFilter, VendorStatementFilter
from incentives.statements.models import Statement
from incentives.statements.tables import STATEMENT_TONES, StatementTable, VendorStatementTable
from portal.accounts.access import can, check, requires
from portal.accounts.models import Membership
from portal.shell.addresses import turl
from portal.shell.exports import csv_lines, csv_response
from portal.shell.formats import percent, short_date
from portal.shell.lists import Action, ListPage, Preset

SHOWN = 200


class Statements(ListPage):
    title = gettext_lazy("Statements")
    permission = "statements.view_statement"
    search_fields = ("number", "partner__name")
    search_label = gettext_lazy("Search by number or partner")
    export_name = "statements"
    template_name = "statements/list.html"
    presets = (
        Preset(gettext_lazy("All")),
        Preset(gettext_lazy("To be paid"), {"status": StatementStatus.APPROVED}),
        Preset(gettext_lazy("Paid"), {"status": StatementStatus.PAID}),
    )
    actions = (
        Action(
            gettext_lazy("Payout details"),
            "statements:my_details",
            "building-bank",
            "statements.change_details",
        ),
    )
    empty_icon = "file-invoice"
    empty_title = gettext_lazy("No statements yet")
    empty_text = gettext_lazy(
        "When a period is closed, a statement says what was earned in it and when it is paid."
    )

    def adapt_to(self, member: Membership) -> None:
        if member.is_vendor:
            self.table_class, self.filterset_class = VendorStatementTable, VendorStatementFilter
        else:
            self.table_class, self.filterset_class = StatementTable, StatementFilter

    def get_queryset(self, request: HttpRequest) -> QuerySet[Statement]:
        return queries.statements(request.membership)

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        if request.membership.is_vendor or not can(request.membership, "statements.change_details"):
            return {}
        return {"obstacle": queries.payee(request.membership.partner_id).obstacle}


def _found(request: HttpRequest, pk: UUID) -> Statement:
    found = get_object_or_404(queries.statements(request.membership), pk=pk)
    check(request.membership, "statements.view_statement", found)
    return found


@require_safe
@requires("statements.view_statement")
def statement(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """What is on it, and what became of it."""
    found = _found(request, pk)
    entries = queries.entries_of(found)
    properties = [
        {"label": _("Period"), "value": found.closing.period.label()},
        {"label": _("Partner"), "value": found.partner.name},
        {"label": _("Status"), "value": found.get_status_display()},
        {"label": _("Approved on"), "value": short_date(found.closing.decided_at)},
        {"label": _("Paid on"), "value": short_date(found.paid_on)},
    ]
    payments = queries.payments(request.membership).filter(statement=found)
    return render(
        request,
        "statements/statement.html",
        {
            "title": found.name,
            "subtitle": f"{found.closing.period.label()} · {found.partner.name}",
            "back_url": turl(request, "statements:list"),
            "back_label": _("Statements"),
            "statement": found,
            "tone": STATEMENT_TONES[StatementStatus(found.status)],
            "tax": percent(found.tax_rate),
            "waits_for_country": queries.waits_for_country(found),
            "properties": properties,
            "entries": entries[:SHOWN],
            "more": max(0, found.entries - SHOWN),
            "payments": payments.order_by("id"),
            "mine": request.membership.is_partner,
        },
    )


@require_safe
@requires("statements.view_statement")
def statement_pdf(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _found(request, pk)
    return _pdf(statement_pdf_of(found, list(queries.entries_of(found)), request.tenant), found.name)


@require_safe
@requires("statements.view_statement")
def statement_csv(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponseBase:
    """Every entry, and the same sums as on the page."""
    found = _found(request, pk)
    header, rows = statement_rows(found, list(queries.entries_of(found)))
    return csv_response(found.name, csv_lines(header, rows))


@require_safe
@requires("statements.view_statement")
def advice(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """What a payment was for, as a PDF."""
    payment = get_object_or_404(queries.payments(request.membership), pk=pk)
    check(request.membership, "statements.view_statement", payment)
    return _pdf(advice_pdf(payment, request.tenant), payment.reference)


def _pdf(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return response

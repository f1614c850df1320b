"""Closing periods: the check list, the draft statements, and the decision."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incentives.statements import actions, queries
from incentives.statements.checklist import BLOCK, OK, WARN, checks, may_be_closed
from incentives.statements.enums import ClosingStatus
from incentives.statements.forms import ReasonForm
from incentives.statements.models import Closing, Statement
from incentives.statements.tables import CLOSING_TONES, ClosingTable
from metrics.periods import calendar_of
from portal.accounts.access import can, requires
from portal.errors import ActionRefused
from portal.jobs.models import Job
from portal.shell.addresses import turl
from portal.shell.formats import short_date, short_time
from portal.shell.lists import Action, ListPage
from portal.shell.messages import say_refused

CHECK_TONES = {
    OK: ("success", "check", gettext_lazy("In order")),
    WARN: ("warning", "alert-triangle", gettext_lazy("Look at this")),
    BLOCK: ("danger", "x", gettext_lazy("Forbids the close")),
}
SHOWN = 100


class Closings(ListPage):
    title = gettext_lazy("Payouts")
    subtitle = gettext_lazy("A period is closed, its statements are approved by a second person, and paid.")
    permission = "statements.view_closings"
    table_class = ClosingTable
    export_name = "payouts"
    template_name = "statements/closings.html"
    actions = (
        Action(gettext_lazy("Statements"), "statements:list", "file-invoice"),
        Action(gettext_lazy("Payments"), "statements:batches", "building-bank"),
        Action(gettext_lazy("Payees"), "statements:payees", "users"),
        Action(
            gettext_lazy("Check the ledger"), "statements:check_ledger", "shield-check", "statements.approve"
        ),
        Action(gettext_lazy("Terms"), "statements:terms", "settings", "statements.change_terms"),
    )
    empty_icon = "calendar-check"
    empty_title = gettext_lazy("No period has been closed yet")
    empty_text = gettext_lazy(
        "Closing a period gathers every entry whose hold is over into one statement for each partner."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Closing]:
        return queries.closings().order_by("-period_start", "-id")

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "next": queries.next_period(calendar_of(request.tenant)),
            "open": queries.open_closing(),
            "unpaid": queries.totals(queries.unpaid()),
        }


@require_http_methods(["GET", "HEAD", "POST"])
@requires("statements.propose")
def propose(request: HttpRequest, tenant: str) -> HttpResponse:
    """The check list of the next period; what wants attention is ticked before the close is proposed."""
    period = queries.next_period(calendar_of(request.tenant))
    running = queries.open_closing()
    if running is not None:
        return redirect(turl(request, "statements:closing", running.pk))
    if period is None:
        messages.info(request, _("There is no period to close now."))
        return redirect(turl(request, "statements:closings"))
    refusal = ""
    if request.method == "POST":
        if request.POST.get("period") != period.key:
            refusal = _("Somebody else has closed this period meanwhile. This is the next one.")
        else:
            try:
                with transaction.atomic():
                    found = actions.propose_closing(
                        period, by=request.membership, acknowledged=request.POST.getlist("read")
                    )
            except ActionRefused as refused:
                refusal = str(refused.message)
            else:
                messages.success(
                    request, _("The close of %(period)s is proposed.") % {"period": period.label()}
                )
                return redirect(turl(request, "statements:closing", found.pk))
    found_checks = checks(period)
    return render(
        request,
        "statements/propose.html",
        {
            "title": _("Close %(period)s") % {"period": period.label()},
            "subtitle": _("Statements are drafted; another person approves them."),
            "back_url": turl(request, "statements:closings"),
            "back_label": _("Payouts"),
            "period": period,
            "rows": [(check, CHECK_TONES[check.state]) for check in found_checks],
            "read": request.POST.getlist("read"),
            "possible": may_be_closed(found_checks),
            "refusal": refusal,
        },
        status=422 if refusal else 200,
    )


@require_safe
@requires("statements.view_closings")
def closing(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """What a close comes to, and for who may: the decision."""
    found = get_object_or_404(queries.closings(), pk=pk)
    statements = Statement.objects.filter(closing=found).select_related("partner").order_by("-payable", "id")
    is_open = found.status in (ClosingStatus.COLLECTING, ClosingStatus.PROPOSED)
    own = found.proposed_by_id == request.membership.pk
    approver = can(request.membership, "statements.approve")
    properties = [
        {"label": _("Proposed by"), "value": found.proposed_by.name, "hint": short_time(found.created_at)},
    ]
    if found.decided_by:
        properties.append(
            {
                "label": _("Decided by"),
                "value": found.decided_by.name,
                "hint": short_time(found.decided_at),
            }
        )
    if found.reason:
        properties.append({"label": _("Reason"), "value": found.reason})
    return render(
        request,
        "statements/closing.html",
        {
            "title": _("Close of %(period)s") % {"period": found.period.label()},
            "subtitle": _("%(first)s to %(last)s")
            % {
                "first": short_date(found.period.start),
                "last": short_date(found.period.end - dt.timedelta(days=1)),
            },
            "back_url": turl(request, "statements:closings"),
            "back_label": _("Payouts"),
            "closing": found,
            "tone": CLOSING_TONES[ClosingStatus(found.status)],
            "totals": queries.totals(Statement.objects.filter(closing=found)),
            "statements": statements[:SHOWN],
            "more": max(0, found.count - SHOWN),
            "checks": [(check["text"], CHECK_TONES[check["state"]]) for check in found.checks],
            "properties": properties,
            "job": Job.objects.filter(pk=found.job_id).first() if found.job_id and is_open else None,
            "may_approve": found.status == ClosingStatus.PROPOSED and approver and not own,
            "waits_for_other": found.status == ClosingStatus.PROPOSED and own,
            "may_cancel": is_open and (own or approver),
            "reason_form": ReasonForm(),
        },
    )


@require_POST
@requires("statements.approve")
def approve(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Closing, pk=pk)
    try:
        with transaction.atomic():
            actions.approve_closing(found, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("The statements are approved and shown to their partners."))
    return redirect(turl(request, "statements:closing", pk))


@require_POST
@requires("statements.propose")
def cancel(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(Closing, pk=pk)
    try:
        with transaction.atomic():
            actions.cancel_closing(found, by=request.membership, reason=request.POST.get("reason", ""))
    except ActionRefused as refusal:
        say_refused(request, refusal)
        return redirect(turl(request, "statements:closing", pk))
    messages.success(request, _("The closing is cancelled; its entries wait for the next one."))
    return redirect(turl(request, "statements:closings"))

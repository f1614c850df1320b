"""Payment batches: proposed, approved by a second person, sent to the bank, settled."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incentives.statements import actions, queries
from incentives.statements.actions.payments import SEPA_CURRENCY, no_longer_payable
from incentives.statements.documents import masked
from incentives.statements.enums import WITH_FILE, BatchStatus, Method
from incentives.statements.filters import BatchFilter
from incentives.statements.forms import BatchForm, ReasonForm, SettleForm, day_in, failures, reason_of
from incentives.statements.models import Batch
from incentives.statements.tables import BATCH_TONES, OBSTACLES, BatchTable
from metrics.periods import calendar_of
from portal.accounts.access import can, requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.formats import short_date, short_time
from portal.shell.lists import Action, ListPage
from portal.shell.messages import add_refusal, say_refused


class Batches(ListPage):
    title = gettext_lazy("Payments")
    subtitle = gettext_lazy("What goes to the bank together. A second person lets it go.")
    permission = "statements.view_closings"
    table_class = BatchTable
    filterset_class = BatchFilter
    search_fields = ("number", "payments__partner__name", "payments__reference")
    search_label = gettext_lazy("Search by number, partner or reference")
    export_name = "payments"
    actions = (
        Action(gettext_lazy("New batch"), "statements:batch_create", "plus", "statements.propose", True),
    )
    empty_icon = "building-bank"
    empty_title = gettext_lazy("No payments yet")
    empty_text = gettext_lazy("Approved statements are paid in batches, with a file for the bank.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Batch]:
        return queries.batches().order_by("-id")

    def search(self, queryset: QuerySet[Any], text: str) -> QuerySet[Any]:
        return queryset.filter(pk__in=super().search(Batch.objects.all(), text).values("pk"))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("statements.propose")
def batch_create(request: HttpRequest, tenant: str) -> HttpResponse:
    """Who would be paid what, who is left out and why."""
    waiting = list(queries.unpaid())
    if not waiting:
        messages.info(request, _("No approved statement waits for its payment."))
        return redirect(turl(request, "statements:batches"))
    currencies = sorted({row.currency for row in waiting})
    chosen = request.POST.get("currency") or request.GET.get("currency") or currencies[0]
    initial = {
        "currency": chosen,
        "execution_on": day_in(1, calendar_of(request.tenant).today()),
        "method": Method.SEPA if chosen == "EUR" else Method.CSV,
    }
    form = BatchForm(request.POST or None, initial=initial, currencies=currencies)
    if form.is_bound and form.is_valid():
        try:
            with transaction.atomic():
                made = actions.propose_batch(
                    form.cleaned_data["currency"],
                    by=request.membership,
                    execution_on=form.cleaned_data["execution_on"],
                    method=Method(form.cleaned_data["method"]),
                )
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Batch %(number)s waits for approval.") % {"number": made.number})
            return redirect(turl(request, "statements:batch", made.pk))
    payees = queries.payees({row.partner_id for row in waiting})
    rows = [(row, _obstacle(payees[row.partner_id], row.currency)) for row in waiting]
    ready = queries.totals(
        queries.unpaid().filter(partner_id__in=[key for key, payee in payees.items() if not payee.obstacle])
    )
    return render(
        request,
        "statements/batch_create.html",
        {
            "title": _("New batch"),
            "subtitle": _("Pays every approved statement in one currency."),
            "back_url": turl(request, "statements:batches"),
            "back_label": _("Payments"),
            "form": form,
            "rows": rows,
            "ready": ready,
        },
        status=422 if form.is_bound else 200,
    )


def _obstacle(payee: queries.Payee, currency: str) -> str:
    """Why a partner is left out, in words; empty where it is not."""
    if payee.obstacle:
        return str(OBSTACLES[payee.obstacle])
    return _("No IBAN: only with a CSV file") if currency == SEPA_CURRENCY and not payee.has_iban else ""


@require_safe
@requires("statements.view_closings")
def batch(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _page(request, get_object_or_404(queries.batches(), pk=pk))


def _page(request: HttpRequest, found: Batch, settle_form: SettleForm | None = None) -> HttpResponse:
    own = found.proposed_by_id == request.membership.pk
    approver = can(request.membership, "statements.approve")
    properties = [
        {"label": _("To be paid on"), "value": short_date(found.execution_on)},
        {"label": _("File"), "value": found.get_method_display()},
        {"label": _("Proposed by"), "value": found.proposed_by.name, "hint": short_time(found.created_at)},
    ]
    if found.approved_by:
        properties.append(
            {
                "label": _("Approved by"),
                "value": found.approved_by.name,
                "hint": short_time(found.approved_at),
            }
        )
    if found.sha256:
        properties.append({"label": _("File’s fingerprint"), "value": found.sha256[:16]})
    payments = found.payments.select_related("partner", "statement").order_by("partner__name", "id")
    failed = request.POST.getlist("failed")
    today = calendar_of(request.tenant).today()
    to_pay = found.status in (BatchStatus.DRAFT, BatchStatus.APPROVED)
    stopped = sorted({payment.partner.name for payment in no_longer_payable(payments)}) if to_pay else []
    return render(
        request,
        "statements/batch.html",
        {
            "title": found.number,
            "subtitle": found.get_status_display(),
            "back_url": turl(request, "statements:batches"),
            "back_label": _("Payments"),
            "batch": found,
            "tone": BATCH_TONES[BatchStatus(found.status)],
            "properties": properties,
            "rows": [
                (
                    payment,
                    masked(payment.iban),
                    str(payment.pk) in failed,
                    reason_of(request.POST, payment.pk),
                )
                for payment in payments
            ],
            "stopped": ", ".join(stopped[:5]),
            "has_file": found.status in WITH_FILE
            and not stopped
            and can(request.membership, "statements.take_file"),
            "may_approve": found.status == BatchStatus.DRAFT and approver and not own and not stopped,
            "waits_for_other": found.status == BatchStatus.DRAFT and own,
            "may_send": found.status == BatchStatus.APPROVED and not stopped,
            "may_settle": found.status == BatchStatus.SENT,
            "may_cancel": found.status in (BatchStatus.DRAFT, BatchStatus.APPROVED) and (own or approver),
            "settle_form": settle_form or SettleForm(initial={"paid_on": min(found.execution_on, today)}),
            "reason_form": ReasonForm(),
        },
        status=422 if settle_form else 200,
    )


@require_POST
@requires("statements.approve")
def batch_approve(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _do(request, pk, actions.approve_batch, _("The batch is approved. Give its file to the bank."))


@require_POST
@requires("statements.propose")
def batch_send(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _do(request, pk, actions.send_batch, _("Note what the bank has paid once you know."))


@require_POST
@requires("statements.propose")
def batch_cancel(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return _do(
        request,
        pk,
        actions.cancel_batch,
        _("The batch is cancelled; its statements can be paid in another."),
        reason=reason,
    )


@require_POST
@requires("statements.propose")
def batch_settle(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.batches(), pk=pk)
    form = SettleForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    references = {str(key): name for key, name in found.payments.values_list("pk", "reference")}
    said = {UUID(key): reason for key, reason in failures(request.POST).items() if key in references}
    try:
        _check_ticked(request.POST, references)
        with transaction.atomic():
            actions.settle_batch(
                found, by=request.membership, paid_on=form.cleaned_data["paid_on"], failed=said
            )
    except ActionRefused as refusal:
        add_refusal(form, refusal)
        return _page(request, found, form)
    messages.success(request, _("The payments are settled, and their partners are told."))
    return redirect(turl(request, "statements:batch", pk))


def _check_ticked(posted: Any, references: Mapping[str, str]) -> None:
    """Refuse a reason without its tick: the payment would be noted as made."""
    for key, reference in references.items():
        if reason_of(posted, key).strip() and key not in posted.getlist("failed"):
            raise ActionRefused(
                _("You say why %(reference)s failed. Tick it as failed, or take the reason out.")
                % {"reference": reference}
            )


@require_safe
@requires("statements.take_file")
def batch_file(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """What the bank is given, the same to the byte each time."""
    found = get_object_or_404(Batch, pk=pk)
    if not found.file:
        raise Http404
    try:
        content = actions.file_of(found)
    except ActionRefused as refusal:
        say_refused(request, refusal)
        return redirect(turl(request, "statements:batch", pk))
    kind, ending = ("application/xml", "xml") if found.method == Method.SEPA else ("text/csv", "csv")
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{found.number}.{ending}"'
    return response


def _do(request: HttpRequest, pk: UUID, act: Any, done: str, **given: str) -> HttpResponse:
    found = get_object_or_404(queries.batches(), pk=pk)
    try:
        with transaction.atomic():
            act(found, by=request.membership, **given)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, done)
    return redirect(turl(request, "statements:batch", pk))

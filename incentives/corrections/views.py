"""Pages of adjustments and disputes, and the page that computes an entry again."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incentives.corrections import actions as corrections
from incentives.ledger import queries
from incentives.ledger.enums import AdjustmentStatus, DisputeStatus
from incentives.ledger.filters import AdjustmentFilter, DisputeFilter
from incentives.ledger.models import Adjustment, Dispute, LedgerEntry
from incentives.ledger.tables import AdjustmentTable, DisputeTable
from incentives.ledger.verify import verify
from incentives.ledger.words import entry_text
from partners.directory.models import Partner
from portal.accounts.access import can, check, requires
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.money import offered_currencies, parse_amount, quick_money
from portal.shell.addresses import turl
from portal.shell.lists import Action, ListPage
from portal.shell.messages import add_refusal, say_refused


class AmountForm(forms.Form):
    """A form with an amount in `currency`, typed as people type amounts."""

    def money(self, name: str, currency: str) -> int | None:
        """Minor units; None where nothing, or nothing that is an amount, was typed, which the field then says."""
        text = (self.cleaned_data.get(name) or "").strip()
        if not text:
            return None
        try:
            return parse_amount(text, currency)
        except ValueError as error:
            self.add_error(name, ValidationError(str(error)))
            return None


class AdjustmentForm(AmountForm):
    partner = forms.ModelChoiceField(label=gettext_lazy("Partner"), queryset=None)
    amount = forms.CharField(
        label=gettext_lazy("Amount"),
        max_length=30,
        help_text=gettext_lazy("Below zero takes back, such as -50."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num"}),
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        help_text=gettext_lazy("The partner reads it on the entry."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["partner"].queryset = Partner.objects.order_by("name")  # type: ignore[attr-defined]
        self.fields["currency"].choices = offered_currencies(currency)  # type: ignore[attr-defined]


class DisputeForm(AmountForm):
    text = forms.CharField(
        label=gettext_lazy("What is wrong?"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
    expected = forms.CharField(
        label=gettext_lazy("The amount that you expect"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "class": "num"}),
    )


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=gettext_lazy("Answer"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )


class Adjustments(ListPage):
    """What was and is to be adjusted by hand."""

    title = gettext_lazy("Adjustments")
    permission = "incentives.propose_adjustment"
    table_class = AdjustmentTable
    filterset_class = AdjustmentFilter
    search_fields = ("reason", "partner__name")
    search_label = gettext_lazy("Search by reason or partner")
    export_name = "adjustments"
    empty_icon = "pencil"
    empty_title = gettext_lazy("Nothing has been adjusted")
    empty_text = gettext_lazy("What one person proposes and another approves is posted to the ledger.")
    actions = (
        Action(
            gettext_lazy("Propose an adjustment"),
            "incentives:adjustment_create",
            icon="plus",
            permission="incentives.propose_adjustment",
            primary=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Adjustment]:
        return Adjustment.objects.select_related("partner", "proposed_by__user").order_by("-id")


@require_http_methods(["GET", "HEAD", "POST"])
@requires("incentives.propose_adjustment")
def adjustment_create(request: HttpRequest, tenant: str) -> HttpResponse:
    """Propose an adjustment; `entry` in the address is the one that it puts right."""
    about = _entry_in_address(request)
    initial = {"currency": request.tenant.currency}
    if about is not None:
        initial = {"partner": about.partner_id, "currency": about.currency}
    form = AdjustmentForm(request.POST or None, initial=initial, currency=request.tenant.currency)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        amount = form.money("amount", data["currency"])
        if not form.errors:
            try:
                with transaction.atomic():
                    found = corrections.propose_adjustment(
                        data["partner"],
                        amount=amount or 0,
                        currency=data["currency"],
                        reason=data["reason"],
                        entry=about,
                        by=request.membership,
                    )
            except ActionRefused as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, _("Proposed. Somebody else approves it."))
                return redirect(turl(request, "incentives:adjustment", found.pk))
    return render(
        request,
        "incentives/correction_form.html",
        {
            "title": _("Propose an adjustment"),
            "subtitle": about and entry_text(about, mine=False),
            "back_url": turl(request, "incentives:adjustments"),
            "back_label": _("Adjustments"),
            "form": form,
            "submit": _("Propose"),
        },
        status=422 if form.errors else 200,
    )


def _entry_in_address(request: HttpRequest) -> LedgerEntry | None:
    try:
        pk = UUID(request.GET.get("entry", ""))
    except ValueError:
        return None
    return get_object_or_404(queries.entries(request.membership), pk=pk)


@require_safe
@requires("incentives.propose_adjustment")
def adjustment(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(
        Adjustment.objects.select_related("partner", "entry__deal", "proposed_by__user", "decided_by__user"),
        pk=pk,
    )
    waiting, own = found.status == AdjustmentStatus.WAITING, found.proposed_by_id == request.membership.pk
    return render(
        request,
        "incentives/adjustment.html",
        {
            "title": _("Adjustment for %(partner)s") % {"partner": found.partner.name},
            "subtitle": found.reason,
            "back_url": turl(request, "incentives:adjustments"),
            "back_label": _("Adjustments"),
            "adjustment": found,
            "may_decide": waiting and not own and can(request.membership, "incentives.approve_adjustment"),
            "may_withdraw": waiting and own,
            "waits_for_other": waiting and own,
            "posted": LedgerEntry.objects.filter(item=found.pk).first(),
            "properties": [
                {"label": _("Partner"), "value": found.partner.name},
                {"label": _("Amount"), "value": quick_money(found.amount, found.currency)},
                {"label": _("Status"), "value": found.get_status_display()},
                {"label": _("Proposed by"), "value": found.proposed_by.name},
                {"label": _("Decided by"), "value": found.decided_by and found.decided_by.name},
                {"label": _("Why"), "value": found.answer},
            ],
        },
    )


@require_POST
@requires("incentives.propose_adjustment")
def adjustment_decide(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """`approve`, `decline` or `withdraw`."""
    found = get_object_or_404(Adjustment.objects.all(), pk=pk)
    verb, answer = request.POST.get("verb", ""), request.POST.get("answer", "")
    by: Membership = request.membership
    try:
        with transaction.atomic():
            if verb == "approve":
                corrections.approve_adjustment(found, by=by)
                messages.success(request, _("Posted to the ledger."))
            elif verb == "decline":
                corrections.decline_adjustment(found, answer=answer, by=by)
                messages.success(request, _("Declined."))
            elif verb == "withdraw":
                corrections.withdraw_adjustment(found, by=by)
                messages.success(request, _("Withdrawn."))
    except ActionRefused as refusal:
        say_refused(request, refusal)
    return redirect(turl(request, "incentives:adjustment", pk))


class Disputes(ListPage):
    """Objections to entries: a partner's own, or for the vendor all."""

    title = gettext_lazy("Disputes")
    permission = "incentives.view_ledger"
    table_class = DisputeTable
    filterset_class = DisputeFilter
    search_fields = ("text", "partner__name", "entry__label", "entry__deal__title")
    search_label = gettext_lazy("Search in disputes")
    export_name = "disputes"
    empty_icon = "message-question"
    empty_title = gettext_lazy("No disputes")
    empty_text = gettext_lazy("Open an entry under Earnings to say that it is wrong.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        return queries.disputes(request.membership)


@require_http_methods(["GET", "HEAD", "POST"])
@requires("incentives.raise_dispute")
def dispute_create(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """A partner says that an entry is wrong."""
    found = get_object_or_404(queries.entries(request.membership), pk=pk)
    check(request.membership, "incentives.raise_dispute", found)
    form = DisputeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        expected = form.money("expected", found.currency)
        if not form.errors:
            try:
                with transaction.atomic():
                    dispute = corrections.raise_dispute(
                        found, text=form.cleaned_data["text"], expected=expected, by=request.membership
                    )
            except ActionRefused as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, _("Your objection has been sent. The answer appears here."))
                return redirect(turl(request, "incentives:dispute", dispute.pk))
    return render(
        request,
        "incentives/correction_form.html",
        {
            "title": _("This entry is wrong"),
            "subtitle": f"{found.headline}: {entry_text(found, mine=True)}",
            "back_url": turl(request, "incentives:entry", found.pk),
            "back_label": _("Entry"),
            "form": form,
            "submit": _("Send"),
        },
        status=422 if form.errors else 200,
    )


@require_safe
@requires("incentives.view_ledger")
def dispute(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(queries.disputes(request.membership), pk=pk)
    check(request.membership, "incentives.view_ledger", found)
    mine = request.membership.is_partner
    is_open = found.status == DisputeStatus.OPEN
    expected = None if found.expected is None else quick_money(found.expected, found.entry.currency)
    return render(
        request,
        "incentives/dispute.html",
        {
            "title": _("Dispute about %(what)s") % {"what": found.entry.headline},
            "subtitle": found.text,
            "back_url": turl(request, "incentives:disputes"),
            "back_label": _("Disputes"),
            "dispute": found,
            "form": AnswerForm(),
            "may_answer": is_open and can(request.membership, "incentives.answer_dispute"),
            "may_withdraw": is_open and mine,
            "may_adjust": not mine and found.status == DisputeStatus.ACCEPTED,
            "properties": [
                {"label": _("Partner"), "value": found.partner.name},
                {"label": _("Status"), "value": found.get_status_display()},
                {"label": _("Posted"), "value": quick_money(found.entry.amount, found.entry.currency)},
                {"label": _("Expected"), "value": expected},
                {"label": _("Raised by"), "value": found.raised_by.name},
                *([{"label": _("Answer"), "value": found.answer}] if found.answer else []),
            ],
            "why": entry_text(found.entry, mine=mine),
        },
    )


@require_POST
@requires("incentives.view_ledger")
def dispute_decide(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """`accept` or `reject` by the vendor, `withdraw` by the partner."""
    found = get_object_or_404(queries.disputes(request.membership), pk=pk)
    verb = request.POST.get("verb", "")
    try:
        with transaction.atomic():
            if verb == "withdraw":
                corrections.withdraw_dispute(found, by=request.membership)
            elif verb in {"accept", "reject"}:
                corrections.answer_dispute(
                    found,
                    accept=verb == "accept",
                    answer=request.POST.get("answer", ""),
                    by=request.membership,
                )
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("Saved."))
    return HttpResponseRedirect(turl(request, "incentives:dispute", pk))


@require_safe
@requires("incentives.view_plans")
def recompute(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Compute one entry again from what it was made of, and say whether it comes to the same cents."""
    found = get_object_or_404(queries.entries(request.membership), pk=pk)
    return render(
        request,
        "incentives/recompute.html",
        {
            "title": _("Computed again"),
            "subtitle": f"{found.headline}: {entry_text(found, mine=False)}",
            "back_url": turl(request, "incentives:entry", found.pk),
            "back_label": _("Entry"),
            "entry": found,
            "verdict": verify(found),
            "inputs": sorted(found.explanation.get("inputs", {}).items()),
        },
    )

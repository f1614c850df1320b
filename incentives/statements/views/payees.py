"""Where partners are paid: their own page, the vendor's check, and the terms of payment."""

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

from incentives.fields import amount_text
from incentives.statements import actions, queries
from incentives.statements.forms import DetailsForm, ReasonForm, TaxRuleForm, TermsForm
from incentives.statements.models import PayoutDetails, TaxRule
from incentives.statements.tables import OBSTACLES, PayeeTable
from metrics.periods import calendar_of
from partners.directory.fields import country_name
from partners.directory.models import Partner
from portal.accounts.access import can, requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.formats import short_time
from portal.shell.lists import ListPage
from portal.shell.messages import add_refusal, say_refused


class Payees(ListPage):
    title = gettext_lazy("Payees")
    subtitle = gettext_lazy("Where partners are paid. New details are checked before money goes there.")
    permission = "statements.view_closings"
    table_class = PayeeTable
    search_fields = ("name", "number")
    search_label = gettext_lazy("Search by partner")
    export_name = "payees"
    empty_icon = "users"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Partner]:
        return queries.partner_rows()


@require_safe
@requires("statements.view_closings")
def payee(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    partner = get_object_or_404(Partner, pk=pk)
    found = queries.payee(partner.pk)
    may_verify = can(request.membership, "statements.verify_payee")
    properties = _properties(found.details, whole=may_verify) if found.details else []
    if found.check and found.is_verified and found.check.verified_by:
        properties.append(
            {
                "label": _("Verified by"),
                "value": found.check.verified_by.name,
                "hint": short_time(found.check.verified_at),
            }
        )
    return render(
        request,
        "statements/payee.html",
        {
            "title": partner.name,
            "subtitle": _("Where payments go"),
            "back_url": turl(request, "statements:payees"),
            "back_label": _("Payees"),
            "partner": partner,
            "payee": found,
            "obstacle": OBSTACLES.get(found.obstacle, ""),
            "properties": properties,
            "may_verify": may_verify,
            "reason_form": ReasonForm(),
            "statements": queries.statements(request.membership).filter(partner=partner)[:10],
        },
    )


def _properties(details: PayoutDetails, *, whole: bool) -> list[dict[str, Any]]:
    """What the partner said; who may not verify it sees the end of the account number only."""
    account = details.iban if whole else f"•••• {details.iban[-4:]}"
    return [
        {"label": _("Account holder"), "value": details.holder},
        {"label": _("IBAN or account number"), "value": account},
        {"label": _("BIC or bank code"), "value": details.bic},
        {"label": _("Country of tax residence"), "value": country_name(details.country)},
        {"label": _("Tax number"), "value": details.tax_number if whole else ""},
        {"label": _("VAT number"), "value": details.vat_number},
        {"label": _("Changed by"), "value": details.changed_by.name, "hint": short_time(details.changed_at)},
    ]


@require_POST
@requires("statements.verify_payee")
def verify(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    partner = get_object_or_404(Partner, pk=pk)
    try:
        with transaction.atomic():
            actions.verify_payee(
                partner, by=request.membership, fingerprint=request.POST.get("fingerprint", "")
            )
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("%(partner)s can be paid there now.") % {"partner": partner.name})
    return redirect(turl(request, "statements:payee", pk))


@require_POST
@requires("statements.verify_payee")
def hold(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Hold payments, or let them go on."""
    partner = get_object_or_404(Partner, pk=pk)
    act = actions.release_payments if request.POST.get("release") else actions.hold_payments
    try:
        with transaction.atomic():
            act(partner, by=request.membership, reason=request.POST.get("reason", ""))
    except ActionRefused as refusal:
        say_refused(request, refusal)
    return redirect(turl(request, "statements:payee", pk))


@require_http_methods(["GET", "HEAD", "POST"])
@requires("statements.change_details")
def my_details(request: HttpRequest, tenant: str) -> HttpResponse:
    """A partner's owner says where the company is paid."""
    partner = get_object_or_404(Partner, pk=request.membership.partner_id)
    found = queries.payee(partner.pk)
    initial = (
        {name: getattr(found.details, name) for name in DetailsForm.base_fields}
        if found.details
        else {"holder": partner.name, "country": partner.country}
    )
    form = DetailsForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        actions.save_details(partner, by=request.membership, **form.cleaned_data)
        messages.success(request, _("Saved. The vendor checks new details before the next payment."))
        return redirect(turl(request, "statements:my_details"))
    return render(
        request,
        "statements/my_details.html",
        {
            "title": _("Payout details"),
            "subtitle": _("Where your company is paid what it earns."),
            "back_url": turl(request, "statements:list"),
            "back_label": _("Statements"),
            "form": form,
            "payee": found,
            "obstacle": found.obstacle,
        },
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("statements.change_terms")
def terms(request: HttpRequest, tenant: str) -> HttpResponse:
    """How the vendor pays, and what it withholds."""
    found = queries.terms()
    currency = request.tenant.currency
    adds_tax = request.POST.get("form") == "tax"
    names = ("period", "payer_name", "payer_iban", "payer_bic")
    initial = {name: getattr(found, name) for name in names}
    initial["minimum"] = amount_text(found.minimum, currency)
    form = TermsForm(
        request.POST if request.method == "POST" and not adds_tax else None,
        initial=initial,
        currency=currency,
    )
    tax_form = TaxRuleForm(
        request.POST if adds_tax else None, initial={"starts_on": calendar_of(request.tenant).today()}
    )
    bound = tax_form if adds_tax else form
    if bound.is_bound and bound.is_valid():
        save = actions.save_tax_rule if adds_tax else actions.save_terms
        try:
            with transaction.atomic():
                save(by=request.membership, **bound.cleaned_data)
        except ActionRefused as refusal:
            add_refusal(bound, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(turl(request, "statements:terms"))
    return render(
        request,
        "statements/terms.html",
        {
            "title": _("Terms of payment"),
            "back_url": turl(request, "statements:closings"),
            "back_label": _("Payouts"),
            "form": form,
            "tax_form": tax_form,
            "taxes": [(rule, country_name(rule.country)) for rule in TaxRule.objects.all()],
        },
        status=422 if bound.is_bound else 200,
    )


@require_POST
@requires("statements.change_terms")
def tax_remove(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    actions.remove_tax_rule(get_object_or_404(TaxRule, pk=pk), by=request.membership)
    messages.success(request, _("Nothing more is withheld by this rule."))
    return redirect(turl(request, "statements:terms"))

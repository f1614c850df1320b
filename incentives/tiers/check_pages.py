"""Pages of the checks that people make by hand."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from incentives.tiers.checking import confirm_check, save_check, withdraw_check
from incentives.tiers.forms import CheckForm, MarkForm
from incentives.tiers.models import CheckMark, ManualCheck
from partners.directory.models import Partner
from portal.accounts.access import check, requires
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.messages import add_refusal, say_refused


@require_http_methods(["GET", "HEAD", "POST"])
@requires("incentives.change_programme")
def checks(request: HttpRequest, tenant: str) -> HttpResponse:
    """The checks there are, and adding one."""
    return _check_form(request, ManualCheck())


@require_http_methods(["GET", "HEAD", "POST"])
@requires("incentives.change_programme")
def check_edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    return _check_form(request, get_object_or_404(ManualCheck, pk=pk))


def _check_form(request: HttpRequest, item: ManualCheck) -> HttpResponse:
    is_new, name = item._state.adding, item.name
    form = CheckForm(request.POST or None, instance=item)
    if request.method == "POST" and form.is_valid():
        save_check(form.save(commit=False), by=request.membership)
        messages.success(request, _("“%(check)s” is saved.") % {"check": item.name})
        return redirect(turl(request, "incentives:checks"))
    return render(
        request,
        "incentives/checks.html",
        {
            "title": _("Manual checks") if is_new else name,
            "subtitle": _("What somebody of yours confirms for each partner, for tiers to ask for."),
            "back_url": turl(request, "incentives:ladder" if is_new else "incentives:checks"),
            "back_label": _("Tiers") if is_new else _("Manual checks"),
            "form": form,
            "is_new": is_new,
            "rows": ManualCheck.objects.all() if is_new else [],
        },
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires("incentives.confirm_check")
def mark(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Confirm a check for a partner."""
    partner = get_object_or_404(Partner, pk=pk)
    check(request.membership, "incentives.confirm_check", partner)
    form = MarkForm(request.POST or None, initial={"item": request.GET.get("item")})
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                found = confirm_check(partner, by=request.membership, **form.cleaned_data)
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("“%(check)s” is confirmed.") % {"check": found.item.name})
            return redirect(turl(request, "incentives:standing", pk))
    back = turl(request, "incentives:standing", pk)
    return render(
        request,
        "incentives/correction_form.html",
        {
            "title": _("Confirm a check"),
            "subtitle": partner.name,
            "back_url": back,
            "back_label": partner.name,
            "form": form,
            "submit": _("Confirm"),
        },
        status=422 if form.is_bound else 200,
    )


@require_POST
@requires("incentives.confirm_check")
def mark_withdraw(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = get_object_or_404(CheckMark.objects.select_related("partner"), pk=pk)
    try:
        with transaction.atomic():
            withdraw_check(found, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("The confirmation is withdrawn."))
    return redirect(turl(request, "incentives:standing", found.partner_id))

"""Settings, API keys and audit trail; for administrators."""

from uuid import UUID

from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portal.accounts.access import requires
from portal.errors import ActionRefused
from portal.events.models import Event
from portal.events.queries import audit_trail, failed_events
from portal.programme import actions, queries
from portal.programme.filters import AuditFilter
from portal.programme.forms import KeyForm, SettingsForm
from portal.programme.tables import AuditTable
from portal.shell.addresses import turl
from portal.shell.lists import ListPage, Preset
from portal.shell.messages import add_refusal
from portal.shell.registry import tenant_has_money
from portal.tenancy.models import Tenant


@requires("accounts.manage_settings")
def settings(request: HttpRequest, tenant: str) -> HttpResponse:
    # A copy: an invalid form writes into its instance, and the page's own head shows request.tenant.
    form = SettingsForm(
        request.POST or None,
        request.FILES or None,
        instance=Tenant.objects.get(pk=request.tenant.pk),
        currency_is_fixed=tenant_has_money(),
    )
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        logo, remove_logo = values.pop("logo_file"), values.pop("remove_logo", False)
        try:
            actions.change_settings(
                request.tenant, by=request.membership, values=values, logo=logo, remove_logo=remove_logo
            )
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The settings have been saved."))
            return redirect(turl(request, "programme:settings"))
    return render(
        request,
        "programme/settings.html",
        {"title": _("Programme"), "subtitle": _("How your portal looks and counts."), "form": form},
    )


@requires("accounts.manage_api_keys")
def keys(request: HttpRequest, tenant: str) -> HttpResponse:
    """The keys that work, and a form for a new one, whose secret is shown in the answer and never again."""
    form = KeyForm(request.POST or None)
    secret = None
    if request.method == "POST" and form.is_valid():
        _key, secret = actions.create_key(by=request.membership, name=form.cleaned_data["name"])
        form = KeyForm()
    return render(
        request,
        "programme/keys.html",
        {
            "title": _("API keys"),
            "subtitle": _("For your own systems. A key may do what you may."),
            "keys": queries.api_keys(),
            "form": form,
            "secret": secret,
        },
    )


@require_POST
@requires("accounts.manage_api_keys")
def revoke_key(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    actions.revoke_key(get_object_or_404(queries.api_keys(), pk=pk), by=request.membership)
    messages.success(request, _("The key no longer works."))
    return redirect(turl(request, "programme:keys"))


class AuditTrail(ListPage):
    title = gettext_lazy("Audit trail")
    subtitle = gettext_lazy("Everything that happened in this programme, who did it and when.")
    table_class = AuditTable
    filterset_class = AuditFilter
    permission = "accounts.view_audit"
    export_name = "audit-trail"
    presets = (
        Preset(gettext_lazy("Decisions and changes")),
        Preset(gettext_lazy("With what the portal works out"), {"routine": "yes"}),
        Preset(gettext_lazy("Yet to take effect"), {"failed": "yes"}),
    )
    empty_icon = "history"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Event]:
        if request.GET.get("failed"):
            return failed_events().order_by("-id")
        # Who filters for a kind of event sees it, also where it is routine.
        return audit_trail(routine=bool(request.GET.get("routine") or request.GET.get("type")))

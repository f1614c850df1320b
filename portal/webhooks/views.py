"""Pages of webhooks; for administrators."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from portal.accounts.access import requires
from portal.errors import ActionRefused
from portal.events.describe import type_label
from portal.shell.addresses import turl
from portal.shell.formats import number
from portal.shell.lists import Action, ListPage, Preset
from portal.shell.messages import add_refusal, say_refused
from portal.webhooks import actions, queries
from portal.webhooks.enums import ENDED, DeliveryState, TurnedOff
from portal.webhooks.filters import DeliveryFilter
from portal.webhooks.forms import EndpointForm
from portal.webhooks.models import Delivery, Endpoint
from portal.webhooks.payload import TEST
from portal.webhooks.subscriptions import in_words
from portal.webhooks.tables import TONES, DeliveryTable, EndpointTable, state_of

form_methods = require_http_methods(["GET", "HEAD", "POST"])


class EndpointList(ListPage):
    title = gettext_lazy("Webhooks")
    subtitle = gettext_lazy("What happens in this programme, posted to your own systems as it happens.")
    permission = "webhooks.view_endpoint"
    table_class = EndpointTable
    search_fields = ("url", "description")
    search_label = gettext_lazy("Search by address or description")
    export_name = "webhooks"
    actions = (
        Action(gettext_lazy("How it works"), "webhooks:guide", "book"),
        Action(gettext_lazy("Add an endpoint"), "webhooks:create", "plus", primary=True),
    )
    empty_icon = "webhook"
    empty_title = gettext_lazy("No webhooks yet")
    empty_text = gettext_lazy(
        "Add the address of a system that is to hear of deals, leads, scores or payments."
    )
    empty_action = actions[1]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Endpoint]:
        return queries.counted_endpoints()


class EndpointPage(ListPage):
    """An endpoint and what was posted to it."""

    permission = "webhooks.view_endpoint"
    table_class = DeliveryTable
    filterset_class = DeliveryFilter
    search_fields = ("type", "message_id", "body")
    search_label = gettext_lazy("Search by event, number or text")
    export_name = "deliveries"
    presets = (
        Preset(gettext_lazy("All")),
        Preset(gettext_lazy("Failed"), {"state": DeliveryState.FAILED.value}),
        Preset(gettext_lazy("To be tried again"), {"state": DeliveryState.RETRY.value}),
        Preset(gettext_lazy("Delivered"), {"state": DeliveryState.DELIVERED.value}),
    )
    empty_icon = "send"
    empty_title = gettext_lazy("Nothing posted yet")
    empty_text = gettext_lazy("Send a test, or wait until something happens that this endpoint wants.")
    template_name = "webhooks/detail.html"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Delivery]:
        self.endpoint = get_object_or_404(queries.endpoints(), pk=self.kwargs["pk"])
        return queries.deliveries(self.endpoint)

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        endpoint = self.endpoint
        label, tone, icon = state_of(endpoint)
        return {
            "title": str(endpoint),
            "subtitle": endpoint.url,
            "back_url": turl(request, "webhooks:list"),
            "back_label": _("Webhooks"),
            "endpoint": endpoint,
            "state": {"label": label, "tone": tone, "icon": icon},
            "why_off": TurnedOff(endpoint.turned_off).label if endpoint.turned_off else "",
            "wanted": in_words(endpoint.events),
            "has_missed": endpoint.is_active and queries.missed(endpoint).exists(),
            "previous_signs": bool(endpoint.previous_until and endpoint.previous_until > timezone.now()),
        }


@never_cache
@sensitive_variables("secret")
@form_methods
@requires("webhooks.change_endpoint")
def create(request: HttpRequest, tenant: str) -> HttpResponse:
    """A new endpoint; the answer shows its secret, and none after it."""
    form = EndpointForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            endpoint, secret = actions.create_endpoint(by=request.membership, **form.values())
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            return _with_secret(request, endpoint, secret)
    return _form_page(request, form, _("Add an endpoint"), turl(request, "webhooks:list"), _("Webhooks"))


@form_methods
@requires("webhooks.change_endpoint")
def change(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    endpoint = _endpoint(pk)
    form = EndpointForm(request.POST or None, endpoint=endpoint)
    if form.is_bound and form.is_valid():
        try:
            actions.change_endpoint(endpoint, by=request.membership, **form.values())
        except ActionRefused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(turl(request, "webhooks:detail", endpoint.pk))
    back = turl(request, "webhooks:detail", endpoint.pk)
    return _form_page(request, form, _("Change the endpoint"), back, str(endpoint))


def _form_page(
    request: HttpRequest, form: EndpointForm, title: str, back_url: str, back_label: str
) -> HttpResponse:
    context = {"title": title, "form": form, "back_url": back_url, "back_label": back_label}
    return render(request, "webhooks/form.html", context, status=422 if form.is_bound else 200)


@never_cache
@sensitive_variables("secret")
@form_methods
@requires("webhooks.change_endpoint")
def rotate(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Ask, and show the new secret in the answer."""
    endpoint = _endpoint(pk)
    if request.method == "POST":
        seen = request.POST.get("version", "")
        version = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else 0
        try:
            endpoint, secret = actions.rotate_secret(endpoint, by=request.membership, version=version)
        except ActionRefused as refusal:
            say_refused(request, refusal)
            return redirect(turl(request, "webhooks:detail", endpoint.pk))
        return _with_secret(request, endpoint, secret)
    context = {
        "endpoint": endpoint,
        "title": _("New secret"),
        "back_url": turl(request, "webhooks:detail", endpoint.pk),
        "back_label": str(endpoint),
    }
    return render(request, "webhooks/rotate.html", context)


@sensitive_variables("secret")
def _with_secret(request: HttpRequest, endpoint: Endpoint, secret: str) -> HttpResponse:
    context = {
        "title": str(endpoint),
        "endpoint": endpoint,
        "secret": secret,
        "back_url": turl(request, "webhooks:list"),
        "back_label": _("Webhooks"),
    }
    return render(request, "webhooks/secret.html", context)


@require_POST
@requires("webhooks.change_endpoint")
def turn_on(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    endpoint = actions.turn_on(_endpoint(pk), by=request.membership)
    messages.success(request, _("The endpoint is on: what happens from now on is posted to it."))
    return redirect(turl(request, "webhooks:detail", endpoint.pk))


@require_POST
@requires("webhooks.change_endpoint")
def turn_off(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    endpoint = actions.turn_off(_endpoint(pk), by=request.membership)
    messages.success(request, _("The endpoint is off: nothing is posted to it any more."))
    return redirect(turl(request, "webhooks:detail", endpoint.pk))


@require_POST
@requires("webhooks.change_endpoint")
def test(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Send a test; its page shows the answer as soon as there is one."""
    sent = actions.send_test(_endpoint(pk), by=request.membership)
    return redirect(turl(request, "webhooks:delivery", sent.pk))


@form_methods
@requires("webhooks.change_endpoint")
def send_missed(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """After an outage: ask, and post once more what did not arrive."""
    endpoint = _endpoint(pk)
    back = turl(request, "webhooks:detail", endpoint.pk)
    if request.method == "POST":
        try:
            count = actions.send_missed_again(endpoint, by=request.membership)
        except ActionRefused as refusal:
            say_refused(request, refusal)
        else:
            messages.success(
                request,
                ngettext(
                    "%(count)s event is posted again, at the next free moment.",
                    "%(count)s events are posted again, one after the other.",
                    count,
                )
                % {"count": count},
            )
        return redirect(back)
    count = queries.missed(endpoint).count()
    context = {
        "title": str(endpoint),
        "question": _("Send what was missed again?"),
        "consequence": ngettext(
            "%(count)s event of the last 30 days failed or was not sent. It is posted with the id that it had.",
            "%(count)s events of the last 30 days failed or were not sent. They are posted with the ids that they had.",
            count,
        )
        % {"count": number(count)},
        "label": _("Send them again"),
        "is_calm": True,
        "back_url": back,
        "back_label": str(endpoint),
    }
    return render(request, "webhooks/confirm.html", context)


@form_methods
@requires("webhooks.change_endpoint")
def delete(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    endpoint = _endpoint(pk)
    if request.method == "POST":
        actions.remove_endpoint(endpoint, by=request.membership)
        messages.success(request, _("The endpoint is deleted."))
        return redirect(turl(request, "webhooks:list"))
    context = {
        "title": str(endpoint),
        "question": _("Delete this endpoint?"),
        "consequence": _(
            "Nothing is posted to it any more, and the record of what was posted goes with it. Its secret cannot be had back."
        ),
        "label": _("Delete the endpoint"),
        "back_url": turl(request, "webhooks:detail", endpoint.pk),
        "back_label": str(endpoint),
    }
    return render(request, "webhooks/confirm.html", context)


@require_GET
@requires("webhooks.view_endpoint")
def delivery(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _delivery(pk)
    context = _result(found) | {
        "title": type_label(found.type),
        "subtitle": found.endpoint.url,
        "back_url": turl(request, "webhooks:detail", found.endpoint_id),
        "back_label": str(found.endpoint),
        "body": json.dumps(json.loads(found.body), indent=2, ensure_ascii=False),
    }
    return render(request, "webhooks/delivery.html", context)


@require_GET
@requires("webhooks.view_endpoint")
def result(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """What became of it, for the page that waits; once it has ended the page is read anew."""
    found = _delivery(pk)
    response = render(request, "webhooks/result.html", _result(found))
    if found.state in ENDED:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@requires("webhooks.change_endpoint")
def again(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _delivery(pk)
    try:
        actions.send_again(found, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    return redirect(turl(request, "webhooks:delivery", found.pk))


@require_GET
@requires("webhooks.view_endpoint")
def guide(request: HttpRequest, tenant: str) -> HttpResponse:
    """For who writes the receiving end."""
    context = {
        "title": _("How webhooks work"),
        "subtitle": _("For who writes the system that receives them."),
        "back_url": turl(request, "webhooks:list"),
        "back_label": _("Webhooks"),
    }
    return render(request, "webhooks/guide.html", context)


def _endpoint(pk: UUID) -> Endpoint:
    return get_object_or_404(queries.endpoints(), pk=pk)


def _delivery(pk: UUID) -> Delivery:
    return get_object_or_404(queries.deliveries(), pk=pk)


def _result(found: Delivery) -> dict[str, Any]:
    tone, icon = TONES.get(DeliveryState(found.state), ("neutral", "clock"))
    has_ended = found.state in ENDED
    return {
        "delivery": found,
        "has_ended": has_ended,
        # A page that waits looks every second for what comes at once, and not for what is due in an hour.
        "is_awaited": not has_ended and (found.due_at - timezone.now()).total_seconds() < 60,
        "tone": tone,
        "icon": icon,
        "attempts": list(queries.attempts_of(found)),
        "is_test": found.type == TEST,
        "may_send_again": has_ended and (found.event_id is None or found.endpoint.is_active),
    }

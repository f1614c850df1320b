"""The bell, the list of what one has been told, what one wants to be told, and the link that stops it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.accounts.access import public_view, requires
from portal.accounts.models import Membership
from portal.accounts.standing import own_matters
from portal.notifications import actions, letters, queries
from portal.notifications.choices import Choices
from portal.notifications.enums import LetterState
from portal.notifications.forms import ChoicesForm
from portal.notifications.models import DIGEST, Letter
from portal.notifications.panels import bell as bell_data
from portal.notifications.tables import LetterTable
from portal.shell.addresses import turl
from portal.shell.lists import ListPage
from portal.shell.notices import kind_of, kinds, kinds_for
from portal.tenancy.scope import tenant_scope

PER_PAGE = 25
IN_THE_BELL = 6


def index(request: HttpRequest, tenant: str) -> HttpResponse:
    """Everything the member has been told, newest first, page by page."""
    only_unread = request.GET.get("show") == "unread"
    find = queries.unread_of if only_unread else queries.shown_to
    rows = find(request.membership)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    newest = rows.values_list("pk", flat=True).first()
    return render(
        request,
        "notifications/list.html",
        {
            "title": _("Notifications"),
            "page": page,
            "lines": queries.lines(page.object_list, request.tenant.slug),
            "newest": newest,
            "only_unread": only_unread,
        },
    )


def bell(request: HttpRequest, tenant: str) -> HttpResponse:
    """The latest few, for the menu behind the bell, with the number that stands on it now."""
    rows = queries.shown_to(request.membership)[:IN_THE_BELL]
    context = bell_data(request.membership) | {"lines": queries.lines(rows, request.tenant.slug)}
    return render(request, "notifications/bell_menu.html", context)


def count(request: HttpRequest, tenant: str) -> HttpResponse:
    return render(request, "notifications/bell_count.html", bell_data(request.membership))


def follow(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Go to what a notification is about; it counts as read."""
    row = get_object_or_404(queries.shown_to(request.membership), pk=pk)
    actions.mark_read(row, by=request.membership)
    kind = kind_of(row.kind)
    if kind is None:
        return redirect(turl(request, "notifications:list"))
    return redirect(queries.address(row, kind, request.tenant.slug))


@own_matters
@require_POST
def read(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Mark one as read, or as unread when the form says so."""
    row = get_object_or_404(queries.shown_to(request.membership), pk=pk)
    if request.POST.get("unread"):
        actions.mark_unread(row, by=request.membership)
    else:
        actions.mark_read(row, by=request.membership)
    return redirect(turl(request, "notifications:list"))


@own_matters
@require_POST
def read_all(request: HttpRequest, tenant: str) -> HttpResponse:
    """Mark as read what was listed; what has come since stays unread."""
    try:
        until = UUID(request.POST["until"]) if request.POST.get("until") else None
    except ValueError as error:
        raise Http404 from error
    actions.mark_all_read(by=request.membership, until=until)
    return redirect(turl(request, "notifications:list"))


@own_matters
def choices(request: HttpRequest, tenant: str) -> HttpResponse:
    """What the member wants to be told, and how."""
    member = request.membership
    current = Choices([member.pk])
    form = ChoicesForm(
        request.POST or None, kinds=kinds_for(member.role), chosen=lambda kind: current.of(member.pk, kind)
    )
    if request.method == "POST" and form.is_valid():
        actions.save_choices(member, form.chosen())
        messages.success(request, _("Your choices have been saved."))
        return redirect(turl(request, "notifications:choices"))
    return render(
        request,
        "notifications/choices.html",
        {
            "title": _("What you are told"),
            "subtitle": _(
                "For each kind of news: whether it stands under the bell, and when it comes by e-mail."
            ),
            "back_url": turl(request, "notifications:list"),
            "back_label": _("Notifications"),
            "form": form,
        },
        status=422 if form.is_bound else 200,
    )


@requires("notifications.change_defaults")
def defaults(request: HttpRequest, tenant: str) -> HttpResponse:
    """What members get who have chosen nothing themselves."""
    current = Choices([])
    form = ChoicesForm(request.POST or None, kinds=kinds(), chosen=current.by_default)
    if request.method == "POST" and form.is_valid():
        actions.save_defaults(form.chosen(), by=request.membership)
        messages.success(request, _("Saved. Everybody who has chosen nothing else gets this from now on."))
        return redirect(turl(request, "notifications:defaults"))
    return render(
        request,
        "notifications/choices.html",
        {
            "title": _("Notifications"),
            "subtitle": _("What people are told who have not chosen for themselves."),
            "form": form,
            "is_default": True,
        },
        status=422 if form.is_bound else 200,
    )


class LetterList(ListPage):
    title = gettext_lazy("E-mails")
    subtitle = gettext_lazy("Every notification that the portal has sent, or tried to send.")
    table_class = LetterTable
    permission = "notifications.view_letters"
    search_fields = ("subject", "member__user__email", "member__user__name")
    export_name = "e-mails"
    template_name = "notifications/letters.html"
    empty_icon = "mail"
    empty_title = gettext_lazy("No e-mail has been sent yet")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Letter]:
        return queries.letters()

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        stuck = queries.letters().filter(state__in=(LetterState.FAILED, LetterState.UNCONFIRMED))
        return {"stuck": list(stuck[:20])}


@require_POST
@requires("notifications.view_letters")
def send_again(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    letter = get_object_or_404(queries.letters(), pk=pk)
    if letters.try_again(letter):
        messages.success(request, _("The e-mail is sent again in a moment."))
    else:
        messages.info(request, _("This e-mail does not wait for that any more."))
    return redirect(turl(request, "notifications:letters"))


@csrf_exempt
@public_view
def stop(request: HttpRequest, tenant: str, secret: str) -> HttpResponse:
    """The link under every letter. Mail programs send the POST of RFC 8058 by themselves, without signing in and
    without a CSRF token: the signature in the address is the proof."""
    found = actions.read_stop_token(secret)
    # A signed-in partner's scope would hide other members; the signature says whose choice it is.
    with tenant_scope(request.tenant.pk):
        member = found and Membership.objects.filter(pk=found[0], tenant=request.tenant).first()
        if not (found and member):
            return render(request, "notifications/stopped.html", {"state": "unknown"}, status=404)
        kind = kind_of(found[1])
        label = _("Daily digest") if found[1] == DIGEST else kind.label if kind else found[1]
        context = {"label": label, "title": _("E-mail"), "state": "ask"}
        if request.method == "POST":
            actions.stop_mail(member, found[1])
            context["state"] = "stopped"
    return render(request, "notifications/stopped.html", context)

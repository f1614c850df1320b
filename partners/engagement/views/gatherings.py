"""Pages of the programme's events."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.directory.pages import form_page
from partners.engagement import actions, queries
from partners.engagement.actions.gatherings import audience
from partners.engagement.calendars import calendar_file
from partners.engagement.enums import Answer, GatheringStatus
from partners.engagement.filters import GatheringFilter
from partners.engagement.forms import CancelForm, GatheringForm
from partners.engagement.models import Gathering
from partners.engagement.tables import ANSWER_TONES, GATHERING_TONES, GatheringTable, MyGatheringTable
from portal.accounts.access import can, requires
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.shell.addresses import turl
from portal.shell.formats import short_time
from portal.shell.lists import Action, ListPage
from portal.shell.messages import say_refused

form_methods = require_http_methods(["GET", "HEAD", "POST"])
MOST_GUESTS = 500


class GatheringList(ListPage):
    """The calendar: what is ahead first; for a partner's people what they are invited to."""

    title = gettext_lazy("Events")
    subtitle = gettext_lazy("Webinars, conferences and councils of the programme.")
    permission = "engagement.view_gathering"
    filterset_class = GatheringFilter
    search_fields = ("title", "summary", "place")
    search_label = gettext_lazy("Search by title, subject or place")
    export_name = "events"
    actions = (
        Action(
            gettext_lazy("Add an event"),
            "engagement:gathering_create",
            "plus",
            "engagement.run_gathering",
            primary=True,
        ),
    )
    template_name = "engagement/gatherings.html"
    empty_icon = "calendar-event"
    empty_title = gettext_lazy("No events yet")
    empty_text = gettext_lazy("What partners are invited to appears here.")

    def adapt_to(self, member: Membership) -> None:
        self.table_class = MyGatheringTable if member.is_partner else GatheringTable

    def get_queryset(self, request: HttpRequest) -> QuerySet[Gathering]:
        member = request.membership
        if member.is_partner:
            return queries.my_gatherings(member).order_by("-starts_at", "-pk")
        return queries.vendor_gatherings().order_by("-starts_at", "-pk")

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        if not request.membership.is_partner:
            return {}
        ahead = queries.upcoming(request.membership, timezone.now()).filter(status=GatheringStatus.PUBLISHED)
        return {"ahead": list(ahead[:6])}


@require_safe
@requires("engagement.view_gathering")
def detail(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    member = request.membership
    found = _gathering(member, pk)
    context = {
        "title": found.title,
        "gathering": found,
        "tone": GATHERING_TONES[GatheringStatus(found.status)],
        "facts": _facts(found),
        "back_url": turl(request, "engagement:gatherings"),
        "back_label": _("Events"),
        **(_for_guest(member, found) if member.is_partner else _for_host(member, found)),
    }
    return render(request, "engagement/gathering.html", context)


def _for_guest(member: Membership, found: Gathering) -> dict[str, Any]:
    guest = queries.my_guest(member, found)
    return {
        "guest": guest,
        "answer": (guest.get_answer_display(), *ANSWER_TONES[Answer(guest.answer)]) if guest else None,
        "left": queries.left_for(found),
        "may_answer": guest is not None and found.is_published and not found.has_begun,
    }


def _for_host(member: Membership, found: Gathering) -> dict[str, Any]:
    guests = list(
        found.guests.select_related("member__user", "partner").order_by(
            "partner__name", "member__user__name"
        )[:MOST_GUESTS]
    )
    return {
        "guests": [
            (guest, guest.get_answer_display(), *ANSWER_TONES[Answer(guest.answer)]) for guest in guests
        ],
        "left": queries.left_for(found),
        "audience_count": None if found.is_published and guests else len(audience(found)),
        "may_run": can(member, "engagement.run_gathering"),
        "may_record": found.is_published and found.has_begun,
    }


def _facts(found: Gathering) -> list[dict[str, Any]]:
    return [
        {"label": _("Kind"), "value": found.get_kind_display()},
        {"label": _("Begins"), "value": short_time(found.starts_at)},
        {"label": _("Ends"), "value": short_time(found.ends_at)},
        {"label": _("Place"), "value": found.place},
    ]


@form_methods
@requires("engagement.run_gathering")
def create(request: HttpRequest, tenant: str) -> HttpResponse:
    return form_page(
        request,
        GatheringForm(request.POST or None, by=request.membership),
        done=lambda saved: (
            turl(request, "engagement:gathering", saved.pk),
            _("Added as a draft. Nobody has been invited yet."),
        ),
        context={
            "title": _("Add an event"),
            "back_url": turl(request, "engagement:gatherings"),
            "back_label": _("Events"),
            "submit_label": _("Add the event"),
        },
    )


@form_methods
@requires("engagement.run_gathering")
def edit(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _gathering(request.membership, pk)
    address = turl(request, "engagement:gathering", pk)
    return form_page(
        request,
        GatheringForm(request.POST or None, by=request.membership, gathering=found),
        done=lambda saved: (address, _("Saved.")),
        context={"title": found.title, "back_url": address, "back_label": found.title},
    )


@require_POST
@requires("engagement.run_gathering")
def publish(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _gathering(request.membership, pk)
    try:
        # Where it turns out that nobody is invited, it is not published either.
        with transaction.atomic():
            count = actions.publish(found, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("Invited: %s.") % count)
    return redirect(turl(request, "engagement:gathering", pk))


@form_methods
@requires("engagement.run_gathering")
def cancel(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _gathering(request.membership, pk)
    address = turl(request, "engagement:gathering", pk)
    return form_page(
        request,
        CancelForm(request.POST or None, by=request.membership, gathering=found),
        done=lambda saved: (address, _("The event has been cancelled.")),
        context={
            "title": _("Cancel the event"),
            "back_url": address,
            "back_label": found.title,
            "submit_label": _("Cancel the event"),
            "danger": True,
        },
    )


@require_POST
@requires("engagement.run_gathering")
def attendance(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """Who came, of those who were shown."""
    found = _gathering(request.membership, pk)
    shown = set(request.POST.getlist("shown"))
    came = set(request.POST.getlist("came"))
    guests = found.guests.values_list("pk", "member_id")
    said = {member: str(guest) in came for guest, member in guests if str(guest) in shown}
    try:
        count = actions.record_attendance(found, said, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("Saved. Attended: %s.") % count)
    return redirect(turl(request, "engagement:gathering", pk))


@require_POST
@requires("engagement.answer_invitation")
def answer(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    found = _gathering(request.membership, pk)
    guest = queries.my_guest(request.membership, found)
    comes = request.POST.get("answer") == "accept"
    try:
        if guest is not None:
            actions.answer(guest, comes, by=request.membership)
    except ActionRefused as refusal:
        say_refused(request, refusal)
    else:
        messages.success(request, _("You are expected.") if comes else _("Thank you for letting us know."))
    return redirect(turl(request, "engagement:gathering", pk))


@require_safe
@requires("engagement.view_gathering")
def ics(request: HttpRequest, tenant: str, pk: UUID) -> HttpResponse:
    """The event for one's calendar."""
    found = _gathering(request.membership, pk)
    response = HttpResponse(
        calendar_file([found], request.tenant), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="event.ics"'
    return response


@require_safe
@requires("engagement.view_gathering")
def calendar(request: HttpRequest, tenant: str) -> HttpResponse:
    """Everything ahead that the member may see, in one calendar file."""
    ahead = queries.visible_gatherings(request.membership).filter(
        ends_at__gte=timezone.now(), status=GatheringStatus.PUBLISHED
    )
    response = HttpResponse(
        calendar_file(list(ahead[:500]), request.tenant), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="events.ics"'
    return response


def _gathering(member: Membership, pk: UUID) -> Gathering:
    return get_object_or_404(queries.visible_gatherings(member), pk=pk)

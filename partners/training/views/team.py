"""Who must have what, who holds what: the list of duties and the heat maps."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from partners.directory.enums import TRADING_STATUSES, PartnerType
from partners.directory.models import Partner
from partners.training import heat, queries
from partners.training.filters import DutyFilter
from partners.training.models import Course, Duty, Path
from partners.training.tables import STATE_WORDS, DutyTable, OwnDutyTable
from portal.accounts.access import check, requires
from portal.accounts.models import Membership
from portal.shell.addresses import turl
from portal.shell.exports import csv_lines, csv_response, xlsx_response
from portal.shell.lists import ListPage, Preset

PER_PAGE = 50
# A heat map is exported whole, up to here.
MOST_EXPORTED = 5000


class DutyList(ListPage):
    """Who must do what by when."""

    title = gettext_lazy("Required courses")
    subtitle = gettext_lazy("Who must have which course by when.")
    permission = "training.view_team"
    filterset_class = DutyFilter
    search_fields = ("member__user__name", "course__title", "partner__name")
    search_label = gettext_lazy("Search by person, course or partner")
    export_name = "required-courses"
    presets = (
        Preset(gettext_lazy("All")),
        Preset(gettext_lazy("Overdue"), {"state": "overdue"}),
        Preset(gettext_lazy("Missing"), {"state": "missing"}),
        Preset(gettext_lazy("Runs out soon"), {"state": "expiring"}),
    )
    empty_icon = "checklist"
    empty_title = gettext_lazy("Nothing is required")
    empty_text = gettext_lazy("Courses that are required of somebody appear here.")

    def adapt_to(self, member: Membership) -> None:
        self.table_class = OwnDutyTable if member.is_partner else DutyTable

    def get_queryset(self, request: HttpRequest) -> QuerySet[Duty]:
        return queries.open_duties(request.membership, timezone.localdate()).order_by("due_on", "pk")

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"back_url": turl(request, "training:list"), "back_label": _("Training")}


@require_safe
@requires("training.view_team")
def people(request: HttpRequest, tenant: str) -> HttpResponseBase:
    """Who holds what and what runs out: people by courses."""
    member = request.membership
    today = timezone.localdate()
    partner = _partner(request)
    everyone = queries.people(member, partner.pk if partner else None)
    if member.is_vendor and partner is None:
        everyone = everyone.filter(partner_id__in=_partners(request).values("pk"))
    words = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    if words:
        everyone = everyone.filter(user__name__icontains=words)
    courses = _courses(request)
    if request.GET.get("export") in ("csv", "xlsx"):
        rows = heat.heat_map(list(everyone[:MOST_EXPORTED]), courses, today)
        lines = [
            [row.person.name, row.partner.name if row.partner else "", *[_cell(cell) for cell in row.cells]]
            for row in rows
        ]
        return _file(request, "people-courses", [_("Person"), _("Partner")], courses, lines)
    page = _page(request)
    found = list(everyone[(page - 1) * PER_PAGE : page * PER_PAGE + 1])
    return _render(
        request,
        courses,
        page,
        has_next=len(found) > PER_PAGE,
        extra={
            "rows": heat.heat_map(found[:PER_PAGE], courses, today),
            "subtitle": partner.name if partner else "",
            "q": words,
            "shows_partner": member.is_vendor and partner is None,
            "by": "people",
        },
    )


@require_safe
@requires("training.view_team")
def companies(request: HttpRequest, tenant: str) -> HttpResponseBase:
    """Partners by courses: how many of the people there hold each. For the vendor."""
    check(request.membership, "training.record_completion")
    today = timezone.localdate()
    partners, courses = _partners(request), _courses(request)
    words = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    if words:
        partners = partners.filter(name__icontains=words)
    if request.GET.get("export") in ("csv", "xlsx"):
        rows = heat.partner_heat(partners, courses, today, 0, MOST_EXPORTED)
        lines = [[row.partner.name, *[f"{cell.held}/{cell.people}" for cell in row.cells]] for row in rows]
        return _file(request, "partners-courses", [_("Partner")], courses, lines)
    page = _page(request)
    found = heat.partner_heat(partners, courses, today, (page - 1) * PER_PAGE, PER_PAGE + 1)
    return _render(
        request,
        courses,
        page,
        has_next=len(found) > PER_PAGE,
        extra={"rows": found[:PER_PAGE], "q": words, "by": "partners"},
    )


def _render(
    request: HttpRequest, courses: Sequence[Course], page: int, *, has_next: bool, extra: dict[str, Any]
) -> HttpResponse:
    member = request.membership
    context = {
        "title": _("Who holds what"),
        "courses": courses,
        "next_page": page + 1 if has_next else None,
        "previous_page": page - 1 if page > 1 else None,
        "paths": Path.objects.filter(status="published"),
        "types": PartnerType.choices if member.is_vendor else [],
        "regions": _regions() if member.is_vendor else [],
        "chosen": {name: request.GET.get(name, "") for name in ("path", "type", "region", "required")},
        "back_url": turl(request, "training:list"),
        "back_label": _("Training"),
        **extra,
    }
    return render(request, "training/team.html", context)


def _partner(request: HttpRequest) -> Partner | None:
    wanted = request.GET.get("partner", "")
    if not request.membership.is_vendor or not wanted:
        return None
    return get_object_or_404(Partner, pk=_uuid(wanted))


def _partners(request: HttpRequest) -> QuerySet[Partner]:
    """The trading partners that the member looks after, narrowed down by type and region."""
    member: Membership = request.membership
    found = Partner.objects.filter(status__in=sorted(TRADING_STATUSES))
    if member.is_manager:
        found = found.filter(manager_id=member.pk)
    for name in ("type", "region"):
        if request.GET.get(name):
            found = found.filter(**{name: request.GET[name].replace("\x00", "")})
    return found


def _regions() -> list[str]:
    return list(
        Partner.objects.exclude(region="").order_by("region").values_list("region", flat=True).distinct()
    )


def _courses(request: HttpRequest) -> list[Course]:
    path = request.GET.get("path", "")
    return heat.shown_courses(
        required=request.GET.get("required") == "1", path_id=_uuid(path) if path else None
    )


def _cell(cell: heat.Cell) -> str:
    if cell.state == "none":
        return ""
    words = str(STATE_WORDS[cell.state][0])
    return f"{words} ({_iso(cell.day)})" if cell.day else words


def _iso(day: date) -> str:
    return day.isoformat()


def _file(
    request: HttpRequest, name: str, first: list[str], courses: Sequence[Course], rows: list[list[Any]]
) -> HttpResponseBase:
    header = [*first, *[course.title for course in courses]]
    name = f"{name}-{timezone.localdate():%Y-%m-%d}"
    if request.GET["export"] == "csv":
        return csv_response(name, csv_lines(header, rows))
    return xlsx_response(name, header, rows)


def _page(request: HttpRequest) -> int:
    text = request.GET.get("page", "")
    return max(1, min(int(text), 10_000)) if text.isascii() and text.isdecimal() and len(text) < 8 else 1


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error

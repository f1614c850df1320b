"""A report that is due becomes a letter with the view's figures, as each of its receivers may see them."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.accounts.access import can
from portal.accounts.enums import VENDOR_ROLES
from portal.accounts.models import Membership
from portal.events.models import Event
from portal.reports.enums import FileKind
from portal.reports.models import Recipient, Schedule
from portal.reports.queries import recipients_of
from portal.shell.notices import Attachment, Enclosure, Notice, Words, notifies
from portal.shell.reporting import Report, as_csv, as_opened_by, as_xlsx, report_page
from portal.tenancy.models import current_tenant

CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def due(events: list[Event]) -> Iterable[Notice]:
    """Whom the report goes to, as it stands now."""
    schedules = Schedule.objects.in_bulk([event.subject_id for event in events])
    receivers = recipients_of(list(schedules))
    for event in events:
        schedule = schedules.get(event.subject_id)
        if schedule is not None:
            yield Notice(
                event,
                receivers[schedule.pk],
                {"view": event.data["view"], "schedule": str(schedule.pk)},
                "reports:open",
                (schedule.view_id,),
            )


def due_text(words: Words) -> str:
    return _("Your report: %(view)s") % words


def many_due(count: int) -> str:
    return ngettext("%(count)s report", "%(count)s reports", count) % {"count": count}


def enclosed(words: Words, member: Membership) -> Enclosure | None:
    """The figures, read with the receiver's own rights when the letter is written. None for who may not see them (any
    more): the report is stopped or no longer theirs, its owner has left or keeps the view to themselves, or the role
    does not reach the page."""
    schedule = Schedule.objects.select_related("view__owner__user").filter(pk=UUID(words["schedule"])).first()
    if schedule is None or not schedule.is_active or not member.is_vendor:
        return None
    view, tenant = schedule.view, current_tenant()
    owner = view.owner
    if not (owner.is_active and owner.user.is_active and owner.is_vendor):
        return None
    if not Recipient.objects.filter(schedule=schedule, member=member).exists():
        return None
    page = report_page(view.page, tenant, member)
    if page is None or not can(member, "reports.view_view", view):
        return None
    if page.permission and not (can(member, page.permission) and can(owner, page.permission)):
        return None
    report = page.report(as_opened_by(member, tenant, view.page, view.query))
    return Enclosure(
        title=view.name,
        text=report.note,
        figures=list(report.figures),
        columns=list(report.columns),
        rows=[list(line) for line in report.lines],
        total=report.total,
        attachments=_files(report, view.name, schedule.file_kind),
    )


def _files(report: Report, name: str, kind: str) -> list[Attachment]:
    """Where there is more than a file in a letter may hold, the link alone."""
    if not report.is_whole or not report.rows:
        return []
    base = slugify(name) or "report"
    if kind == FileKind.CSV:
        return [Attachment(f"{base}.csv", as_csv(report), CSV)]
    if kind == FileKind.XLSX:
        return [Attachment(f"{base}.xlsx", as_xlsx(report, name), XLSX)]
    return []


notifies(
    "reports.due",
    gettext_lazy("Reports you get"),
    group=gettext_lazy("Goals and reviews"),
    events=("report.due",),
    tell=due,
    text=due_text,
    many=many_due,
    many_url="reports:list",
    roles=VENDOR_ROLES,
    icon="report-analytics",
    order=530,
    enclose=enclosed,
)

"""Writes of views and their reports."""

import datetime as dt
from collections.abc import Collection
from urllib.parse import urlencode

from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.access import can, check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import EventDraft, record, record_many
from portal.reports.enums import Frequency
from portal.reports.models import Recipient, ReportsDue, SavedView, Schedule
from portal.reports.queries import colleagues
from portal.reports.times import next_time
from portal.shell.reporting import ReportPage, report_page
from portal.tenancy.db import lock
from portal.tenancy.models import Tenant, current_tenant

MOST_VIEWS = 100
MOST_SCHEDULES = 20
LONGEST = 2000
NOT_KEPT = frozenset({"page", "export", "filters"})


@transaction.atomic
def keep_view(*, by: Membership, name: str, page: str, query: str, shared: bool = False) -> SavedView:
    """Keep a page as it was looked at: its parameters under a name, once a member."""
    check(by, "reports.change_view")
    _page(page, by)
    lock("reports.views", by.pk)
    if SavedView.objects.filter(owner=by).count() >= MOST_VIEWS:
        raise ActionRefused(_("You have %(count)s views. Delete one first.") % {"count": MOST_VIEWS})
    view = SavedView(name=name, page=page, query=cleaned(query), owner=by, shared=shared)
    _saved(view)
    record("view.kept", subject=view, by=by, data={"name": name, "shared": shared})
    return view


@transaction.atomic
def change_view(view: SavedView, *, by: Membership, name: str, query: str, shared: bool) -> SavedView:
    """Rename it, share it or keep it for oneself, and choose its columns and period anew."""
    view = _locked(view, by)
    before = {"name": view.name, "shared": view.shared}
    view.name, view.query, view.shared = name, cleaned(query), shared
    _saved(view)
    record("view.changed", subject=view, by=by, data={"old": before, "new": {"name": name, "shared": shared}})
    return view


@transaction.atomic
def delete_view(view: SavedView, *, by: Membership) -> None:
    """Delete it with its reports."""
    view = _locked(view, by)
    record("view.deleted", subject=view, by=by, data={"name": view.name})
    view.delete()


def _page(name: str, by: Membership) -> ReportPage:
    page = report_page(name, current_tenant(), by)
    if page is None or (page.permission and not can(by, page.permission)):
        raise ActionRefused(_("This page cannot be kept as a view."))
    return page


def cleaned(query: str) -> str:
    """The parameters that say what is shown, without those of a moment."""
    found = QueryDict(query.lstrip("?"))
    kept = [
        (key, value)
        for key, values in found.lists()
        if key not in NOT_KEPT
        for value in values
        if value and "\x00" not in value
    ]
    text = urlencode(kept)
    if len(text) > LONGEST:
        raise ActionRefused(_("There are too many filters to keep."))
    return text


def _saved(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        raise ActionRefused(_("You have a view of this name already."), field="name") from error


def _locked(view: SavedView, by: Membership) -> SavedView:
    view = SavedView.objects.select_for_update(of=("self",)).get(pk=view.pk)
    check(by, "reports.change_view", view)
    return view


# --- reports -----------------------------------------------------------------------------------


@transaction.atomic
def schedule_report(
    view: SavedView,
    *,
    by: Membership,
    frequency: str,
    hour: int,
    recipients: Collection[Membership],
    weekday: int | None = None,
    day: int | None = None,
    file_kind: str = "",
    is_active: bool = True,
    schedule: Schedule | None = None,
) -> Schedule:
    """Send a view every week or month to colleagues; `schedule` is the one to change. A view that goes to others is
    shared with them first."""
    view = _locked(view, by)
    weekly = frequency == Frequency.WEEKLY
    if (weekday if weekly else day) is None:
        field = "weekday" if weekly else "day"
        raise ActionRefused(_("Say on which day."), field=field)
    allowed = set(colleagues().values_list("pk", flat=True))
    chosen = {member.pk for member in recipients}
    if not chosen:
        raise ActionRefused(_("Say who gets it."), field="recipients")
    if not chosen <= allowed:
        raise ActionRefused(_("Reports go to your own colleagues only."), field="recipients")
    if chosen != {by.pk} and not view.shared:
        raise ActionRefused(
            _("Share the view first: your colleagues may not open it yet."), field="recipients"
        )
    if schedule is None and view.schedules.count() >= MOST_SCHEDULES:
        raise ActionRefused(_("A view has at most %(count)s reports.") % {"count": MOST_SCHEDULES})
    if schedule is None:
        schedule = Schedule(view=view)
    else:
        schedule = Schedule.objects.select_for_update(of=("self",)).get(pk=schedule.pk, view=view)
    schedule.frequency, schedule.hour, schedule.file_kind = frequency, hour, file_kind
    schedule.weekday, schedule.day = (weekday, None) if weekly else (None, day)
    schedule.is_active = is_active
    _plan(schedule, current_tenant(), timezone.now())
    schedule.save()
    Recipient.objects.filter(schedule=schedule).exclude(member_id__in=chosen).delete()
    Recipient.objects.bulk_create(
        [Recipient(schedule=schedule, member_id=pk) for pk in sorted(chosen)], ignore_conflicts=True
    )
    record(
        "report.scheduled",
        subject=schedule,
        by=by,
        data={"view": view.name, "frequency": frequency, "recipients": len(chosen)},
    )
    return schedule


@transaction.atomic
def stop_report(schedule: Schedule, *, by: Membership) -> None:
    """No more of this report."""
    view = _locked(schedule.view, by)
    schedule = Schedule.objects.select_for_update(of=("self",)).get(pk=schedule.pk)
    record("report.stopped", subject=schedule, by=by, data={"view": view.name})
    schedule.delete()


def _plan(schedule: Schedule, tenant: Tenant, after: dt.datetime) -> None:
    schedule.next_at = next_time(
        schedule.frequency, schedule.weekday, schedule.day, schedule.hour, tenant.zone, after
    )
    if schedule.is_active:
        ReportsDue.objects.create(tenant=tenant, at=schedule.next_at)


@transaction.atomic
def send_due(now: dt.datetime | None = None) -> int:
    """Announce the reports that are due, once each, and say when the tenant is to be looked after next.

    What was missed while nothing ran is sent once, not once for each time. The letters are written from the event:
    the same transaction moves `next_at` on, so however often and by however many this is called, nobody gets two.
    """
    now = now or timezone.now()
    tenant = current_tenant()
    rung = list(
        ReportsDue.objects.select_for_update(skip_locked=True)
        .filter(tenant=tenant, at__lte=now)
        .values_list("pk", flat=True)
    )
    due = list(
        Schedule.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(is_active=True, next_at__lte=now)
        .select_related("view")
        .order_by("next_at", "pk")
    )
    drafts = []
    for schedule in due:
        drafts.append(
            EventDraft(
                "report.due", schedule, data={"view": schedule.view.name, "at": schedule.next_at.isoformat()}
            )
        )
        schedule.last_at = now
        _plan(schedule, tenant, now)
    Schedule.objects.bulk_update(due, ["last_at", "next_at"])
    record_many(drafts)
    ReportsDue.objects.filter(pk__in=rung).delete()
    if rung and not ReportsDue.objects.filter(tenant=tenant).exists():
        # One that another transaction holds just now is left to the next look.
        left = Schedule.objects.filter(is_active=True).order_by("next_at").values_list("next_at", flat=True)
        if first := left.first():
            ReportsDue.objects.create(tenant=tenant, at=max(first, now))
    return len(due)

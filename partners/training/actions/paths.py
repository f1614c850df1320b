"""Learning paths: making them, and completing them by their courses."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from dateutil.relativedelta import relativedelta
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from partners.training.actions.duties import refresh_duties
from partners.training.enums import COURSE_TRANSITIONS, CompletedVia, CourseStatus
from partners.training.models import Completion, Course, Path, PathCourse
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.models import current_tenant
from portal.tenancy.scope import current_tenant_id, tenant_scope
from portal.tenancy.sequences import next_number

CERTIFICATE = "CERT"
PATH_FIELDS = (
    "title",
    "summary",
    "gives_certificate",
    "validity_months",
    "is_required",
    "required_types",
    "required_roles",
    "required_segments",
    "due_days",
)
MOST_COURSES = 30


def create_path(*, by: Membership, courses: Sequence[Course], **fields: Any) -> Path:
    """A draft, which partners do not see yet, with its courses in their order."""
    check(by, "training.change_course")
    path = Path(**{name: fields[name] for name in PATH_FIELDS if name in fields})
    _save_once(path)
    _set_courses(path, courses)
    record("path.created", subject=path, by=by, data={"new": {"title": path.title}})
    return path


def update_path(path: Path, *, by: Membership, courses: Sequence[Course], **fields: Any) -> Path:
    """Change what a path says and which courses it has. Who has completed it keeps that."""
    check(by, "training.change_course")
    path = _lock(path)
    for name in PATH_FIELDS:
        if name in fields:
            setattr(path, name, fields[name])
    if path.is_published:
        _refuse_unless_ready(courses)
    _save_once(path)
    _set_courses(path, courses)
    record("path.updated", subject=path, by=by, data={"new": {"title": path.title}})
    _refresh(path)
    return path


def change_path_status(path: Path, status: CourseStatus, *, by: Membership) -> Path:
    """Publish a path, take it away from the list, or bring it back."""
    check(by, "training.change_course")
    path = _lock(path)
    if path.status == status:
        return path
    if status not in COURSE_TRANSITIONS[CourseStatus(path.status)]:
        raise ActionRefused(_("A path that is %s cannot do that.") % path.get_status_display().lower())
    if status == CourseStatus.PUBLISHED:
        _refuse_unless_ready([step.course for step in path.steps.select_related("course")])
    old, path.status = path.status, status
    path.save(update_fields=["status", "updated_at"])
    data = {"old": {"status": old}, "new": {"status": status, "title": path.title}}
    record("path.status_changed", subject=path, by=by, data=data)
    _refresh(path)
    return path


def award_paths(course_id: UUID, member: Membership, *, by: Membership | None) -> list[Completion]:
    """Complete the paths of a course that this person has come to the end of. Vendor's side."""
    paths = Path.objects.filter(steps__course=course_id, status=CourseStatus.PUBLISHED)
    done = [_award(path, member, by) for path in paths.order_by("pk")]
    return [completion for completion in done if completion is not None]


def award_everybody(path: Path) -> int:
    """Complete a path for everybody who has all its courses already; how many. Vendor's side."""
    courses = list(path.steps.values_list("course_id", flat=True))
    if not courses or not path.is_published:
        return 0
    complete = (
        Completion.objects.filter(course__in=courses, revoked_at=None, member__is_active=True)
        .order_by()
        .values("member")
        .annotate(n=Count("course", distinct=True))
        .filter(n=len(courses))
    )
    people = Membership.objects.filter(pk__in=complete.values("member")).select_related("user", "tenant")
    return sum(_award(path, member, None) is not None for member in people.order_by("pk"))


def ends_of(months: int | None, day: date, before: date | None, soon: int) -> date | None:
    """Until when a completion of that day counts: a renewal in the last `soon` days goes on from the old end."""
    if not months:
        return None
    renews = before is not None and 0 <= (before - day).days <= soon
    start = before if renews and before is not None else day
    return start + relativedelta(months=months)


def _award(path: Path, member: Membership, by: Membership | None) -> Completion | None:
    """The path's completion on the day of its last course, when all of them count on it and are newer than the
    person's last completion of the path: recertification asks for all of them anew."""
    steps = set(path.steps.values_list("course_id", flat=True))
    newest: dict[UUID | None, Completion] = {}
    for completion in Completion.objects.filter(course__in=steps, member=member, revoked_at=None).order_by(
        "completed_on", "pk"
    ):
        newest[completion.course_id] = completion
    if not steps or set(newest) != steps or member.partner_id is None:
        return None
    day = max(completion.completed_on for completion in newest.values())
    if not all(completion.is_valid_on(day) for completion in newest.values()):
        return None
    before = path.completions.filter(member=member, revoked_at=None).order_by("-completed_on").first()
    if before and min(completion.completed_on for completion in newest.values()) <= before.completed_on:
        return None
    ends = [completion.valid_until for completion in newest.values() if completion.valid_until]
    months = path.validity_months
    completion = Completion.objects.create(
        path=path,
        member=member,
        partner_id=member.partner_id,
        completed_on=day,
        valid_until=day + relativedelta(months=months) if months else min(ends, default=None),
        via=CompletedVia.PATH,
        recorded_by=by,
        certificate=next_number(CERTIFICATE, year=day.year) if path.gives_certificate else "",
    )
    data = {
        "path": path.title,
        "person": member.name,
        "completed_on": day.isoformat(),
        "certificate": completion.certificate,
        "member": str(member.pk),
    }
    record("path.completed", subject=completion, by=by, partner_id=member.partner_id, data={"new": data})
    return completion


def _refresh(path: Path) -> None:
    today = timezone.localdate(timezone=current_tenant().zone)
    with tenant_scope(current_tenant_id()):
        refresh_duties(today)
        award_everybody(path)


def _set_courses(path: Path, courses: Sequence[Course]) -> None:
    if len(courses) > MOST_COURSES:
        raise ActionRefused(_("A path has at most %s courses.") % MOST_COURSES, field="courses")
    path.steps.all().delete()
    PathCourse.objects.bulk_create(
        PathCourse(path=path, course=course, position=position) for position, course in enumerate(courses)
    )


def _refuse_unless_ready(courses: Sequence[Course]) -> None:
    if not courses:
        raise ActionRefused(_("Add at least one course to the path first."), field="courses")
    hidden = next((course for course in courses if not course.is_published), None)
    if hidden is not None:
        raise ActionRefused(
            _("Publish “%s” first: all courses of a path that is offered are offered.") % hidden.title,
            field="courses",
        )


def _lock(path: Path) -> Path:
    return Path.objects.select_for_update(of=("self",)).get(pk=path.pk)


def _save_once(path: Path) -> None:
    try:
        with transaction.atomic():
            path.save()
    except IntegrityError as error:
        if "training_path_title" not in str(error):
            raise
        raise ActionRefused(
            _("There is a path of this title already."), field="title", code="duplicate"
        ) from error

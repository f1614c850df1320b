"""What is said in time: completions that run out, and duties that fall due."""

from datetime import date, timedelta

from django.db.models import Exists, F, OuterRef, Q

from partners.training.enums import EXPIRES_SOON_DAYS
from partners.training.models import Completion, Duty
from portal.events.record import record

DUE_SOON_DAYS = 7


def warn_of_expiry(today: date, *, limit: int) -> int:
    """Record each completion that runs out soon and that no newer one follows, once for its end."""
    later = Completion.objects.filter(
        Q(course=OuterRef("course")) | Q(path=OuterRef("path")),
        Q(valid_until=None) | Q(valid_until__gt=OuterRef("valid_until")),
        member=OuterRef("member"),
        revoked_at=None,
    )
    due = list(
        Completion.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(
            ~Exists(later),
            Q(warned_of=None) | ~Q(warned_of=F("valid_until")),
            valid_until__gte=today,
            valid_until__lte=today + timedelta(days=EXPIRES_SOON_DAYS),
            revoked_at=None,
            member__is_active=True,
        )
        .select_related("course", "path", "member__user")
        .order_by("valid_until", "pk")[:limit]
    )
    for completion in due:
        completion.warned_of = completion.valid_until
        assert completion.valid_until is not None
        data = {
            "course": completion.title,
            "course_id": str(completion.course_id or ""),
            "person": completion.member.name,
            "member": str(completion.member_id),
            "valid_until": completion.valid_until.isoformat(),
        }
        record(
            "course.completion_expiring",
            subject=completion,
            partner_id=completion.partner_id,
            data={"new": data},
        )
    Completion.objects.bulk_update(due, ["warned_of"], batch_size=500)
    return len(due)


def remind_of_duties(today: date, *, limit: int) -> int:
    """Record each duty that falls due within a week, and again when it is overdue, until the course is held."""
    holds = Completion.objects.filter(
        Q(valid_until=None) | Q(valid_until__gte=today),
        course=OuterRef("course"),
        member=OuterRef("member"),
        revoked_at=None,
    )
    soon = Q(due_on__gte=today, due_on__lte=today + timedelta(days=DUE_SOON_DAYS), reminded_on=None)
    late = Q(due_on__lt=today) & (Q(reminded_on=None) | Q(reminded_on__lte=F("due_on")))
    due = list(
        Duty.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(~Exists(holds), soon | late, ended_on=None)
        .select_related("course", "member__user")
        .order_by("due_on", "pk")[:limit]
    )
    for duty in due:
        duty.reminded_on = today
        data = {
            "course": duty.course.title,
            "course_id": str(duty.course_id),
            "person": duty.member.name,
            "member": str(duty.member_id),
            "due_on": duty.due_on.isoformat(),
            "late": duty.due_on < today,
        }
        record("course.duty_due", subject=duty, partner_id=duty.partner_id, data={"new": data})
    Duty.objects.bulk_update(due, ["reminded_on"], batch_size=500)
    return len(due)

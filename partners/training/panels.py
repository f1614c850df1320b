"""What training shows on the home pages."""

from typing import Any

from django.utils import timezone

from partners.training.models import Completion, Enrolment
from partners.training.queries import duties
from portal.accounts.models import Membership

SHOWN = 4


def to_learn(member: Membership) -> dict[str, Any]:
    """Required courses that are missing or run out, and courses that were begun. Three queries."""
    today = timezone.localdate()
    asked = duties(member, today)
    owed = [duty for duty in asked if duty.state != "met"]
    named = [duty.course.pk for duty in owed]
    done = Completion.objects.filter(member=member, revoked_at=None, course__isnull=False).values("course")
    open_courses = (
        Enrolment.objects.filter(member=member, course__status="published")
        .exclude(course__in=done)
        .exclude(course__in=named)
        .select_related("course")
        .only("course", "due_on", "course__title")
        .order_by("due_on", "created_at")[:SHOWN]
    )
    have = len(asked) - sum(duty.state in ("missing", "overdue") for duty in owed)
    return {
        "owed": owed[:SHOWN],
        "open": list(open_courses),
        "today": today,
        "done_count": have,
        "asked_count": len(asked),
        "percent": 100 * have // len(asked) if asked else 0,
    }

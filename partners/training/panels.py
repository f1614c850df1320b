"""What training shows on the home pages."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from partners.training.models import Completion, Duty, Enrolment
from partners.training.queries import duties
from portal.accounts.models import Membership
from portal.accounts.prepared import prepared

SHOWN = 4


def to_learn(member: Membership) -> dict[str, Any]:
    """Required courses that are missing or run out, and courses that were begun. Three queries."""
    today = timezone.localdate()
    asked = duties(member, today)
    owed = [duty for duty in asked if duty.state != "met"]
    have = len(asked) - sum(duty.state in ("missing", "overdue") for duty in owed)
    return {
        "owed": owed[:SHOWN],
        "open": _begun(member),
        "today": today,
        "done_count": have,
        "asked_count": len(asked),
        "percent": 100 * have // len(asked) if asked else 0,
    }


@prepared
def _begun(member: Membership) -> QuerySet[Enrolment]:
    """Courses that the member takes and that are not among the duties."""
    done = Completion.objects.filter(member=member, revoked_at=None, course__isnull=False)
    asked = Duty.objects.filter(member=member, ended_on=None)
    return (
        Enrolment.objects.filter(member=member, course__status="published")
        .exclude(course__in=done.values("course"))
        .exclude(course__in=asked.values("course"))
        .select_related("course")
        .only("course", "due_on", "course__title")
        .order_by("due_on", "created_at")[:SHOWN]
    )

"""What training shows on the home pages."""

from typing import Any

from django.utils import timezone

from partners.directory.models import Partner
from partners.training.models import Completion, Enrolment
from partners.training.queries import duties
from portal.accounts.models import Membership

SHOWN = 4


def to_learn(member: Membership) -> dict[str, Any]:
    """Required courses that are missing or run out, and courses that were begun. Four queries."""
    today = timezone.localdate()
    partner = Partner.objects.get(pk=member.partner_id)
    owed = [duty for duty in duties(member, partner, today) if duty.state != "met"]
    named = [duty.course.pk for duty in owed]
    done = Completion.objects.filter(member=member, revoked_at=None).values("course")
    open_courses = (
        Enrolment.objects.filter(member=member, course__status="published")
        .exclude(course__in=done)
        .exclude(course__in=named)
        .select_related("course")
        .only("course", "due_on", "course__title")
        .order_by("due_on", "created_at")[:SHOWN]
    )
    return {"owed": owed[:SHOWN], "open": list(open_courses), "today": today}

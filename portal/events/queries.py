"""Reading events."""

from uuid import UUID

from django.db import models

from portal.events.describe import routine_types
from portal.events.models import Event


def timeline(subject: models.Model) -> models.QuerySet[Event]:
    """What happened to one object, newest first, with who did it; without what is routine."""
    return (
        Event.objects.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)
        .exclude(type__in=routine_types())
        .select_related("actor__user")
        .order_by("-id")
    )


def audit_trail(*, routine: bool = True) -> models.QuerySet[Event]:
    """Everything that happened in the tenant in scope, newest first; without `routine`, what is not routine."""
    events = Event.objects.select_related("actor__user").order_by("-id")
    return events if routine else events.exclude(type__in=routine_types())


def newest_event_id() -> UUID | None:
    """The newest event that this session may see: what an open page compares to know that it is old."""
    return Event.objects.order_by("-id").values_list("id", flat=True).first()


def failed_events() -> models.QuerySet[Event]:
    """Events that a consumer has refused and that are tried again, or were given up."""
    failed = Event.objects.filter(dispatched_at=None, attempts__gt=0)
    return failed.select_related("actor__user").order_by("id")

"""Reading keys and the audit trail."""

from datetime import date, datetime, time

from django.db.models import QuerySet
from django.utils import timezone

from portal.accounts.models import ApiKey
from portal.events.models import Event


def api_keys() -> QuerySet[ApiKey]:
    """The keys that work, newest first."""
    return ApiKey.objects.filter(revoked_at=None).select_related("membership__user").order_by("-id")


def from_day(events: QuerySet[Event], day: date) -> QuerySet[Event]:
    """Events from the start of a day in the active time zone."""
    return events.filter(occurred_at__gte=datetime.combine(day, time.min, timezone.get_current_timezone()))


def to_day(events: QuerySet[Event], day: date) -> QuerySet[Event]:
    """Events until the end of a day in the active time zone."""
    return events.filter(occurred_at__lte=datetime.combine(day, time.max, timezone.get_current_timezone()))

"""Events as a calendar file (RFC 5545)."""

from collections.abc import Iterable

from django.utils import timezone
from icalendar import Calendar, Event

from partners.engagement.enums import GatheringStatus
from partners.engagement.models import Gathering
from portal.tenancy.models import Tenant


def calendar_file(gatherings: Iterable[Gathering], tenant: Tenant) -> bytes:
    """A later file of the same event replaces it, a cancelled one takes it out."""
    found = list(gatherings)
    calendar = Calendar()
    calendar.add("prodid", "-//Partner portal//Events//EN")
    calendar.add("version", "2.0")
    only_cancelled = found and all(one.status == GatheringStatus.CANCELLED for one in found)
    calendar.add("method", "CANCEL" if only_cancelled else "PUBLISH")
    for gathering in found:
        event = Event()
        event.add("uid", f"{gathering.pk}@{tenant.slug}")
        event.add("dtstamp", timezone.now())
        event.add("dtstart", gathering.starts_at)
        event.add("dtend", gathering.ends_at)
        event.add("summary", gathering.title)
        event.add("sequence", gathering.sequence)
        cancelled = gathering.status == GatheringStatus.CANCELLED
        event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
        if gathering.summary:
            event.add("description", gathering.summary)
        if gathering.place:
            event.add("location", gathering.place)
        if gathering.join_url:
            event.add("url", gathering.join_url)
        calendar.add_component(event)
    return calendar.to_ical()

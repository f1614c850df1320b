"""A session as a calendar file (RFC 5545)."""

from django.utils import timezone
from icalendar import Calendar, Event

from partners.training.models import Session
from portal.tenancy.models import Tenant


def calendar_file(session: Session, tenant: Tenant, *, may_join: bool = True) -> bytes:
    """One event; a later file of the same session replaces it, a cancelled one takes it out.

    Where to join stands in it for those who may.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Partner portal//Training//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if session.cancelled_at else "PUBLISH")
    event = Event()
    event.add("uid", f"{session.pk}@{tenant.slug}")
    event.add("dtstamp", timezone.now())
    event.add("dtstart", session.starts_at)
    event.add("dtend", session.ends_at)
    event.add("summary", session.course.title)
    event.add("sequence", session.sequence)
    event.add("status", "CANCELLED" if session.cancelled_at else "CONFIRMED")
    if session.place:
        event.add("location", session.place)
    if session.join_url and may_join:
        event.add("url", session.join_url)
    calendar.add_component(event)
    return calendar.to_ical()

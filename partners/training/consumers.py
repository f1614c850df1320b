"""What training does when people come and go and partners change."""

from django.utils import timezone

from partners.training.actions import refresh_duties
from portal.events.consumers import subscribe
from portal.events.models import Event
from portal.tenancy.models import current_tenant


def people_changed(events: list[Event]) -> None:
    """Who is new, leaves, or works for a partner of another type has other duties."""
    partners = {event.partner_id for event in events if event.partner_id}
    if partners:
        refresh_duties(timezone.localdate(timezone=current_tenant().zone), partner_ids=partners)


subscribe("member.*", "partner.*", "partners.imported", name="training.duties", consumer=people_changed)

"""That people use the portal: one row a person and day."""

from datetime import date
from typing import Any

from partners.engagement.models import ActiveDay
from portal.accounts.models import Membership
from portal.events.record import record
from portal.tenancy.scope import current_tenant_id, tenant_scope


def note_presence(member: Membership, day: date) -> bool:
    """Note that a partner's person was here on this day; whether that was new."""
    if member.partner_id is None:
        return False
    row: dict[str, Any] = {"member_id": member.pk, "partner_id": member.partner_id, "day": day}
    with tenant_scope(current_tenant_id()):
        if ActiveDay.objects.filter(member=member, day=day).exists():
            return False
        ActiveDay.objects.bulk_create([ActiveDay(**row)], ignore_conflicts=True)
        data = {"day": day.isoformat()}
        record("activity.seen", subject=member, by=member, partner_id=member.partner_id, data=data)
    return True

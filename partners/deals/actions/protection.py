"""What time does to a protected deal."""

from datetime import datetime

from partners.deals.enums import (
    RegistrationStatus,
)
from partners.deals.models import Deal
from portal.events.record import EventDraft, record_many

Status = RegistrationStatus


def expire_due(now: datetime, *, limit: int = 500) -> int:
    """Expire approved registrations whose protection has ended; the number expired, at most `limit`.

    Rows that someone is working on are left for the next run, and so are wins that wait for confirmation.
    """
    due = list(
        Deal.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(status=Status.APPROVED, protection__endswith__lte=now, win_claim__isnull=True)
        .order_by("pk")[:limit]
    )
    for deal in due:
        deal.status = Status.EXPIRED
        deal.version += 1
        deal.updated_at = now
    Deal.objects.bulk_update(due, ["status", "version", "updated_at"], batch_size=500)
    record_many(
        EventDraft(
            "deal.expired",
            deal,
            partner_id=deal.partner_id,
            data={"old": {"status": Status.APPROVED}, "new": {"status": Status.EXPIRED}},
        )
        for deal in due
    )
    return len(due)

"""What time does to a protected deal."""

from datetime import datetime, timedelta

from django.db.models import Q

from partners.deals.enums import WARNING_DAYS, Notice, RegistrationStatus
from partners.deals.models import Deal
from partners.deals.queries import IS_WAITING, policy
from partners.deals.workdays import add_business_days, holidays_from
from portal.events.record import EventDraft, record_many
from portal.tenancy.models import Tenant

Status = RegistrationStatus


def expire_due(now: datetime, *, limit: int = 500) -> int:
    """Expire approved registrations whose protection has ended; the number expired, at most `limit`.

    Rows that someone is working on are left for the next run, and so are wins that wait for confirmation
    and requests for more time that wait for an answer: the partner asked while there was time.
    """
    due = list(
        Deal.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(status=Status.APPROVED, protection__endswith__lte=now, win_claim__isnull=True, request="")
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


def warn_of_end(now: datetime, *, limit: int = 500) -> int:
    """Record once each, 14 and 3 days before the end, that a protection ends; the number of warnings.

    Where both are due, because nothing ran in between, the nearer one alone is given.
    """
    ending = Deal.objects.select_for_update(of=("self",), skip_locked=True).filter(
        status=Status.APPROVED, protection__endswith__gt=now
    )
    drafts = []
    for days in sorted(WARNING_DAYS):
        # 0 is "not yet warned"; a warning nearer to the end has a smaller number than one further off.
        due = ending.filter(protection__endswith__lte=now + timedelta(days=days)).filter(
            Q(protection_notice=0) | Q(protection_notice__gt=days)
        )
        for deal in due.order_by("pk")[:limit]:
            Deal.objects.filter(pk=deal.pk).update(protection_notice=days)
            data = {"days": days, "until": deal.protection.upper.isoformat()}
            drafts.append(EventDraft("deal.protection_ending", deal, partner_id=deal.partner_id, data=data))
    return len(record_many(drafts))


def remind(now: datetime, tenant: Tenant, *, limit: int = 500) -> int:
    """Record what is nearly due, due, and long overdue to be answered, once each; the number of reminders.

    A person decides; an administrator is told when that takes too long. A reminder that was missed because
    nothing ran is not made up for by the next one: only the furthest that is reached is recorded.
    """
    # Nothing that waits longer than this still has a reminder to come.
    off = holidays_from((now - timedelta(days=400)).date())
    soon = add_business_days(now, 1, tenant, off)
    waiting = (
        Deal.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(IS_WAITING, notice__lt=Notice.ESCALATED, answer_due_at__lte=soon)
        .order_by("notice", "answer_due_at", "pk")[:limit]
    )
    after = policy().escalation_days
    drafts = []
    for deal in waiting:
        due = deal.answer_due_at
        assert due is not None
        reached = _reached(deal, due, now, add_business_days(due, after, tenant, off))
        if reached <= deal.notice:
            continue
        Deal.objects.filter(pk=deal.pk).update(notice=reached)
        overdue = reached == Notice.ESCALATED
        data = {"due": due.isoformat(), "awaits": deal.awaits, "notice": int(reached)}
        event = "deal.decision_overdue" if overdue else "deal.decision_due"
        drafts.append(EventDraft(event, deal, partner_id=deal.partner_id, data=data))
    return len(record_many(drafts))


def _reached(deal: Deal, due: datetime, now: datetime, late_from: datetime) -> Notice:
    """The furthest reminder whose time has come."""
    since = deal.waiting_since or deal.submitted_at
    if due <= now:
        return Notice.ESCALATED if late_from <= now else Notice.DUE
    # Nobody is reminded of what has only just come in.
    halfway = since is None or now - since >= due - now
    return Notice.BEFORE if halfway else Notice.NONE

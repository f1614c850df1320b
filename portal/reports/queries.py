"""Reads of views and reports. Another's view that is not shared is none of the member's business."""

import datetime as dt
from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.accounts.enums import VENDOR_ROLES
from portal.accounts.models import Membership
from portal.reports.models import Recipient, ReportsDue, SavedView, Schedule
from portal.tenancy.scope import current_tenant_id


def visible_views(member: Membership) -> QuerySet[SavedView]:
    """The member's own, and what colleagues share."""
    found = SavedView.objects.select_related("owner__user")
    return found.filter(Q(owner_id=member.pk) | Q(shared=True)) if member.is_vendor else found.none()


def own_views(member: Membership) -> QuerySet[SavedView]:
    return SavedView.objects.filter(owner_id=member.pk) if member.is_vendor else SavedView.objects.none()


def own_schedules(member: Membership) -> QuerySet[Schedule]:
    return Schedule.objects.filter(view__in=own_views(member)).select_related("view")


def colleagues() -> QuerySet[Membership]:
    """The vendor's active people: who a report may go to."""
    return (
        Membership.objects.filter(
            tenant_id=current_tenant_id(),
            partner_id=None,
            role__in=VENDOR_ROLES,
            is_active=True,
            user__is_active=True,
        )
        .select_related("user")
        .order_by("user__name", "user__email")
    )


def tenants_due(now: dt.datetime) -> list[UUID]:
    return list(
        ReportsDue.objects.filter(at__lte=now).order_by().values_list("tenant_id", flat=True).distinct()
    )


def recipients_of(schedule_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Whom each report goes to. One query."""
    found: dict[UUID, list[UUID]] = {key: [] for key in schedule_ids}
    rows = Recipient.objects.filter(schedule_id__in=schedule_ids).order_by("pk")
    for schedule_id, member_id in rows.values_list("schedule_id", "member_id"):
        found[schedule_id].append(member_id)
    return found

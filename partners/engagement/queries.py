"""Reads of engagement, scoped to what the member may see. The partner's wall stands in the database as well."""

from datetime import date, datetime
from uuid import UUID

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When

from partners.directory.models import Partner
from partners.engagement.actions.gatherings import places_left
from partners.engagement.enums import Answer, GatheringStatus
from partners.engagement.models import Gathering, Guest, Interaction
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES
from portal.accounts.models import Membership
from portal.tenancy.scope import current_tenant_id, tenant_scope


def visible_interactions(member: Membership) -> QuerySet[Interaction]:
    """A partner's people read what is shared with them, the vendor's people everything."""
    rows = Interaction.objects.filter(removed_at=None).select_related(
        "about", "logged_by__user", "follow_up_owner__user"
    )
    return rows.filter(partner_id=member.partner_id) if member.is_partner else rows


def with_state(rows: QuerySet[Interaction], today: date) -> QuerySet[Interaction]:
    """Each with where its follow-up stands: none, open, late or done."""
    return rows.annotate(
        state=Case(
            When(follow_up="", then=Value("none")),
            When(follow_up_done_at__isnull=False, then=Value("done")),
            When(follow_up_due__lt=today, then=Value("late")),
            default=Value("open"),
            output_field=CharField(),
        )
    )


def of_partner(member: Membership, partner: Partner) -> QuerySet[Interaction]:
    return visible_interactions(member).filter(about=partner)


def my_follow_ups(member: Membership) -> QuerySet[Interaction]:
    """What the member has to do, the most pressing first."""
    return (
        visible_interactions(member)
        .filter(follow_up_owner=member, follow_up_done_at=None)
        .exclude(follow_up="")
        .order_by("follow_up_due", "pk")
    )


def possible_owners(member: Membership, partner: Partner) -> QuerySet[Membership]:
    """Who can follow up an interaction with this partner: a partner's people choose among themselves and its manager."""
    ours = Q(partner_id=partner.pk, role__in=sorted(PARTNER_ROLES))
    vendor = Q(role__in=sorted(VENDOR_ROLES))
    if member.is_partner:
        vendor = Q(pk=partner.manager_id) if partner.manager_id else Q(pk=None)
    return (
        Membership.objects.filter(ours | vendor, tenant_id=current_tenant_id(), is_active=True)
        .select_related("user")
        .order_by("user__name", "user__email", "pk")
    )


def visible_gatherings(member: Membership) -> QuerySet[Gathering]:
    """A partner's people see the events that they are invited to themselves, or have been to."""
    if member.is_partner:
        mine = Guest.objects.filter(gathering=OuterRef("pk"), member=member)
        return Gathering.objects.filter(Exists(mine)).exclude(status=GatheringStatus.DRAFT)
    return Gathering.objects.all()


def vendor_gatherings() -> QuerySet[Gathering]:
    """Events with how many were invited, come, and came. Vendor's side."""
    return Gathering.objects.annotate(
        invited_count=Count("guests"),
        accepted_count=Count("guests", filter=Q(guests__answer=Answer.ACCEPTED)),
        attended_count=Count("guests", filter=Q(guests__attended=True)),
    )


def my_gatherings(member: Membership) -> QuerySet[Gathering]:
    """The member's events with the answer given."""
    mine = Guest.objects.filter(gathering=OuterRef("pk"), member=member)
    return visible_gatherings(member).annotate(
        my_answer=Subquery(mine.values("answer")[:1]), attended=Subquery(mine.values("attended")[:1])
    )


def my_guest(member: Membership, gathering: Gathering) -> Guest | None:
    return Guest.objects.select_related("gathering").filter(gathering=gathering, member=member).first()


def left_for(gathering: Gathering) -> int | None:
    """How many places are left; a partner learns the number alone."""
    with tenant_scope(current_tenant_id()):
        return places_left(gathering)


def upcoming(member: Membership, now: datetime) -> QuerySet[Gathering]:
    return my_gatherings(member).filter(ends_at__gte=now).order_by("starts_at", "pk")


def gathering_called(name: str) -> Gathering | None:
    """An event by its id or the id that another system has for it. Vendor's side."""
    found = Gathering.objects.filter(external_id=name).first() if name else None
    if found is not None:
        return found
    try:
        return Gathering.objects.filter(pk=UUID(name)).first()
    except ValueError:
        return None

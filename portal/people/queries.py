"""Reading people: memberships, members, invitations."""

from uuid import UUID

from django.conf import settings
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.enums import Role
from portal.accounts.models import Invitation, Membership, User, digest
from portal.shell.formats import short_time
from portal.tenancy.models import Tenant
from portal.tenancy.scope import current_tenant_id

_SENIORITY = [Role.ADMIN, Role.CHANNEL_MANAGER, Role.PARTNER_OWNER, Role.PARTNER_MEMBER]


def programmes(user: User) -> QuerySet[Membership]:
    """The user's active memberships, by the tenant's name. Read outside any tenant's scope."""
    return (
        Membership.objects.filter(user=user, is_active=True)
        .select_related("tenant", "user")
        .order_by("tenant__name")
    )


def members_seen_by(membership: Membership) -> QuerySet[Membership]:
    """Who a member may see in the list of people: an admin everyone, a partner's owner the own colleagues."""
    members = Membership.objects.filter(tenant_id=current_tenant_id(), is_active=True).select_related("user")
    if membership.is_partner:
        members = members.filter(partner_id=membership.partner_id)
    order = Case(
        *(When(role=role, then=Value(place)) for place, role in enumerate(_SENIORITY)),
        output_field=IntegerField(),
    )
    return members.order_by(order, "user__name", "pk")


def invitations_seen_by(membership: Membership) -> QuerySet[Invitation]:
    """Open invitations, newest first, also those that have run out."""
    invitations = Invitation.objects.filter(accepted_at=None, revoked_at=None).select_related(
        "invited_by__user"
    )
    if membership.is_partner:
        invitations = invitations.filter(partner_id=membership.partner_id)
    return invitations.order_by("-id")


def letter_state(invitation: Invitation) -> tuple[str, str, str] | None:
    """How far the letter is, as words, tone and icon; None where no letter was asked for."""
    if invitation.sent_at:
        return _("Sent on %s") % short_time(invitation.sent_at), "success", "mail-check"
    if invitation.due_at and invitation.expires_at <= timezone.now():
        return _("Not sent"), "neutral", "mail-off"
    if invitation.due_at and invitation.error:
        return _("Not taken; tried again at %s") % short_time(invitation.due_at), "warning", "refresh"
    if invitation.due_at:
        return _("On its way"), "info", "send"
    return (_("Could not be sent"), "danger", "mail-off") if invitation.error else None


def invitation_by_secret(secret: str) -> Invitation | None:
    """The invitation behind a link, whatever has become of it."""
    return Invitation.objects.filter(digest=digest(secret)).select_related("invited_by__user").first()


def membership_of(user_id: UUID) -> Membership | None:
    """The user's active membership in the tenant in scope."""
    return Membership.objects.filter(tenant_id=current_tenant_id(), user_id=user_id, is_active=True).first()


def demo_members() -> list[Membership]:
    """One member for each role of the demo vendors, the eldest first; none where there is no demo."""
    if not settings.DEMO:
        return []
    # Someone who has been invited from a real programme must not be anyone's to become.
    real = Membership.objects.filter(tenant__is_demo=False).values("user_id")
    members = (
        Membership.objects.filter(
            tenant__in=Tenant.objects.filter(is_demo=True), is_active=True, user__is_staff=False
        )
        .exclude(user_id__in=real)
        .select_related("user", "tenant")
        .order_by("tenant_id", "role", "id")
        .distinct("tenant_id", "role")
    )
    return sorted(members, key=lambda member: (member.tenant.name, _SENIORITY[::-1].index(Role(member.role))))

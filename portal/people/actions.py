"""Writes on people. Those that reach beyond a partner's rows check first and then widen the scope themselves."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import validate_password
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.access import can, check
from portal.accounts.enums import PARTNER_ROLES, Role
from portal.accounts.models import ApiKey, Invitation, Membership, User
from portal.errors import ActionRefused
from portal.events.record import record
from portal.people.letters import post
from portal.shell.registry import partner_names
from portal.tenancy.scope import current_tenant_id, tenant_scope


@contextmanager
def _vendor_scope() -> Iterator[None]:
    """The tenant without the partner's restriction: memberships and users are not a partner's rows to write.

    Every caller has checked the rule and names the partner itself.
    """
    with tenant_scope(current_tenant_id()):
        yield


def _check_may_give(by: Membership, role: str, partner_id: UUID | None) -> None:
    """Who may give which role: an admin any, a partner's owner the partner roles of the own company."""
    check(by, "accounts.manage_colleagues")
    if by.is_admin:
        if (role in PARTNER_ROLES) != (partner_id is not None):
            raise ActionRefused(
                _("A partner role needs a partner company, and only a partner role."), field="partner"
            )
        if partner_id is not None and partner_id not in partner_names([partner_id]):
            raise ActionRefused(_("This partner company does not exist."), field="partner")
        return
    if role not in PARTNER_ROLES or partner_id != by.partner_id:
        raise ActionRefused(
            _("You can only give the roles of your own company."), field="role", code="forbidden"
        )


def _check_may_touch(by: Membership, member: Membership) -> None:
    check(by, "accounts.manage_colleagues")
    if not by.is_admin and (not member.is_partner or member.partner_id != by.partner_id):
        raise ActionRefused(_("You can only change people of your own company."), code="forbidden")


def change_profile(user: User, *, name: str, language: str) -> User:
    user.name, user.language = name, language
    user.save(update_fields=["name", "language"])
    return user


def invite(*, by: Membership, email: str, name: str, role: str, partner_id: UUID | None = None) -> Invitation:
    """Invite someone; a worker sends the link. Refuses who is a member already."""
    _check_may_give(by, role, partner_id)
    return issue_invitation(by=by, email=email, name=name, role=role, partner_id=partner_id)


def issue_invitation(
    *, by: Membership, email: str, name: str, role: str, partner_id: UUID | None = None
) -> Invitation:
    """Invite someone without asking whether `by` may give the role: for actions whose own rule has allowed it."""
    email = email.strip().lower()
    with _vendor_scope():
        if Membership.objects.filter(
            tenant_id=by.tenant_id, user__email__iexact=email, is_active=True
        ).exists():
            raise ActionRefused(_("This person is a member already."), field="email")
        open_one = Invitation.objects.select_for_update(of=("self",)).filter(
            email__iexact=email, accepted_at=None, revoked_at=None
        )
        if open_one.filter(~Q(partner_id=partner_id) | Q(expires_at__gt=timezone.now())).exists():
            raise ActionRefused(
                _("This person has been invited already; you can send it again."), field="email"
            )
        open_one.update(revoked_at=timezone.now())
        invitation = Invitation(
            email=email, name=name.strip(), role=role, partner_id=partner_id, invited_by=by
        )
        post(invitation)
        record(
            "member.invited",
            subject=invitation,
            by=by,
            partner_id=partner_id,
            data={"email": email, "role": role},
        )
    return invitation


def is_activated(user: User) -> bool:
    """Whether the person has ever been able to sign in; an import makes accounts that nobody can."""
    # A partner's session may not read what this is decided by.
    with _vendor_scope():
        return user.has_usable_password() or user.last_login is not None


def invite_member(member: Membership, *, email: str, by: Membership) -> Invitation:
    """Give a member who cannot sign in yet their real address, and send the link with which they choose a password.

    What they were given already, such as partners to look after, stays theirs.
    """
    check(by, "accounts.manage_members")
    email = email.strip().lower()
    with _vendor_scope():
        member = _locked(member, by)
        user = User.objects.select_for_update().get(pk=member.user_id)
        if is_activated(user):
            raise ActionRefused(_("This person signs in already and looks after their own address."))
        if user.is_staff or user.memberships.exclude(pk=member.pk).exists():
            raise ActionRefused(_("This address cannot be changed here."), field="email")
        if User.objects.filter(email__iexact=email).exclude(pk=user.pk).exists():
            raise ActionRefused(
                _("Somebody has an account with this address already. Invite that account instead."),
                field="email",
            )
        old, user.email = user.email, email
        user.save(update_fields=["email"])
        EmailAddress.objects.filter(user=user).update(email=email, verified=False)
        Invitation.objects.filter(email__in=(old.lower(), email), accepted_at=None, revoked_at=None).update(
            revoked_at=timezone.now()
        )
        invitation = Invitation(
            email=email, name=user.name, role=member.role, partner_id=member.partner_id, invited_by=by
        )
        post(invitation)
        record(
            "member.address_given",
            subject=member,
            by=by,
            partner_id=member.partner_id,
            data={"name": user.name, "old": old, "new": email},
        )
    return invitation


def resend(invitation: Invitation, *, by: Membership) -> Invitation:
    """Send a new link; the old one stops working."""
    with _vendor_scope():
        invitation = _open_invitation(invitation, by)
        post(invitation)
        _record_invitation("member.invitation_resent", invitation, by)
    return invitation


def revoke(invitation: Invitation, *, by: Membership) -> Invitation:
    """Take an invitation back; its link says so."""
    with _vendor_scope():
        invitation = _open_invitation(invitation, by)
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
        _record_invitation("member.invitation_revoked", invitation, by)
    return invitation


def accept(invitation: Invitation, *, user: User, first_time: bool = False) -> Membership:
    """Make the invited person a member. Someone who was removed before comes back in the role invited to.

    `first_time` is for an account that could not sign in before: it may be a member already, and stays what it is.
    """
    with _vendor_scope():
        invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
        state = state_of(invitation)
        if state != "open":
            raise ActionRefused(_("This invitation can no longer be used."), code=state)
        if user.email.lower() != invitation.email.lower():
            raise ActionRefused(_("This invitation is for another e-mail address."), code="other_person")
        member, created = Membership.objects.select_for_update(of=("self",)).get_or_create(
            tenant_id=invitation.tenant_id,
            user=user,
            defaults={"role": invitation.role, "partner_id": invitation.partner_id},
        )
        if not created:
            if member.is_active and not first_time:
                raise ActionRefused(_("You are a member already."), code="member")
            if not member.is_active:
                member.role, member.partner_id, member.is_active = (
                    invitation.role,
                    invitation.partner_id,
                    True,
                )
                member.save(update_fields=["role", "partner_id", "is_active"])
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at"])
        record(
            "member.joined",
            subject=member,
            by=member,
            partner_id=member.partner_id,
            data={"email": user.email, "role": member.role},
        )
    return member


def accept_as_new_user(invitation: Invitation, *, name: str, password: str) -> Membership:
    """Make the account of an invited person, whose address the link has proved, and let them join.

    Raises ValidationError when the password is too weak.
    """
    with _vendor_scope():
        user = User.objects.select_for_update().filter(email__iexact=invitation.email).first()
        if user is not None and user.has_usable_password():
            raise ActionRefused(
                _("There is an account with this address already: sign in first."), code="account"
            )
        first_time = user is None or not is_activated(user)
        user = user or User(email=invitation.email.lower())
        user.name = name.strip()
        validate_password(password, user)
        user.set_password(password)
        user.save()
        EmailAddress.objects.update_or_create(
            user=user, email=user.email, defaults={"verified": True, "primary": True}
        )
        return accept(invitation, user=user, first_time=first_time)


def change_role(member: Membership, *, role: str, by: Membership) -> Membership:
    """Change what a member may do, from the next request on. The last admin stays one."""
    with _vendor_scope():
        member = _locked(member, by)
        _check_may_give(by, role, member.partner_id)
        if member.role == role:
            return member
        if member.role == Role.ADMIN:
            _check_other_admin(member)
        old, member.role = member.role, role
        member.save(update_fields=["role"])
        if not can(member, "accounts.manage_colleagues"):
            _revoke_sent_by(member)
        record(
            "member.role_changed",
            subject=member,
            by=by,
            partner_id=member.partner_id,
            data={"old": old, "new": role, "email": member.user.email},
        )
    return member


def remove(member: Membership, *, by: Membership) -> Membership:
    """End someone's access, their API keys, the invitations they sent that nobody has accepted yet and, when no
    other programme is left to them, their sessions."""
    with _vendor_scope():
        member = _locked(member, by)
        if member.pk == by.pk:
            raise ActionRefused(_("You cannot remove yourself. Ask another administrator or owner."))
        if member.role == Role.ADMIN:
            _check_other_admin(member)
        member.is_active = False
        member.save(update_fields=["is_active"])
        member.api_keys.filter(revoked_at=None).update(revoked_at=timezone.now())
        _revoke_sent_by(member)
        record(
            "member.removed",
            subject=member,
            by=by,
            partner_id=member.partner_id,
            data={"email": member.user.email, "role": member.role},
        )
        if not Membership.objects.filter(user_id=member.user_id, is_active=True).exists():
            for session in UserSession.objects.filter(user_id=member.user_id):
                session.end()
    return member


def end_access_of(partner_id: UUID, *, by: Membership) -> list[UUID]:
    """End the access of all people of a partner that leaves: memberships, API keys, invitations, and the sessions of
    those who are in no other programme. Returns whose; `give_access_back` undoes it for them.

    Whoever calls this has checked that the partnership may be ended.
    """
    with _vendor_scope():
        people = list(
            Membership.objects.select_for_update(of=("self",))
            .filter(tenant_id=by.tenant_id, partner_id=partner_id, is_active=True)
            .select_related("user")
            .order_by("pk")
        )
        keys = [member.pk for member in people]
        now = timezone.now()
        Membership.objects.filter(pk__in=keys).update(is_active=False)
        ApiKey.objects.filter(membership__in=keys, revoked_at=None).update(revoked_at=now)
        Invitation.objects.filter(partner_id=partner_id, accepted_at=None, revoked_at=None).update(
            revoked_at=now
        )
        users = {member.user_id for member in people}
        elsewhere = Membership.objects.filter(user_id__in=users, is_active=True)
        users -= set(elsewhere.values_list("user_id", flat=True))
        for session in UserSession.objects.filter(user_id__in=users):
            session.end()
    return keys


def give_access_back(member_ids: Iterable[UUID], partner_id: UUID, *, by: Membership) -> int:
    """Let the people of a partner that has come back in again; how many. Keys and invitations are made anew."""
    with _vendor_scope():
        return Membership.objects.filter(
            tenant_id=by.tenant_id, pk__in=list(member_ids), partner_id=partner_id, is_active=False
        ).update(is_active=True)


def state_of(invitation: Invitation) -> str:
    """ "open", "accepted", "revoked" or "expired"."""
    if invitation.accepted_at:
        return "accepted"
    if invitation.revoked_at:
        return "revoked"
    return "expired" if invitation.expires_at <= timezone.now() else "open"


def _locked(member: Membership, by: Membership) -> Membership:
    """The member as the database has it now, locked; only one of the tenant in scope."""
    found = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user")
        .get(pk=member.pk, tenant_id=current_tenant_id())
    )
    _check_may_touch(by, found)
    if not found.is_active:
        raise ActionRefused(_("This person is no longer a member."))
    return found


def _revoke_sent_by(member: Membership) -> None:
    """Close the doors that someone has opened, perhaps for themselves under another address."""
    Invitation.objects.filter(invited_by=member, accepted_at=None, revoked_at=None).update(
        revoked_at=timezone.now()
    )


def _open_invitation(invitation: Invitation, by: Membership) -> Invitation:
    """The invitation locked, if it still waits and its role is `by`'s to give."""
    found = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    _check_may_give(by, found.role, found.partner_id)
    if state_of(found) in {"accepted", "revoked"}:
        raise ActionRefused(_("This invitation is no longer open."))
    return found


def _check_other_admin(member: Membership) -> None:
    # All admins are locked, so that two of them cannot remove each other at the same moment.
    admins = Membership.objects.select_for_update(of=("self",)).filter(
        tenant_id=member.tenant_id, role=Role.ADMIN, is_active=True
    )
    if not [admin for admin in admins.order_by("pk") if admin.pk != member.pk]:
        raise ActionRefused(_("A programme needs at least one administrator."))


def _record_invitation(type_: str, invitation: Invitation, by: Membership) -> None:
    record(
        type_,
        subject=invitation,
        by=by,
        partner_id=invitation.partner_id,
        data={"email": invitation.email, "role": invitation.role},
    )

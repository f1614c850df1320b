"""People, and what they are in each tenant."""

import hashlib
import secrets
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from uuid_utils.compat import uuid7

from portal.accounts.constraints import MembershipIsolation, UserIsolation
from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role
from portal.accounts.fields import VendorOnlyBoolean, VendorOnlyChar, VendorOnlyModel
from portal.tenancy.constraints import PartnerIsolation, tenant_constraints
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import Tenant, TenantModel


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user who signs in with `email`; without a password none can be used until one is set."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(VendorOnlyModel, AbstractBaseUser, PermissionsMixin):
    """A person. `is_staff` marks the platform's own operators, who may use Django's admin."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = VendorOnlyBoolean(_("platform staff"), default=False)
    is_superuser = VendorOnlyBoolean(_("superuser status"), default=False)
    password = VendorOnlyChar(_("password"), max_length=128)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        verbose_name = _("user")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="accounts_user_email_once"),
            UserIsolation(name="accounts_user_partner", hidden=("password", "is_staff", "is_superuser")),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)


class Membership(models.Model):
    """Who, in which tenant, in which role. Read to find the tenant, so it stands outside the first wall.

    `partner_id` is a place that the floor above fills: the partner company of a partner's member.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=20, choices=Role)
    partner_id = models.UUIDField(null=True, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    job_title = models.CharField(_("job title"), max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "id"], name="accounts_membership_tenant_id"),
            models.UniqueConstraint(fields=["tenant", "user"], name="accounts_membership_once"),
            models.CheckConstraint(
                name="accounts_membership_partner_by_role",
                condition=models.Q(role__in=sorted(PARTNER_ROLES), partner_id__isnull=False)
                | models.Q(role__in=sorted(VENDOR_ROLES), partner_id__isnull=True),
            ),
            MembershipIsolation(name="accounts_membership_partner"),
        ]
        indexes = [models.Index(fields=["tenant", "partner_id"], name="accounts_membership_partner_ix")]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return str(self.user)

    @property
    def is_partner(self) -> bool:
        return self.role in PARTNER_ROLES

    @property
    def is_vendor(self) -> bool:
        return self.role in VENDOR_ROLES

    @property
    def is_manager(self) -> bool:
        return self.role == Role.CHANNEL_MANAGER

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is stored of a random secret; it has 256 bits, so a plain hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Invitation(TenantModel):
    """A link by e-mail that makes its holder a member. Only the link's digest is stored."""

    email = models.EmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=150, blank=True)
    role = models.CharField(_("role"), max_length=20, choices=Role)
    partner_id = models.UUIDField(null=True, blank=True)
    digest = models.CharField(max_length=64, editable=False)
    invited_by = TenantForeignKey(Membership, models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    # Its letter: when it is to be sent, or tried again; when it was sent; and what the mail server said last.
    due_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["tenant", "due_at"],
                condition=models.Q(due_at__isnull=False),
                name="accounts_invitation_due",
            ),
        ]
        constraints = [
            *tenant_constraints("accounts_invitation", "invited_by"),
            PartnerIsolation(name="accounts_invitation_partner"),
            models.UniqueConstraint(fields=["tenant", "digest"], name="accounts_invitation_digest"),
            models.UniqueConstraint(
                "tenant",
                Lower("email"),
                condition=models.Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="accounts_invitation_open_once",
            ),
        ]

    def __str__(self) -> str:
        return self.email


class ApiKey(TenantModel):
    """A member's key for the API: `prefix` finds it, `digest` proves it. It may do what the member may."""

    membership = TenantForeignKey(Membership, models.CASCADE, related_name="api_keys")
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            *tenant_constraints("accounts_apikey", "membership"),
            models.UniqueConstraint(fields=["tenant", "prefix"], name="accounts_apikey_prefix"),
        ]

    def __str__(self) -> str:
        return self.name

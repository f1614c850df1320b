"""The tenant, and the base of every table that belongs to one."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager, get_scope
from uuid_utils.compat import uuid7

from portal.tenancy.constraints import PartnerReadable, TenantIsolation
from portal.tenancy.scope import current_tenant_id

RESERVED_SLUGS = frozenset(
    "accounts admin api assets docs health healthz help i18n login logout media operators platform static "
    "support switch www".split()
)


def validate_slug(value: str) -> None:
    if value in RESERVED_SLUGS:
        raise ValidationError(_("“%(value)s” is reserved for the portal itself."), params={"value": value})


def validate_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(
            _("“%(value)s” is not a time zone, such as Europe/Amsterdam."), params={"value": value}
        )


class Tenant(models.Model):
    """A vendor that runs a partner programme. Read to find the tenant, so it stands outside the walls."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.CharField(
        _("address"),
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(r"^[a-z][a-z0-9-]{1,39}\Z", _("Use lower-case letters, digits and hyphens.")),
            validate_slug,
        ],
    )
    name = models.CharField(_("name"), max_length=100)
    colour = models.CharField(
        _("accent colour"),
        max_length=7,
        default="#206bc4",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z", _("Use a colour such as #206bc4."))],
    )
    logo = models.FileField(_("logo"), upload_to="logos/", blank=True)
    sender_name = models.CharField(_("sender name"), max_length=100, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    language = models.CharField(_("language"), max_length=8, default="en")
    country = models.CharField(_("country"), max_length=2, blank=True)
    fiscal_year_start = models.PositiveSmallIntegerField(
        _("first month of the fiscal year"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
    )
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [PartnerReadable(name="tenancy_tenant_readable")]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class TenantModel(models.Model):
    """Base of every table inside the walls. Its manager raises when no tenant is in scope."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        Tenant,
        models.PROTECT,
        default=current_tenant_id,
        editable=False,
        related_name="+",
        db_index=False,
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = ScopedManager(tenant="tenant")

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        # A subclass adds no logic here; this only keeps an instance from crossing to another scope.
        if self.tenant_id != current_tenant_id():
            raise ValueError(f"{self!r} belongs to another tenant than the one in scope.")
        super().save(*args, **kwargs)


class Sequence(TenantModel):
    """The last number given out, for each prefix and year."""

    prefix = models.CharField(max_length=8)
    year = models.PositiveSmallIntegerField(default=0)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            TenantIsolation(name="tenancy_sequence_tenant"),
            PartnerReadable("SELECT, INSERT, UPDATE", name="tenancy_sequence_readable"),
            models.UniqueConstraint(fields=["tenant", "prefix", "year"], name="tenancy_sequence_once"),
        ]

    def __str__(self) -> str:
        return f"{self.prefix} {self.year or ''}".strip()


def current_tenant() -> Tenant:
    """The tenant in scope; without a query in a request, whose middleware has read it."""
    return get_scope().get("known") or Tenant.objects.get(pk=current_tenant_id())


def tenant_ids() -> list[UUID]:
    """Every tenant's id, for work that visits them all."""
    return list(Tenant.objects.order_by("id").values_list("id", flat=True))

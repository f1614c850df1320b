"""What the vendor gives its partners to sell with, who may have it, and who took it."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners.content.enums import STAMPABLE, AssetKind, AssetStatus, CopyState
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.tenancy.constraints import (
    PartnerIsolation,
    PartnerIsolationThrough,
    PartnerReadable,
    tenant_constraints,
)
from portal.tenancy.fields import TenantForeignKey
from portal.tenancy.models import TenantModel


def texts(length: int) -> ArrayField:
    return ArrayField(models.CharField(max_length=length), default=list, blank=True)


def percent(label: Any) -> models.DecimalField:
    return models.DecimalField(
        label,
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )


class AssetCategory(TenantModel):
    """A shelf of the library."""

    name = models.CharField(_("name"), max_length=80)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "asset categories"
        constraints = [
            *tenant_constraints("content_assetcategory"),
            PartnerReadable(name="content_assetcategory_readable"),
            models.UniqueConstraint(fields=["tenant", "name"], name="content_assetcategory_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Asset(TenantModel):
    """Something to sell with. Empty lists of types, tiers and regions mean all of them.

    `segments` are codes of `registry.partner_segments`. The box, in per cent of the page from its upper left corner, is
    where a partner's logo goes; without `box_width` the asset has none. `version` is the number of the current version.
    """

    title = models.CharField(_("title"), max_length=200)
    summary = models.TextField(_("what it is for"), max_length=2000, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=AssetKind, default=AssetKind.FILE)
    status = models.CharField(_("status"), max_length=10, choices=AssetStatus, default=AssetStatus.DRAFT)
    category = TenantForeignKey(
        AssetCategory,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assets",
        verbose_name=_("category"),
    )
    tags = texts(40)
    language = models.CharField(_("language"), max_length=8, blank=True)
    partner_types = texts(20)
    segments = texts(64)
    regions = texts(100)
    publish_on = models.DateField(_("from"), null=True, blank=True)
    expires_on = models.DateField(_("until"), null=True, blank=True)
    version = models.PositiveSmallIntegerField(_("version"), default=0, editable=False)
    box_page = models.PositiveSmallIntegerField(_("page"), default=1, validators=[MinValueValidator(1)])
    box_left = percent(_("from the left in %"))
    box_top = percent(_("from the top in %"))
    box_width = percent(_("width in %"))
    box_height = percent(_("height in %"))
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["title"]
        constraints = [
            *tenant_constraints("content_asset", "category"),
            PartnerIsolationThrough("content.AssetAudience", "asset_id", name="content_asset_partner"),
            models.UniqueConstraint(fields=["tenant", "title"], name="content_asset_title"),
            models.CheckConstraint(
                name="content_asset_dates",
                condition=models.Q(publish_on=None)
                | models.Q(expires_on=None)
                | models.Q(expires_on__gt=models.F("publish_on")),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "status", "title"], name="content_asset_status")]

    def __str__(self) -> str:
        return self.title

    def get_language_name(self) -> str:
        return str(dict(settings.LANGUAGES).get(self.language, self.language))

    @property
    def has_box(self) -> bool:
        return self.box_width is not None

    @property
    def is_out(self) -> bool:
        """Whether partners of its audience see it today."""
        today = timezone.localdate()
        return (
            self.status == AssetStatus.PUBLISHED
            and (self.publish_on is None or self.publish_on <= today)
            and (self.expires_on is None or today < self.expires_on)
        )


class AssetVersion(TenantModel):
    """The content of an asset at one time: a file on disk under `stored_as`, or a link. Never changed."""

    asset = TenantForeignKey(Asset, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    note = models.CharField(_("what is new"), max_length=500, blank=True)
    url = models.URLField(_("address"), max_length=500, blank=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    size = models.PositiveIntegerField(_("size"), default=0)
    content_type = models.CharField(_("type"), max_length=100, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    stored_as = models.CharField(max_length=64, blank=True)
    # A small PNG of its first page, where one could be made.
    preview_as = models.CharField(max_length=64, blank=True)
    # Of a PDF whose pages could be counted; a logo goes into no other.
    pages = models.PositiveSmallIntegerField(_("pages"), null=True, blank=True)
    added_by = TenantForeignKey(Membership, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-number"]
        constraints = [
            *tenant_constraints("content_assetversion", "asset", "added_by"),
            PartnerReadable(name="content_assetversion_readable"),
            models.UniqueConstraint(fields=["tenant", "asset", "number"], name="content_assetversion_once"),
        ]
        indexes = [models.Index(fields=["tenant", "stored_as"], name="content_assetversion_stored")]

    def __str__(self) -> str:
        return f"{self.name or self.url} ({self.number})"

    @property
    def stampable(self) -> str:
        """How a logo is put into it ("pdf", "png"); empty where none can be."""
        kind = STAMPABLE.get(self.content_type, "")
        return "" if kind == "pdf" and not self.pages else kind


class AssetAudience(TenantModel):
    """That a partner is among those an asset is for, from a day (inclusive) to a day (exclusive), if it has ended.

    Kept by the portal as partners, tiers and assets change: what a partner sees, and what it could have used.
    """

    asset = TenantForeignKey(Asset, models.CASCADE, related_name="audience")
    partner = TenantForeignKey(Partner, models.CASCADE, related_name="+")
    since = models.DateField()
    until = models.DateField(null=True)

    class Meta:
        constraints = [
            *tenant_constraints("content_assetaudience", "asset", "partner"),
            PartnerIsolation(privileges="SELECT", name="content_assetaudience_partner"),
            models.UniqueConstraint(
                fields=["tenant", "partner", "asset"],
                condition=models.Q(until__isnull=True),
                name="content_assetaudience_now",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "asset"], name="content_assetaudience_asset")]

    def __str__(self) -> str:
        return str(self.pk)


class AssetDownload(TenantModel):
    """That somebody took an asset. Without a partner it was one of the vendor's people."""

    asset = TenantForeignKey(Asset, models.CASCADE, related_name="downloads")
    version = TenantForeignKey(AssetVersion, models.CASCADE, related_name="downloads")
    partner = TenantForeignKey(Partner, models.CASCADE, null=True, related_name="+")
    member = TenantForeignKey(Membership, models.PROTECT, related_name="+")
    cobranded = models.BooleanField(_("with the partner's logo"), default=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            *tenant_constraints("content_assetdownload", "asset", "version", "partner", "member"),
            PartnerIsolation(privileges="SELECT, INSERT", name="content_assetdownload_partner"),
        ]
        indexes = [
            models.Index(fields=["tenant", "asset", "created_at"], name="content_download_asset"),
            models.Index(fields=["tenant", "partner", "created_at"], name="content_download_partner"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class BrandedCopy(TenantModel):
    """A version with a partner's logo in it. `digest` tells of which content, logo and box it was made."""

    version = TenantForeignKey(AssetVersion, models.CASCADE, related_name="+")
    partner = TenantForeignKey(Partner, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=CopyState, default=CopyState.WAITING)
    stored_as = models.CharField(max_length=64, blank=True)
    preview_as = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "branded copies"
        constraints = [
            *tenant_constraints("content_brandedcopy", "version", "partner"),
            PartnerIsolation(privileges="SELECT", name="content_brandedcopy_partner"),
            models.UniqueConstraint(
                fields=["tenant", "partner", "version", "digest"], name="content_brandedcopy_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

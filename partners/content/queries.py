"""Reads of the library, scoped to what the member may see."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from partners.content.enums import AssetStatus, CopyState
from partners.content.models import (
    Asset,
    AssetAudience,
    AssetCategory,
    AssetDownload,
    AssetVersion,
    BrandedCopy,
)
from partners.directory.models import Partner
from portal.accounts.enums import PARTNER_ROLES
from portal.accounts.models import Membership
from portal.tenancy.db import the_one


def out_today() -> Q:
    """Published, begun and not over."""
    today = timezone.localdate()
    return (
        Q(status=AssetStatus.PUBLISHED)
        & (Q(publish_on=None) | Q(publish_on__lte=today))
        & (Q(expires_on=None) | Q(expires_on__gt=today))
    )


def visible_assets(member: Membership) -> QuerySet[Asset]:
    """The vendor's people see everything; a partner's what is out and for the partner."""
    assets = Asset.objects.select_related("category")
    if member.is_vendor:
        return assets
    mine = AssetAudience.objects.filter(partner_id=member.partner_id, until=None)
    return assets.filter(out_today(), pk__in=mine.values("asset"))


def catalogue(member: Membership) -> QuerySet[Asset]:
    """For the list: with the date of the current version, and for the vendor's people how often it was taken."""
    current = AssetVersion.objects.filter(asset=OuterRef("pk"), number=OuterRef("version"))
    assets = visible_assets(member).annotate(renewed_at=Subquery(current.values("created_at")))
    if member.is_vendor:
        # Counted apart: joined, each version would repeat every download.
        taken = AssetDownload.objects.filter(asset=OuterRef("pk")).order_by().values("asset")
        count = Subquery(taken.annotate(count=Count("pk")).values("count"))
        assets = assets.annotate(download_count=Coalesce(count, 0))
    return assets.order_by("title", "pk")


def current_version(asset: Asset) -> AssetVersion | None:
    return the_one(AssetVersion.objects.filter(asset=asset, number=asset.version))


def versions_of(asset: Asset) -> QuerySet[AssetVersion]:
    return AssetVersion.objects.filter(asset=asset).select_related("added_by__user").order_by("-number")


def categories() -> QuerySet[AssetCategory]:
    return AssetCategory.objects.annotate(asset_count=Count("assets")).order_by("name")


def tags_in_use(member: Membership) -> list[str]:
    """The tags of what the member sees, by how often they are used."""
    seen: dict[str, int] = {}
    for tags in visible_assets(member).order_by().values_list("tags", flat=True)[:2000]:
        for tag in tags:
            seen[tag] = seen.get(tag, 0) + 1
    return sorted(seen, key=lambda tag: (-seen[tag], tag))


def downloads(member: Membership) -> QuerySet[AssetDownload]:
    """Who took what: the vendor's people see all, a partner's the own company's."""
    rows = AssetDownload.objects.select_related("asset", "version", "member__user", "partner")
    return rows if member.is_vendor else rows.filter(partner_id=member.partner_id)


def copy_of(version: AssetVersion, partner_id: UUID, digest: str) -> BrandedCopy | None:
    return the_one(BrandedCopy.objects.filter(version=version, partner_id=partner_id, digest=digest))


def use_by_asset() -> QuerySet[Asset]:
    """How often partners took each asset, how many of them, and when last."""
    by_partner = Q(downloads__partner__isnull=False)
    return Asset.objects.annotate(
        downloads_count=Count("downloads", filter=by_partner),
        partners_count=Count("downloads__partner", filter=by_partner, distinct=True),
        branded_count=Count("downloads", filter=by_partner & Q(downloads__cobranded=True)),
        last_at=Max("downloads__created_at", filter=by_partner),
    ).order_by("-downloads_count", "title")


def use_by_partner() -> QuerySet[Partner]:
    """How much each partner took, of those that took something."""
    taken = AssetDownload.objects.filter(partner=OuterRef("pk")).order_by().values("partner")

    def of_each(value: Any) -> Subquery:
        return Subquery(taken.annotate(found=value).values("found"))

    return (
        Partner.objects.annotate(
            downloads_count=of_each(Count("pk")),
            assets_count=of_each(Count("asset", distinct=True)),
            branded_count=of_each(Count("pk", filter=Q(cobranded=True))),
            last_at=of_each(Max("created_at")),
        )
        .filter(downloads_count__gt=0)
        .order_by("-downloads_count", "name")
    )


def who_has_an_older(asset_ids: Collection[UUID]) -> dict[UUID, dict[UUID, list[UUID]]]:
    """By asset and partner: the members who took an earlier version and still may see it. Two queries."""
    mine = AssetAudience.objects.filter(asset__in=asset_ids, until=None).order_by()
    able = set(mine.values_list("asset_id", "partner_id"))
    rows = (
        AssetDownload.objects.filter(asset__in=asset_ids, partner__isnull=False)
        .filter(member__is_active=True, member__role__in=sorted(PARTNER_ROLES))
        .order_by()
        .values_list("asset_id", "partner_id", "member_id")
        .distinct()
    )
    found: dict[UUID, dict[UUID, list[UUID]]] = {}
    for asset_id, partner_id, member_id in rows:
        if (asset_id, partner_id) in able:
            found.setdefault(asset_id, {}).setdefault(partner_id, []).append(member_id)
    return found


def known_content(names: Iterable[str]) -> set[str]:
    wanted = list(names)
    of_these = Q(stored_as__in=wanted) | Q(preview_as__in=wanted)
    versions = AssetVersion.objects.filter(of_these).order_by().values_list("stored_as", "preview_as")
    copies = BrandedCopy.objects.filter(of_these).order_by().values_list("stored_as", "preview_as")
    return {name for names in (*versions, *copies) for name in names if name}


def content_bytes() -> int:
    own = AssetVersion.objects.order_by().aggregate(total=Sum("size", default=0))["total"]
    copies = BrandedCopy.objects.filter(state=CopyState.READY).order_by()
    return own + copies.aggregate(total=Sum("size", default=0))["total"]

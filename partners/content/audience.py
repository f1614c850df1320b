"""Who each asset is for, kept as rows: what partners see, and what they could have used in a period."""

import datetime as dt
from collections.abc import Collection
from uuid import UUID

from django.utils import timezone

from partners.content.enums import AssetStatus
from partners.content.models import Asset, AssetAudience
from partners.directory.enums import PartnerStatus
from partners.directory.models import Partner
from portal.shell.registry import segment_codes
from portal.tenancy.db import lock
from portal.tenancy.scope import current_tenant_id

# Those that see the library; who has left sees nothing.
SERVED = (
    PartnerStatus.APPROVED,
    PartnerStatus.ONBOARDING,
    PartnerStatus.ACTIVE,
    PartnerStatus.SUSPENDED,
)
Pair = tuple[UUID, UUID]


def is_for(asset: Asset, partner: Partner, segment: str) -> bool:
    return (
        asset.status == AssetStatus.PUBLISHED
        and partner.status in SERVED
        and (not asset.partner_types or partner.type in asset.partner_types)
        and (not asset.regions or partner.region in asset.regions)
        and (not asset.segments or segment in asset.segments)
    )


def refresh(*, assets: Collection[UUID] | None = None, partners: Collection[UUID] | None = None) -> int:
    """Open and close the rows of these assets and partners (None: of all), on the vendor's side; how many changed.

    Running it again changes nothing. The number of queries does not depend on how many there are.
    """
    lock("content.audience", current_tenant_id())
    today = timezone.localdate()
    of_assets = Asset.objects.all() if assets is None else Asset.objects.filter(pk__in=list(assets))
    of_partners = Partner.objects.all() if partners is None else Partner.objects.filter(pk__in=list(partners))
    found = list(of_partners.only("type", "region", "status"))
    offered = list(of_assets)
    codes = (
        segment_codes((partner.pk, today) for partner in found) if any(a.segments for a in offered) else {}
    )
    wanted: set[Pair] = {
        (asset.pk, partner.pk)
        for partner in found
        for asset in offered
        if is_for(asset, partner, codes.get((partner.pk, today), ""))
    }
    rows = AssetAudience.objects.filter(
        asset__in=[asset.pk for asset in offered], partner__in=[partner.pk for partner in found]
    )
    begun = rows.filter(until=None).values_list("pk", "asset_id", "partner_id")
    open_now = {(asset, partner): pk for pk, asset, partner in begun}
    over = [pk for pair, pk in open_now.items() if pair not in wanted]
    AssetAudience.objects.filter(pk__in=over).update(until=today)
    changed = len(over) + _begin(wanted - open_now.keys(), today)
    # What began and ended on one day was never so.
    AssetAudience.objects.filter(pk__in=over, since=today).delete()
    return changed


def _begin(pairs: set[Pair], today: dt.date) -> int:
    AssetAudience.objects.bulk_create(
        [AssetAudience(asset_id=asset, partner_id=partner, since=today) for asset, partner in sorted(pairs)],
        batch_size=1000,
        ignore_conflicts=True,
    )
    return len(pairs)

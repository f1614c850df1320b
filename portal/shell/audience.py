"""Who people are told about things as: the members of partners, the vendor's people."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES
from portal.accounts.models import Membership
from portal.tenancy.scope import current_tenant_id


def people_of(partner_ids: Iterable[UUID], roles: Collection[str] = PARTNER_ROLES) -> dict[UUID, list[UUID]]:
    """The active members of each partner, in one query."""
    members = Membership.objects.filter(
        tenant_id=current_tenant_id(), partner_id__in=set(partner_ids), role__in=roles, is_active=True
    )
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for partner_id, pk in members.values_list("partner_id", "pk"):
        if partner_id is not None:
            found[partner_id].append(pk)
    return found


def vendor_people(roles: Collection[str] = VENDOR_ROLES) -> list[UUID]:
    """The vendor's active members in these roles, in one query."""
    members = Membership.objects.filter(
        tenant_id=current_tenant_id(), partner_id=None, role__in=roles, is_active=True
    )
    return list(members.values_list("pk", flat=True))

"""Who someone is. Rooms combine these predicates into permissions.

A predicate takes the membership and, where a permission is asked for an object, that object.
"""

from typing import Any

import rules

from portal.accounts.enums import Role
from portal.accounts.models import Membership


@rules.predicate
def is_admin(membership: Membership) -> bool:
    return membership.role == Role.ADMIN


@rules.predicate
def is_manager(membership: Membership) -> bool:
    return membership.role == Role.CHANNEL_MANAGER


@rules.predicate
def is_partner_owner(membership: Membership) -> bool:
    return membership.role == Role.PARTNER_OWNER


@rules.predicate
def is_partner(membership: Membership) -> bool:
    return membership.is_partner


is_vendor = is_admin | is_manager


@rules.predicate
def own_partner(membership: Membership, obj: Any = None) -> bool:
    """The object is of the member's partner. Without an object it asks whether there may be any."""
    if not membership.is_partner:
        return False
    return obj is None or obj.partner_id == membership.partner_id


rules.add_perm("accounts.manage_members", is_admin)
rules.add_perm("accounts.manage_colleagues", is_admin | is_partner_owner)
rules.add_perm("accounts.manage_settings", is_admin)
rules.add_perm("accounts.manage_api_keys", is_admin)
rules.add_perm("accounts.view_audit", is_admin)

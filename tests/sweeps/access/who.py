"""Circles of people that addresses are open to."""

from portal.accounts.enums import PARTNER_ROLES, VENDOR_ROLES, Role

EVERYONE = frozenset(Role)
PARTNER = PARTNER_ROLES
VENDOR = VENDOR_ROLES
OWNERS = frozenset({Role.PARTNER_OWNER, Role.ADMIN})
ADMIN = frozenset({Role.ADMIN})
PUBLIC = frozenset({"public"})
# Who keeps a partner's profile: its owner, and the vendor's people who look after it.
PROFILERS = VENDOR | {Role.PARTNER_OWNER}

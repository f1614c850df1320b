"""Who may do what with orders."""

from typing import Any

import rules

from portal.accounts.models import Membership
from portal.accounts.rules import is_admin, is_manager, is_partner, is_vendor, own_partner


@rules.predicate
def in_portfolio(membership: Membership, order: Any = None) -> bool:
    return order is None or order.partner.manager_id == membership.pk


@rules.predicate
def is_imported(membership: Membership, order: Any = None) -> bool:
    """Another system of the vendor's reported it, and goes on to say what becomes of it."""
    return order is not None and bool(order.external_id)


acts_for_partner = (is_partner & own_partner & ~is_imported) | is_admin | (is_manager & in_portfolio)

rules.add_perm("orders.view_order", is_vendor | (is_partner & own_partner))
for verb in ("add", "change", "ship", "deliver", "cancel", "return"):
    rules.add_perm(f"orders.{verb}_order", acts_for_partner)

"""Who may do what with partners, customers and products."""

import rules

from partners.directory.models import Customer, Partner
from portal.accounts.models import Membership
from portal.accounts.rules import is_admin, is_manager, is_partner, is_partner_owner, is_vendor, own_partner


@rules.predicate
def in_portfolio(membership: Membership, partner: Partner | None = None) -> bool:
    return partner is None or partner.manager_id == membership.pk


@rules.predicate
def has_no_manager(membership: Membership, partner: Partner | None = None) -> bool:
    return partner is None or partner.manager_id is None


@rules.predicate
def serves(membership: Membership, customer: Customer | None = None) -> bool:
    """Partner sessions reach only customers that their partner serves; the row's presence is the answer."""
    return membership.is_partner


looks_after = is_admin | (is_manager & in_portfolio)

rules.add_perm("directory.view_partner", is_vendor | (is_partner & own_partner))
rules.add_perm("directory.view_own_company", is_partner)
rules.add_perm("directory.list_partners", is_vendor)
rules.add_perm("directory.add_partner", is_admin)
rules.add_perm("directory.change_partner", looks_after)
rules.add_perm("directory.assign_partner", is_admin)
rules.add_perm("directory.change_status_partner", is_admin | (is_manager & (in_portfolio | has_no_manager)))
rules.add_perm("directory.merge_partners", is_admin)
rules.add_perm("directory.change_profile", (is_partner_owner & own_partner) | looks_after)
# Only the company itself can agree to be found by everybody.
rules.add_perm("directory.agree_to_listing", is_partner_owner & own_partner)
rules.add_perm("directory.change_competences", is_admin)
rules.add_perm("directory.change_locator", is_admin)

rules.add_perm("directory.view_customer", is_vendor | serves)
rules.add_perm("directory.add_customer", is_vendor | is_partner)
rules.add_perm("directory.change_customer", is_vendor)

rules.add_perm("directory.view_product", is_vendor | is_partner)
rules.add_perm("directory.change_product", is_admin)

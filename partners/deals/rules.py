"""Who may do what with a deal (the table of roles and the table of verbs)."""

import rules

from partners.deals.models import Deal
from portal.accounts.models import Membership
from portal.accounts.rules import is_admin, is_manager, is_partner, is_vendor, own_partner


@rules.predicate
def own_portfolio(membership: Membership, deal: Deal | None = None) -> bool:
    """The deal's partner is in the manager's portfolio."""
    return deal is None or deal.partner.manager_id == membership.pk


@rules.predicate
def without_manager(membership: Membership, deal: Deal | None = None) -> bool:
    return deal is None or deal.partner.manager_id is None


decides = is_admin | (is_manager & (own_portfolio | without_manager))
acts_for_partner = (is_partner & own_partner) | is_admin | (is_manager & own_portfolio)

rules.add_perm("deals.view_deal", is_vendor | (is_partner & own_partner))

for verb in ("add", "change", "submit", "withdraw", "win", "lose", "move"):
    rules.add_perm(f"deals.{verb}_deal", acts_for_partner)
for verb in ("review", "approve", "return", "reject", "cancel"):
    rules.add_perm(f"deals.{verb}_deal", decides)
rules.add_perm("deals.reverse_deal", is_admin)
rules.add_perm("deals.view_inbox", is_vendor)
rules.add_perm("deals.change_policy", is_admin)

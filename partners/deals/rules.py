"""Who may do what with a deal (the table of roles and the table of verbs)."""

import rules

from partners.deals.enums import Deciders
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


@rules.predicate
def left_to_managers(membership: Membership, deal: Deal | None = None) -> bool:
    """The rule that applies to the registration does not keep it for administrators."""
    return deal is None or deal.deciders != Deciders.ADMIN


decides = is_admin | (is_manager & (own_portfolio | without_manager))
acts_for_partner = (is_partner & own_partner) | is_admin | (is_manager & own_portfolio)

rules.add_perm("deals.view_deal", is_vendor | (is_partner & own_partner))

for verb in ("add", "change", "submit", "withdraw", "win", "lose", "move"):
    rules.add_perm(f"deals.{verb}_deal", acts_for_partner)
for verb in ("review", "approve", "return", "reject"):
    rules.add_perm(f"deals.{verb}_deal", is_admin | (decides & left_to_managers))
for verb in ("cancel", "confirm_win", "extend", "decline_extension"):
    rules.add_perm(f"deals.{verb}_deal", decides)
for verb in ("appeal", "ask_extension"):
    rules.add_perm(f"deals.{verb}_deal", is_partner & own_partner)
for verb in ("grant_appeal", "uphold"):
    rules.add_perm(f"deals.{verb}_deal", is_admin)
rules.add_perm("deals.reverse_deal", is_admin)
rules.add_perm("deals.view_inbox", is_vendor)
rules.add_perm("deals.change_policy", is_admin)

"""Who may do what with leads."""

import rules

from partners.leads.models import Lead
from portal.accounts.models import Membership
from portal.accounts.rules import is_admin, is_manager, is_partner, is_vendor, own_partner


@rules.predicate
def looks_after_partner(membership: Membership, lead: Lead | None = None) -> bool:
    """The lead's partner is in the manager's portfolio, or has no manager, or there is no partner yet."""
    if lead is None or lead.partner is None:
        return True
    return lead.partner.manager_id in (None, membership.pk)


@rules.predicate
def in_portfolio(membership: Membership, lead: Lead | None = None) -> bool:
    return lead is None or (lead.partner is not None and lead.partner.manager_id == membership.pk)


@rules.predicate
def without_partner(membership: Membership, lead: Lead | None = None) -> bool:
    return lead is None or lead.partner is None


acts_for_partner = (is_partner & own_partner) | is_admin | (is_manager & in_portfolio)
distributes = is_admin | (is_manager & looks_after_partner)

rules.add_perm("leads.view_lead", is_vendor | (is_partner & own_partner))
for verb in ("add", "accept", "decline", "convert"):
    rules.add_perm(f"leads.{verb}_lead", acts_for_partner)
for verb in ("change", "disqualify", "reopen"):
    rules.add_perm(f"leads.{verb}_lead", acts_for_partner | (is_manager & without_partner))
for verb in ("offer", "put_in_pool", "take_back", "distribute"):
    rules.add_perm(f"leads.{verb}_lead", distributes)
rules.add_perm("leads.pick_lead", is_partner)
rules.add_perm("leads.enter_lead", is_vendor)
rules.add_perm("leads.view_to_distribute", is_vendor)
rules.add_perm("leads.change_rules", is_admin)

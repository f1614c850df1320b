"""Who may do what with tiers, plans and the ledger."""

import rules

from portal.accounts.rules import is_admin, is_partner, is_vendor, own_partner

rules.add_perm("incentives.view_tiers", is_vendor | is_partner)
rules.add_perm("incentives.view_standing", is_vendor | (is_partner & own_partner))
rules.add_perm("incentives.view_standings", is_vendor)
rules.add_perm("incentives.view_ledger", is_vendor | (is_partner & own_partner))
rules.add_perm("incentives.view_plans", is_vendor)
rules.add_perm("incentives.view_own_plans", is_partner)
rules.add_perm("incentives.view_ranking", is_vendor | is_partner)
rules.add_perm("incentives.propose_adjustment", is_vendor)
rules.add_perm("incentives.approve_adjustment", is_admin)
rules.add_perm("incentives.raise_dispute", is_partner & own_partner)
rules.add_perm("incentives.answer_dispute", is_vendor)
rules.add_perm("incentives.view_proposals", is_vendor)
rules.add_perm("incentives.decide_proposal", is_admin)
rules.add_perm("incentives.assign_tier", is_admin)
rules.add_perm("incentives.confirm_check", is_vendor)
rules.add_perm("incentives.propose_override", is_vendor)
rules.add_perm("incentives.deliver_benefit", is_vendor)
rules.add_perm("incentives.change_programme", is_admin)

"""Who may do what with training."""

import rules

from portal.accounts.rules import is_admin, is_partner, is_partner_owner, is_vendor, own_partner

rules.add_perm("training.view_course", is_vendor | is_partner)
rules.add_perm("training.change_course", is_admin)
rules.add_perm("training.take_course", is_partner)
rules.add_perm("training.enrol_others", is_vendor | (is_partner_owner & own_partner))
rules.add_perm("training.view_team", is_vendor | (is_partner & own_partner))
rules.add_perm("training.record_completion", is_vendor)
rules.add_perm("training.revoke_completion", is_admin)
rules.add_perm("training.run_session", is_vendor)
rules.add_perm("training.view_statements", is_admin)

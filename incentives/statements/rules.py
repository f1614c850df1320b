"""Who may do what with statements and payments. Nobody approves what they proposed: the actions see to that."""

import rules

from portal.accounts.rules import is_admin, is_partner, is_partner_owner, is_vendor, own_partner

rules.add_perm("statements.view_statement", is_vendor | (is_partner & own_partner))
rules.add_perm("statements.view_closings", is_vendor)
rules.add_perm("statements.propose", is_vendor)
rules.add_perm("statements.approve", is_admin)
# The file holds whole account numbers, which only those who verify them see.
rules.add_perm("statements.take_file", is_admin)
rules.add_perm("statements.change_terms", is_admin)
rules.add_perm("statements.verify_payee", is_admin)
rules.add_perm("statements.change_details", is_partner_owner & own_partner)

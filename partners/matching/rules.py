"""Who may look after matching: direct accounts are the admin's to keep, duplicates anybody's of the vendor."""

import rules

from portal.accounts.rules import is_admin, is_vendor

rules.add_perm("matching.view_accounts", is_vendor)
rules.add_perm("matching.change_account", is_admin)
rules.add_perm("matching.merge_customers", is_vendor)

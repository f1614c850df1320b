"""Who may do what with the library."""

import rules

from portal.accounts.rules import is_admin, is_partner, is_vendor

rules.add_perm("content.view_asset", is_vendor | is_partner)
rules.add_perm("content.change_asset", is_admin)
rules.add_perm("content.view_use", is_vendor)
rules.add_perm("content.brand_asset", is_partner)

import rules

from portal.accounts.rules import is_partner, is_vendor

rules.add_perm("search.search", is_vendor | is_partner)

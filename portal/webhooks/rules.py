import rules

from portal.accounts.rules import is_admin

rules.add_perm("webhooks.view_endpoint", is_admin)
rules.add_perm("webhooks.change_endpoint", is_admin)

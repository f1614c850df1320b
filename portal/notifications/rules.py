import rules

from portal.accounts.rules import is_admin

rules.add_perm("notifications.change_defaults", is_admin)
rules.add_perm("notifications.view_letters", is_admin)

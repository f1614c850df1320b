"""Who may import: admins. A channel manager looks after a portfolio, and a file may hold any partner."""

import rules

from portal.accounts.rules import is_admin

rules.add_perm("imports.run_import", is_admin)

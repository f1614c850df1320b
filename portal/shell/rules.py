"""Who may watch and stop long work."""

import rules

from portal.accounts.rules import is_admin, is_vendor

rules.add_perm("jobs.view_job", is_vendor)
rules.add_perm("jobs.cancel_job", is_admin)

"""Who may see and change what."""

import rules

from portal.accounts.rules import is_admin, is_vendor, own_partner

rules.add_perm("metrics.view_scorecard", is_vendor | own_partner)
rules.add_perm("metrics.view_scorecards", is_vendor)
rules.add_perm("metrics.view_catalogue", rules.always_allow)
rules.add_perm("metrics.change_template", is_admin)
rules.add_perm("metrics.recompute_scorecards", is_admin)
rules.add_perm("metrics.define_kpis", is_admin)
rules.add_perm("metrics.view_periods", is_vendor)
rules.add_perm("metrics.lock_periods", is_admin)
rules.add_perm("metrics.restate_periods", is_admin)

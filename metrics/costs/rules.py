import rules

from portal.accounts.rules import is_admin, is_vendor

rules.add_perm("metrics_costs.view_cost", is_vendor)
rules.add_perm("metrics_costs.change_cost", is_admin)

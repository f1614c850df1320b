import rules

from portal.accounts.rules import is_admin, is_vendor

rules.add_perm("metrics_benchmarks.view_benchmark", is_vendor)
rules.add_perm("metrics_benchmarks.change_benchmark", is_admin)

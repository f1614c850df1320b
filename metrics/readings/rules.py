import rules

from portal.accounts.rules import is_admin, is_vendor

rules.add_perm("metrics_readings.view_reading", is_vendor)
rules.add_perm("metrics_readings.report_reading", is_vendor)
rules.add_perm("metrics_readings.change_definition", is_admin)

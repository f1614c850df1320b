import rules

from portal.accounts.rules import is_admin, is_vendor, own_partner

rules.add_perm("metrics_reviews.view_goal", is_vendor | own_partner)
rules.add_perm("metrics_reviews.set_goal", is_vendor)
rules.add_perm("metrics_reviews.view_alert", is_vendor)
rules.add_perm("metrics_reviews.handle_alert", is_vendor)
rules.add_perm("metrics_reviews.change_rule", is_admin)
rules.add_perm("metrics_reviews.view_review", is_vendor)
rules.add_perm("metrics_reviews.hold_review", is_vendor)

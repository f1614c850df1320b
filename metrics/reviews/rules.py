import rules

from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.accounts.rules import is_admin, is_manager, is_vendor, own_partner


@rules.predicate
def own_portfolio(membership: Membership, partner: Partner | None = None) -> bool:
    """The manager's own partner, or nobody's. Without a partner it asks whether there may be any."""
    return partner is None or partner.manager_id in (None, membership.pk)


rules.add_perm("metrics_reviews.view_goal", is_vendor | own_partner)
rules.add_perm("metrics_reviews.set_goal", is_vendor)
rules.add_perm("metrics_reviews.view_alert", is_vendor)
rules.add_perm("metrics_reviews.handle_alert", is_vendor)
rules.add_perm("metrics_reviews.change_rule", is_admin)
rules.add_perm("metrics_reviews.view_review", is_vendor)
rules.add_perm("metrics_reviews.hold_review", is_admin | (is_manager & own_portfolio))

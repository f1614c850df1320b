import rules

from metrics.models import SubjectKind
from metrics.reviews.models import Goal, ReviewAction
from partners.directory.models import Partner
from portal.accounts.models import Membership
from portal.accounts.rules import is_admin, is_manager, is_vendor, own_partner


@rules.predicate
def own_portfolio(membership: Membership, partner: Partner | None = None) -> bool:
    """The manager's own partner, or nobody's. Without a partner it asks whether there may be any."""
    return partner is None or partner.manager_id in (None, membership.pk)


@rules.predicate
def has_set(membership: Membership, goal: Goal | None = None) -> bool:
    """The member has set the goal. Without one it asks whether there may be any."""
    return goal is None or goal.set_by_id == membership.pk


@rules.predicate
def of_portfolio(membership: Membership, goal: Goal | None = None) -> bool:
    """The goal of a partner that the member looks after."""
    return goal is None or (goal.partner is not None and goal.partner.manager_id == membership.pk)


@rules.predicate
def own_portfolios(membership: Membership, goal: Goal | None = None) -> bool:
    """The goal of the member's whole portfolio."""
    return goal is None or (goal.subject_kind, goal.subject_key) == (
        SubjectKind.PORTFOLIO,
        str(membership.pk),
    )


@rules.predicate
def own_action(membership: Membership, action: ReviewAction | None = None) -> bool:
    """The action is the member's to do. Without one it asks whether there may be any."""
    return action is None or action.owner_id == membership.pk


@rules.predicate
def of_own_review(membership: Membership, action: ReviewAction | None = None) -> bool:
    return action is None or own_portfolio(membership, action.review.partner)


rules.add_perm("metrics_reviews.view_goal", is_vendor | own_partner)
rules.add_perm("metrics_reviews.set_goal", is_vendor)
rules.add_perm("metrics_reviews.drop_goal", is_admin | (is_manager & (has_set | of_portfolio)))
rules.add_perm("metrics_reviews.share_goal", is_admin | (is_manager & (has_set | own_portfolios)))
rules.add_perm("metrics_reviews.view_alert", is_vendor)
rules.add_perm("metrics_reviews.handle_alert", is_vendor)
rules.add_perm("metrics_reviews.change_rule", is_admin)
rules.add_perm("metrics_reviews.view_review", is_vendor)
rules.add_perm("metrics_reviews.hold_review", is_admin | (is_manager & own_portfolio))
rules.add_perm("metrics_reviews.view_action", is_vendor | own_action)
rules.add_perm("metrics_reviews.finish_action", own_action | is_admin | (is_manager & of_own_review))

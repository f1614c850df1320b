"""Who may do what with market development funds. A claim is settled by an admin who did not approve its request."""

import rules

from incentives.funds.models import Claim, FundRequest
from portal.accounts.models import Membership
from portal.accounts.rules import is_admin, is_manager, is_partner, is_vendor, own_partner


@rules.predicate
def own_portfolio(membership: Membership, row: FundRequest | Claim | None = None) -> bool:
    """The partner is in the manager's portfolio, or in nobody's."""
    return row is None or row.partner.manager_id in (None, membership.pk)


rules.add_perm("funds.view_funds", is_vendor | (is_partner & own_partner))
rules.add_perm("funds.change_request", is_partner & own_partner)
rules.add_perm("funds.decide_request", is_admin | (is_manager & own_portfolio))
rules.add_perm("funds.settle_claim", is_admin)
rules.add_perm("funds.change_fund", is_admin)

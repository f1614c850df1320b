"""Who may do what with campaigns."""

from typing import Any

import rules

from portal.accounts.models import Membership
from portal.accounts.rules import is_admin, is_manager, is_partner, is_vendor, own_partner


@rules.predicate
def in_portfolio(membership: Membership, campaign: Any = None) -> bool:
    return campaign is None or campaign.partner.manager_id == membership.pk


acts_for_partner = (is_partner & own_partner) | is_admin | (is_manager & in_portfolio)

rules.add_perm("marketing.view_campaign", is_vendor | (is_partner & own_partner))
for verb in ("add", "change", "report"):
    rules.add_perm(f"marketing.{verb}_campaign", acts_for_partner)

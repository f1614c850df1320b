"""Who may do what with surveys."""

from typing import Any

import rules

from portal.accounts.models import Membership
from portal.accounts.rules import is_admin, is_partner, is_vendor


@rules.predicate
def owns(membership: Membership, follow_up: Any = None) -> bool:
    return follow_up is None or follow_up.owner_id == membership.pk


rules.add_perm("surveys.view_survey", is_vendor)
rules.add_perm("surveys.list_surveys", is_vendor | is_partner)
rules.add_perm("surveys.change_survey", is_admin)
rules.add_perm("surveys.send_survey", is_admin)
rules.add_perm("surveys.view_results", is_vendor)
rules.add_perm("surveys.view_follow_ups", is_vendor)
rules.add_perm("surveys.add_follow_up", is_vendor)
rules.add_perm("surveys.change_follow_up", is_admin | (is_vendor & owns))
rules.add_perm("surveys.report_event", is_admin)
rules.add_perm("surveys.change_policy", is_admin)
rules.add_perm("surveys.name_contact", is_vendor | is_partner)

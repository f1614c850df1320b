"""Who may do what with applications and onboarding."""

from typing import Any

import rules

from portal.accounts.models import Membership
from portal.accounts.rules import is_admin, is_manager, is_partner, is_vendor


@rules.predicate
def looks_after(membership: Membership, thing: Any = None) -> bool:
    """The manager's own, or nobody's. Without a thing it asks whether there may be any."""
    return thing is None or thing.manager_id in (None, membership.pk)


decides = is_admin | (is_manager & looks_after)

rules.add_perm("onboarding.view_application", is_vendor)
rules.add_perm("onboarding.decide_application", decides)
rules.add_perm("onboarding.assign_application", decides)
rules.add_perm("onboarding.change_form", is_admin)
rules.add_perm("onboarding.refer_company", is_partner)

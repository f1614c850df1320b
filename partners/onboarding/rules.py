"""Who may do what with applications and onboarding."""

from typing import Any

import rules

from portal.accounts.models import Membership
from portal.accounts.rules import (
    is_admin,
    is_manager,
    is_partner,
    is_partner_owner,
    is_vendor,
    own_partner,
)


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

rules.add_perm("onboarding.change_plans", is_admin)
rules.add_perm("onboarding.view_own", is_partner)
rules.add_perm("onboarding.view_onboarding", is_vendor)
rules.add_perm("onboarding.run_onboarding", decides)
rules.add_perm("onboarding.view_step", is_vendor | is_partner)
rules.add_perm("onboarding.tick_step", is_partner & own_partner)
rules.add_perm("onboarding.view_agreements", is_vendor | is_partner)
rules.add_perm("onboarding.accept_agreement", is_partner_owner & own_partner)
rules.add_perm("onboarding.view_documents", is_vendor | is_partner)
rules.add_perm("onboarding.send_document", is_partner & own_partner)
rules.add_perm("onboarding.check_document", decides)

"""Who may do what with interactions and events of the programme."""

from typing import Any

import rules

from partners.engagement.models import Interaction
from portal.accounts.models import Membership
from portal.accounts.rules import is_admin, is_partner, is_vendor


@rules.predicate
def logged(membership: Membership, interaction: Interaction | None = None) -> bool:
    return interaction is None or interaction.logged_by_id == membership.pk


@rules.predicate
def owns_follow_up(membership: Membership, interaction: Interaction | None = None) -> bool:
    return interaction is None or interaction.follow_up_owner_id == membership.pk


@rules.predicate
def of_partner(membership: Membership, thing: Any = None) -> bool:
    """The partner itself, or something that is shared with it."""
    if not membership.is_partner:
        return False
    return thing is None or getattr(thing, "partner_id", thing.pk) == membership.partner_id


rules.add_perm("engagement.view_interaction", is_vendor | of_partner)
rules.add_perm("engagement.log_interaction", is_vendor | of_partner)
rules.add_perm("engagement.change_interaction", is_admin | logged)
rules.add_perm("engagement.finish_follow_up", is_vendor | logged | owns_follow_up)
rules.add_perm("engagement.view_gathering", is_vendor | is_partner)
rules.add_perm("engagement.run_gathering", is_vendor)
rules.add_perm("engagement.answer_invitation", is_partner)

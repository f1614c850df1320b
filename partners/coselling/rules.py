"""Who may share a deal, and who may answer."""

import rules

from partners.coselling.models import Seat, Share
from partners.deals.rules import acts_for_partner
from portal.accounts.models import Membership
from portal.accounts.rules import is_partner, is_vendor, own_partner


@rules.predicate
def is_invited_colleague(membership: Membership, share: Share | None = None) -> bool:
    return share is None or share.member_id == membership.pk


@rules.predicate
def seated(membership: Membership, seat: Seat | None = None) -> bool:
    return seat is None or seat.partner_id == membership.partner_id


rules.add_perm("coselling.share_deal", acts_for_partner)
rules.add_perm("coselling.view_shared", is_vendor | is_partner)
rules.add_perm("coselling.view_seat", is_vendor | (is_partner & own_partner))
rules.add_perm("coselling.answer_seat", is_partner & seated)
rules.add_perm("coselling.answer_share", is_vendor & is_invited_colleague)

from typing import Any

import rules

from portal.accounts.models import Membership
from portal.accounts.rules import is_vendor


@rules.predicate
def keeps(member: Membership, view: Any = None) -> bool:
    """The view is the member's own."""
    return view is None or view.owner_id == member.pk


@rules.predicate
def may_open(member: Membership, view: Any = None) -> bool:
    return view is None or view.shared or view.owner_id == member.pk


rules.add_perm("reports.view_view", is_vendor & may_open)
rules.add_perm("reports.change_view", is_vendor & keeps)

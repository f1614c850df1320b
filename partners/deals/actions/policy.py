"""The programme's rules for registrations."""

from typing import Any

from partners.deals.models import DealPolicy
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.events.record import record


def change_policy(*, by: Membership, **fields: Any) -> DealPolicy:
    """Set the programme's rules for registrations."""
    check(by, "deals.change_policy")
    DealPolicy.objects.get_or_create()
    rules = DealPolicy.objects.select_for_update(of=("self",)).get()
    old = {name: getattr(rules, name) for name in fields}
    for name, value in fields.items():
        setattr(rules, name, value)
    rules.save(update_fields=list(fields))
    record("deals.policy_changed", subject=rules, by=by, data={"old": old, "new": fields})
    return rules

"""The last day of the demo's history: rules that decide, and one of everything that waits for an answer."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from partners.deals import actions as deals
from partners.deals.approvals.models import ApprovalRule, RejectionReason
from partners.deals.enums import ConflictCondition, Decision
from partners.deals.enums import RegistrationStatus as Status
from partners.deals.models import Deal
from partners.directory.enums import TRADING_STATUSES
from partners.directory.models import Customer, Product
from portal.accounts.models import Membership
from portal.errors import ActionRefused

REASONS = (
    "A direct account of ours",
    "No sign of the customer’s interest",
    "Already in a tender that we run",
    "Too little is known about the project",
)
RULES: tuple[dict[str, Any], ...] = (
    {"name": "Conflicts", "conflict": ConflictCondition.SOME, "decision": Decision.TWO},
    {"name": "Large deals", "min_amount": 75_000_00, "decision": Decision.TWO, "decision_days": 3},
    {"name": "Small deals", "max_amount": 8_000_00, "decision": Decision.AUTO},
)
HOLIDAYS = (((1, 1), "New Year’s Day"), ((12, 25), "Christmas Day"), ((12, 26), "Boxing Day"))


def set_rules(admin: Membership, today: dt.date) -> None:
    """Approval rules, reasons for rejecting and the next holidays."""
    for fields in RULES:
        deals.save_rule(ApprovalRule(**fields), by=admin)
    for name in REASONS:
        deals.save_reason(RejectionReason(name=name), by=admin)
    for (month, day), name in HOLIDAYS:
        year = today.year if (month, day) >= (today.month, today.day) else today.year + 1
        deals.add_holiday(dt.date(year, month, day), name, by=admin)


def let_wait(seller: Membership, customers: Iterable[Customer], product: Product, today: dt.date) -> None:
    """One registration that a rule approves, one with the first of two approvals, an appeal, a request for time."""
    partner = Deal.objects.filter(partner_id=seller.partner_id).select_related("partner").first()
    if partner is None:
        return
    free = iter(customers)
    fields: dict[str, Any] = {"product": product, "expected_close": today + dt.timedelta(days=45)}
    for customer in free:
        small = deals.register(partner.partner, by=seller, customer=customer, amount=4_900_00, **fields)
        if small.status == Status.APPROVED:
            break
        deals.withdraw(small, by=seller, reason="Registered twice by mistake.")
    for customer in free:
        large = deals.register(partner.partner, by=seller, customer=customer, amount=96_000_00, **fields)
        if not large.needs_two or not large.partner.manager:
            break
        try:
            deals.approve(large, by=large.partner.manager, note="We know the project.")
        except ActionRefused:  # somebody else holds this customer
            deals.withdraw(large, by=seller, reason="The customer works with somebody else.")
        else:
            break
    _appeal()
    _ask_for_time(seller)


def _appeal() -> None:
    """The newest rejection by somebody whose partner may still trade."""
    rejected = (
        Deal.objects.filter(status=Status.REJECTED, partner__status__in=TRADING_STATUSES, owner__isnull=False)
        .select_related("owner")
        .order_by("-decided_at", "pk")
        .first()
    )
    if rejected and rejected.owner:
        grounds = "We have worked on this with the customer since spring; the signed offer is in our notes."
        deals.appeal(rejected, by=rejected.owner, grounds=grounds)


def _ask_for_time(seller: Membership) -> None:
    """Of the demo's own partner, what ends first."""
    ending = (
        Deal.objects.filter(status=Status.APPROVED, partner_id=seller.partner_id)
        .order_by("protection__endswith", "pk")
        .first()
    )
    if ending:
        reason = "The customer’s board decides next month; the order is ready to be signed."
        deals.ask_extension(ending, by=seller, reason=reason)

"""Which approval rule a registration meets. Pure: from values to the first rule that fits."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from partners.deals.approvals.models import ApprovalRule
from partners.deals.enums import ConflictCondition


@dataclass(frozen=True)
class Case:
    """What the rules look at. `amount` is in minor units of the tenant's currency."""

    amount: int
    partner_type: str
    region: str
    segment: str
    family_id: UUID | None
    product_id: UUID | None
    conflict: bool


def fits(rule: ApprovalRule, case: Case) -> bool:
    """Whether the case meets every condition that the rule has."""
    return (
        (rule.min_amount is None or case.amount >= rule.min_amount)
        and (rule.max_amount is None or case.amount < rule.max_amount)
        and (not rule.segments or case.segment in rule.segments)
        and (not rule.partner_types or case.partner_type in rule.partner_types)
        and (not rule.regions or case.region in rule.regions)
        and _fits_product(rule, case)
        and rule.conflict in (ConflictCondition.ANY, "yes" if case.conflict else "no")
    )


def first_fitting(rules: Iterable[ApprovalRule], case: Case) -> ApprovalRule | None:
    """The rule that applies: the first in use, in order, that fits."""
    return next((rule for rule in rules if rule.is_active and fits(rule, case)), None)


def _fits_product(rule: ApprovalRule, case: Case) -> bool:
    """Products and families together are one condition: either may be met."""
    if not rule.families and not rule.products:
        return True
    return case.family_id in rule.families or case.product_id in rule.products

"""What would come of a registration, for the partner to see before it is submitted."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from partners.deals.actions.lines import families_of
from partners.deals.approvals.queries import Expected, expected_decision
from partners.deals.models import Deal
from partners.directory.models import Customer, Product
from partners.matching.queries import at_pace, company_of, notice


@dataclass(frozen=True)
class Outlook:
    """`own` are the partner's own deals that stand in the way; of others' it is only said that there are any."""

    conflict: bool
    own: tuple[Any, ...]
    expected: Expected
    families: tuple[str, ...]


def outlook(deal: Deal) -> Outlook | None:
    """For a draft that names its customer and its product. It takes the same time whatever there is to find."""
    if deal.customer is None or deal.product is None:
        return None
    return _outlook(deal, deal.customer, deal.product)


def outlooks(deals: Collection[Deal]) -> dict[UUID, Outlook]:
    """Those of several drafts, in one go."""
    at_pace(len(deals))
    return {
        deal.pk: _outlook(deal, deal.customer, deal.product)
        for deal in deals
        if deal.customer is not None and deal.product is not None
    }


def _outlook(deal: Deal, customer: Customer, product: Product) -> Outlook:
    lines = list(deal.lines.select_related("product__family").order_by("position"))
    groups = families_of(lines)
    families = [group[0].product.family for group in groups] or [product.family]
    told = notice(
        company_of(customer),
        partner_id=deal.partner_id,
        families=[family.pk for family in families],
        customer=customer,
        but=deal.pk,
    )
    # Of several families each becomes a registration of its own, and this one is the first's.
    alone = [family.pk for family in families] == [deal.family_id]
    found = told.conflict or bool(told.own) if alone else None
    expected = expected_decision(deal, conflict=found)
    return Outlook(told.conflict, told.own, expected, tuple(family.name for family in families))

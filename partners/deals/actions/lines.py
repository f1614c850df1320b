"""The product lines of a deal, and registering a deal whose lines are of several product families."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from partners.deals.actions.drafts import create_draft, update_deal
from partners.deals.actions.registration import submit
from partners.deals.actions.writing import lock
from partners.deals.limits import refuse_unless_writing
from partners.deals.models import Deal, DealLine
from partners.directory.models import Product
from partners.matching.actions import lock_customers
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record


@dataclass(frozen=True)
class Line:
    """A line as it is asked for. Without a price it adds nothing to the amount."""

    product: Product
    quantity: int = 1
    unit_price: int | None = None

    @property
    def product_id(self) -> UUID:
        return self.product.pk

    @property
    def total(self) -> int | None:
        return None if self.unit_price is None else self.quantity * self.unit_price


def sum_of(lines: Sequence[Line] | Sequence[DealLine]) -> int | None:
    """What the lines come to; None where one of them has no price."""
    totals = [line.total for line in lines]
    known = [total for total in totals if total is not None]
    return sum(known) if known and len(known) == len(totals) else None


def set_lines(deal: Deal, lines: Sequence[Line], *, by: Membership) -> Deal:
    """Say what a draft or a returned registration is about, line by line."""
    deal = lock(deal)
    check(by, "deals.change_deal", deal)
    refuse_unless_writing(deal.partner)
    if not deal.is_editable:
        raise ActionRefused(
            _("A deal that is %(state)s can no longer be changed.") % {"state": deal.state_label}
        )
    changed = replace_lines(deal, plain_lines(lines))
    if changed and changed["old"]:
        data = {"old": {"lines": changed["old"]}, "new": {"lines": changed["new"]}}
        record("deal.updated", subject=deal, by=by, partner_id=deal.partner_id, data=data)
    return deal


def replace_lines(deal: Deal, after: list[list[Any]]) -> dict[str, list[list[Any]]] | None:
    """Write these `plain_lines` in the place of the deal's; what they were and are, None where they are the same."""
    before = plain_lines(list(deal.lines.order_by("position")))
    if before == after:
        return None
    DealLine.objects.filter(deal=deal).delete()
    DealLine.objects.bulk_create(
        DealLine(
            deal=deal,
            partner=deal.partner,
            position=position,
            product_id=product_id,
            quantity=quantity,
            unit_price=unit_price,
        )
        for position, (product_id, quantity, unit_price) in enumerate(after)
    )
    return {"old": before, "new": after}


def plain_lines(lines: Sequence[Line] | Sequence[DealLine]) -> list[list[Any]]:
    """The lines as JSON keeps them: product, quantity, price each."""
    return [[str(line.product_id), line.quantity, line.unit_price] for line in lines]


def submit_each(deal: Deal, *, by: Membership, version: int | None = None) -> list[Deal]:
    """Submit a deal: as one registration, or where its lines are of several product families as one for each.

    Protection is for a customer and a product family, so what is of another family is a registration of its
    own, with its own decision. The first keeps the deal's number and files.
    """
    lock_customers()
    groups = families_of(list(deal.lines.select_related("product__family").order_by("position")))
    if len(groups) < 2:
        return [submit(deal, by=by, version=version)]
    sums = [sum_of(group) for group in groups]
    if None in sums:
        raise ActionRefused(
            _(
                "These products are of different families, which are registered one by one. Give each product"
                " a price, so that it is clear what each registration is worth."
            ),
            field="unit_price",
            code="incomplete",
        )
    deal = update_deal(deal, by=by, version=version, amount=sums[0])
    parts = [deal]
    for group, amount in zip(groups[1:], sums[1:], strict=True):
        parts.append(_part(deal, group, amount, by))
    set_lines(deal, _asked(groups[0]), by=by)
    return [submit(part, by=by) for part in parts]


def families_of(lines: Sequence[Any]) -> list[list[Any]]:
    """The lines by product family, the family of the first line first."""
    order: dict[UUID, int] = {}
    for line in lines:
        order.setdefault(line.product.family_id, len(order))
    ranked = sorted(lines, key=lambda line: order[line.product.family_id])
    return [list(group) for _family, group in groupby(ranked, key=lambda line: line.product.family_id)]


def _part(deal: Deal, lines: list[DealLine], amount: int | None, by: Membership) -> Deal:
    part = create_draft(
        deal.partner,
        by=by,
        customer=deal.customer,
        product=lines[0].product,
        amount=amount,
        expected_close=deal.expected_close,
        stage=deal.stage,
        notes=deal.notes,
        owner=deal.owner,
    )
    return set_lines(part, _asked(lines), by=by)


def _asked(lines: Sequence[DealLine]) -> list[Line]:
    return [Line(line.product, line.quantity, line.unit_price) for line in lines]

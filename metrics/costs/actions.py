"""Writes of programme costs. Their events carry the former and the new day and partner, which figures hang on."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from metrics.costs.models import Category, Cost
from partners.directory.models import Partner
from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.errors import ActionRefused
from portal.events.record import record
from portal.tenancy.models import current_tenant


@transaction.atomic
def record_cost(
    *,
    by: Membership,
    spent_on: dt.date,
    category: Category | str,
    amount: int,
    partner: Partner | None = None,
    note: str = "",
) -> Cost:
    """Note a cost, in minor units of the tenant's currency."""
    check(by, "metrics_costs.change_cost")
    _refuse_nothing(amount)
    cost = Cost.objects.create(
        spent_on=spent_on,
        category=category,
        amount=amount,
        currency=current_tenant().currency,
        partner=partner,
        note=note.strip(),
    )
    record("cost.recorded", subject=cost, by=by, data={"new": told(cost)})
    return cost


@transaction.atomic
def change_cost(cost: Cost, *, by: Membership, **fields: Any) -> Cost:
    """Correct a cost: any of `spent_on`, `category`, `amount`, `partner`, `note`."""
    check(by, "metrics_costs.change_cost")
    cost = _lock(cost)
    before = told(cost)
    for name, value in fields.items():
        setattr(cost, name, value)
    _refuse_nothing(cost.amount)
    after = told(cost)
    if after != before:
        cost.save(update_fields=[*fields, "updated_at"])
        record("cost.changed", subject=cost, by=by, data={"old": before, "new": after})
    return cost


@transaction.atomic
def remove_cost(cost: Cost, *, by: Membership) -> None:
    """Take a cost away that was noted by mistake."""
    check(by, "metrics_costs.change_cost")
    cost = _lock(cost)
    record("cost.removed", subject=cost, by=by, data={"old": told(cost)})
    cost.delete()


def told(cost: Cost) -> dict[str, Any]:
    return {
        "spent_on": str(cost.spent_on),
        "category": str(cost.category),
        "amount": cost.amount,
        "currency": cost.currency,
        "partner_id": str(cost.partner_id or ""),
        "note": cost.note,
    }


def _lock(cost: Cost) -> Cost:
    found = Cost.objects.select_for_update(of=("self",)).filter(pk=cost.pk).first()
    if found is None:
        raise ActionRefused(_("Someone has removed this cost meanwhile."))
    return found


def _refuse_nothing(amount: int | None) -> None:
    if not amount or amount < 0:
        raise ActionRefused(_("A cost is more than nothing."), field="amount")

"""Submitting and deciding on several registrations at once: each by itself, none stopped by another."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from partners.deals.actions.deciding import approve, reject
from partners.deals.actions.lines import submit_each
from partners.deals.actions.registration import return_for_changes
from partners.deals.models import Deal
from partners.matching.actions import lock_customers
from portal.accounts.models import Membership
from portal.errors import ActionRefused

DECISIONS: dict[str, Callable[..., Deal]] = {
    "approve": approve,
    "return": return_for_changes,
    "reject": reject,
}


@dataclass(frozen=True)
class Outcome:
    """What became of one deal: the deal as it is now, and why it was refused, if it was."""

    deal: Deal
    refusal: str = ""


def decide_many(
    deals: Collection[Deal], verb: str, *, by: Membership, versions: dict[UUID, int], **fields: Any
) -> list[Outcome]:
    """Approve, return or reject each deal; one that is refused leaves the others as they were decided."""
    locked = _locked(deals)
    return [_decide(deal, verb, by, versions.get(deal.pk), fields) for deal in locked]


def submit_many(deals: Collection[Deal], *, by: Membership, versions: dict[UUID, int]) -> list[Outcome]:
    """Submit each deal; one that is refused stays as it was and leaves the others submitted."""
    return [_submit(deal, by, versions.get(deal.pk)) for deal in _locked(deals)]


def _locked(deals: Collection[Deal]) -> list[Deal]:
    keys = [deal.pk for deal in deals]
    # All locks first and in one order, so that of two rounds, or a round and a single decision, one waits for
    # the other and never each for each.
    lock_customers()
    return list(
        Deal.objects.select_for_update(of=("self",))
        .filter(pk__in=keys)
        .select_related("partner")
        .order_by("pk")
    )


def _decide(deal: Deal, verb: str, by: Membership, version: int | None, fields: dict[str, Any]) -> Outcome:
    try:
        with transaction.atomic():
            return Outcome(DECISIONS[verb](deal, by=by, version=version, **fields))
    except ActionRefused as refusal:
        return Outcome(deal, str(refusal.message))
    except PermissionDenied:
        return Outcome(deal, _("You do not decide on this registration."))


def _submit(deal: Deal, by: Membership, version: int | None) -> Outcome:
    try:
        with transaction.atomic():
            return Outcome(submit_each(deal, by=by, version=version)[0])
    except ActionRefused as refusal:
        return Outcome(deal, str(refusal.message))
    except PermissionDenied:
        return Outcome(deal, _("You may not submit this registration."))

"""Computing an entry again from what it was made of. An audit, not a calculation: nothing is read but the entry, its
plan version, what was posted before it, and for a pool the division that was kept."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum
from django.utils.translation import gettext as _

from incentives.ledger.amounts import Inputs, amount_of
from incentives.ledger.enums import EntryKind, Part
from incentives.ledger.models import LedgerEntry
from incentives.ledger.pools import divide
from incentives.plans.models import PoolSettlement
from incentives.plans.queries import version_terms
from incentives.plans.terms import Terms
from incentives.tiers.queries import tenant_in_scope
from portal.money import round_half_up


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an entry comes to when it is computed again. `earned` is what the whole item earns, `before` what stood in
    the ledger already; None where the entry was posted before its inputs were kept."""

    amount: int | None
    earned: int | None
    before: int
    says: str
    agrees: bool


def verify(entry: LedgerEntry, terms: Terms | None = None) -> Verdict:
    """Recompute one entry. `terms` spares reading its version."""
    before = _before(entry)
    if entry.kind == EntryKind.MANUAL:
        return Verdict(entry.amount, None, before, _("It was adjusted by hand and has no calculation."), True)
    if entry.explanation.get("taken_back"):
        amount = -(before - (entry.keeps or 0))
        return Verdict(amount, entry.keeps or 0, before, "", amount == entry.amount)
    if terms is None and entry.plan_version is not None:
        terms = version_terms(entry.plan_version, tenant_in_scope())
    earned = _earned(entry, terms) if terms is not None else None
    if earned is None:
        return Verdict(
            None, None, before, _("It was posted before the numbers behind an entry were kept."), True
        )
    amount = earned - before
    return Verdict(amount, earned, before, "", amount == entry.amount)


def verify_all(entries: Iterable[LedgerEntry]) -> list[tuple[LedgerEntry, Verdict]]:
    """Those that do not agree. Each version is read once."""
    known: dict[UUID, Terms] = {}
    wrong = []
    for entry in entries:
        terms = None
        if entry.plan_version is not None:
            if entry.plan_version.pk not in known:
                known[entry.plan_version.pk] = version_terms(entry.plan_version, tenant_in_scope())
            terms = known[entry.plan_version.pk]
        verdict = verify(entry, terms)
        if not verdict.agrees:
            wrong.append((entry, verdict))
    return wrong


def _before(entry: LedgerEntry) -> int:
    """The sum of the key's postings before this one."""
    rows = LedgerEntry.objects.filter(
        partner_id=entry.partner_id,
        subject=entry.subject,
        plan_id=entry.plan_id,
        occurred_on=entry.occurred_on,
        part=entry.part,
        sequence__lt=entry.sequence,
    )
    return rows.aggregate(total=Sum("amount"))["total"] or 0


def _earned(entry: LedgerEntry, terms: Terms) -> int | None:
    """What the item earned in all, by the version and the inputs that the entry keeps."""
    explanation = entry.explanation
    if explanation.get("nothing") and "inputs" not in explanation:
        return 0
    if pool := explanation.get("pool"):
        found = PoolSettlement.objects.filter(pk=pool["settlement"] or None).first()
        if found is None:
            return None
        weights = {UUID(key): weight for key, weight in found.weights.items()}
        whole = divide(found.pool, weights).get(entry.partner_id, 0)
    elif "inputs" in explanation:
        whole = amount_of(terms, entry.tier_id, Inputs.load(explanation["inputs"])).amount
    else:
        return None
    held = round_half_up(whole * terms.said.holdback)
    return held if entry.part == Part.HOLDBACK else whole - held


def balance_on(partner_id: UUID, currency: str, day: dt.date) -> int:
    """What is owed to a partner on a day: all that is payable by then. Below zero it is carried forward."""
    rows = LedgerEntry.objects.filter(partner_id=partner_id, currency=currency, payable_on__lte=day)
    return rows.aggregate(total=Sum("amount"))["total"] or 0

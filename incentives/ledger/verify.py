"""Computing an entry again from what it was made of. An audit, not a calculation: nothing is read but the entry, its
plan version, what was posted before it, and for a pool the division that was kept."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from incentives.ledger.amounts import Inputs, amount_of
from incentives.ledger.enums import EntryKind, Part
from incentives.ledger.models import LedgerEntry
from incentives.plans.models import PoolSettlement
from incentives.plans.queries import version_terms
from incentives.plans.terms import Terms
from incentives.tiers.queries import tenant_in_scope
from partners.directory.models import Partner
from portal.money import divide, round_half_up


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an entry comes to when it is computed again. `earned` is what the whole item earns, `before` what stood in
    the ledger already; None where the entry was posted before its inputs were kept."""

    amount: int | None
    earned: int | None
    before: int
    says: str
    agrees: bool


Wrong = tuple[LedgerEntry, Verdict]


def verify(entry: LedgerEntry) -> Verdict:
    """Recompute one entry."""
    ((_entry, verdict),) = _verdicts([entry], {})
    return verdict


def verify_all(entries: Iterable[LedgerEntry], versions: dict[UUID, Terms] | None = None) -> list[Wrong]:
    """Those that do not agree. What stood before each and how pools were divided is read with one query each, each
    version once; `versions` keeps those that were read."""
    known = {} if versions is None else versions
    return [(entry, verdict) for entry, verdict in _verdicts(list(entries), known) if not verdict.agrees]


def _verdicts(
    entries: Sequence[LedgerEntry], known: dict[UUID, Terms]
) -> Iterator[tuple[LedgerEntry, Verdict]]:
    before, shares = _all_before(entries), _pool_shares(entries)
    for entry in entries:
        terms = None
        if entry.plan_version_id is not None and entry.plan_version is not None:
            if entry.plan_version_id not in known:
                known[entry.plan_version_id] = version_terms(entry.plan_version, tenant_in_scope())
            terms = known[entry.plan_version_id]
        yield entry, _verdict(entry, terms, before[entry.pk], shares)


def _verdict(
    entry: LedgerEntry, terms: Terms | None, before: int, shares: Mapping[str, Mapping[UUID, int]]
) -> Verdict:
    if entry.kind == EntryKind.MANUAL:
        return Verdict(entry.amount, None, before, _("It was adjusted by hand and has no calculation."), True)
    recorded = entry.explanation.get("before_posting", before)
    if entry.explanation.get("taken_back"):
        amount = -(before - (entry.keeps or 0))
        return Verdict(amount, entry.keeps or 0, before, "", amount == entry.amount and before == recorded)
    earned = _earned(entry, terms, shares) if terms is not None else None
    if earned is None:
        return Verdict(
            None, None, before, _("It was posted before the numbers behind an entry were kept."), True
        )
    amount = earned - before
    return Verdict(amount, earned, before, "", amount == entry.amount and before == recorded)


# Of one company's postings for a subject, plan, day and part.
_Chain = tuple[UUID, UUID, UUID | None, dt.date, str]


def _all_before(entries: Sequence[LedgerEntry]) -> dict[UUID, int]:
    """What stood in the ledger before each of these postings.

    To a company that another has become part of, the other's postings count from the merge on: which they were is told
    by what the posting itself says that it found.
    """
    ids = {entry.partner_id for entry in entries}
    merged = dict(Partner.objects.filter(merged_into__in=ids).order_by().values_list("pk", "merged_into_id"))
    rows = LedgerEntry.objects.filter(
        partner_id__in=[*ids, *merged], subject__in={entry.subject for entry in entries}
    )
    own: dict[_Chain, list[tuple[int, int]]] = defaultdict(list)
    taken_over: dict[_Chain, list[tuple[UUID, int]]] = defaultdict(list)
    for pk, partner_id, subject, plan_id, day, part, sequence, amount in rows.order_by().values_list(
        "pk", "partner_id", "subject", "plan_id", "occurred_on", "part", "sequence", "amount"
    ):
        own[partner_id, subject, plan_id, day, part].append((sequence, amount))
        if partner_id in merged:
            taken_over[merged[partner_id], subject, plan_id, day, part].append((pk, amount))
    found = {}
    for entry in entries:
        chain = (entry.partner_id, entry.subject, entry.plan_id, entry.occurred_on, entry.part)
        before = sum(amount for sequence, amount in own[chain] if sequence < entry.sequence)
        others = taken_over.get(chain)
        if others and entry.explanation.get("before_posting", before) != before:
            before += sum(amount for pk, amount in others if pk < entry.pk)
        found[entry.pk] = before
    return found


def _pool_shares(entries: Iterable[LedgerEntry]) -> dict[str, dict[UUID, int]]:
    """What each partner gets by the divisions of pools that these entries come from, divided again."""
    pools = [entry.explanation["pool"] for entry in entries if entry.explanation.get("pool")]
    ids = {pool["settlement"] for pool in pools if pool["settlement"]}
    rows = PoolSettlement.objects.filter(pk__in=ids) if ids else ()
    return {
        str(row.pk): divide(row.pool, {UUID(key): weight for key, weight in row.weights.items()})
        for row in rows
    }


def _earned(entry: LedgerEntry, terms: Terms, shares: Mapping[str, Mapping[UUID, int]]) -> int | None:
    """What the item earned in all, by the version and the inputs that the entry keeps."""
    explanation = entry.explanation
    if explanation.get("nothing") and "inputs" not in explanation:
        return 0
    if pool := explanation.get("pool"):
        if pool["settlement"] not in shares:
            return None
        whole = shares[pool["settlement"]].get(entry.partner_id, 0)
    elif "inputs" in explanation:
        whole = amount_of(terms, entry.tier_id, Inputs.load(explanation["inputs"])).amount
    else:
        return None
    held = round_half_up(whole * terms.said.holdback)
    return held if entry.part == Part.HOLDBACK else whole - held

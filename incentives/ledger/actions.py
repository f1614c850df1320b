"""Posting to the ledger."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum

from incentives.ledger import queries
from incentives.ledger.calculation import (
    Difference,
    Key,
    Line,
    Posted,
    calculate,
    closed_periods,
    differences,
)
from incentives.ledger.enums import EntryKind
from incentives.ledger.models import LedgerEntry
from incentives.locks import lock_partners
from incentives.plans.queries import published_terms
from incentives.tiers.queries import tenant_in_scope
from incentives.tiers.queries import tiers as all_tiers
from metrics.periods import Calendar, Period, PeriodKind, calendar_of
from partners.directory.models import Partner
from portal.events.models import Event
from portal.events.record import EventDraft, record_many

# How many days of payable earnings are announced late when a night was missed.
LOOK_BACK = 7


@transaction.atomic
def post_ledger(
    partner_ids: Iterable[UUID],
    *,
    since: dt.date | None = None,
    today: dt.date | None = None,
    most: int | None = None,
) -> list[LedgerEntry]:
    """Post what the partners' won deals earn and the ledger does not hold yet, or holds too much of.

    `since` limits the work to programme years from that day's on. Posting again changes nothing, however
    often and by however many workers at once: each partner's lock is held from before the first read to
    the end of the transaction. The number of queries does not depend on how many partners there are.

    `most` bounds the entries of one call, but for the periods that it has begun; while so many are returned, call
    again for the rest.
    """
    ids = sorted(set(partner_ids))
    if not ids:
        return []
    lock_partners("ledger", ids)
    tenant = tenant_in_scope()
    calendar = calendar_of(tenant)
    today = today or calendar.today()
    first = calendar.period(PeriodKind.YEAR, since).start if since else None

    audiences = queries.audiences(ids)
    terms = published_terms(tenant)
    deals = queries.won_deals(ids, first)
    posted = queries.posted(ids, first)
    found: list[tuple[UUID, Difference, bool]] = []
    for partner_id in ids:
        held = posted.get(partner_id, {})
        lines = calculate(
            deals.get(partner_id, ()), queries.settled(audiences[partner_id], held), terms, calendar
        )
        missing = differences(lines, held)
        late = _comes_late(missing, held, calendar, today)
        found += [(partner_id, *pair) for pair in zip(missing, late, strict=True)]
    if not found:
        return []
    if most is not None and len(found) > most:
        found = _first_periods(found, most)
    tier_names = {tier.pk: tier.name for tier in all_tiers()}
    taken_back = _last_entries(
        [difference.key for _id, difference, _late in found if difference.line is None]
    )
    rates = {deal.id: deal.rate for rows in deals.values() for deal in rows}
    entries = [
        _entry(partner_id, difference, taken_back, tier_names, rates, today, late=late)
        for partner_id, difference, late in found
    ]
    LedgerEntry.objects.bulk_create(entries, batch_size=1000)
    _record_posted(entries)
    return entries


def _first_periods(
    found: Sequence[tuple[UUID, Difference, bool]], most: int
) -> list[tuple[UUID, Difference, bool]]:
    """Whole periods of a plan and partner: one of which a part was posted would count as settled."""
    groups: dict[tuple[UUID, UUID, object], list[tuple[UUID, Difference, bool]]] = defaultdict(list)
    for row in found:
        groups[row[0], row[1].key.plan_id, _period_of(row[1]) or row[1].key.day].append(row)
    taken: list[tuple[UUID, Difference, bool]] = []
    for rows in groups.values():
        if len(taken) >= most:
            break
        taken += rows
    return taken


def since_of(deal_ids: Collection[UUID], days: Iterable[dt.date], calendar: Calendar) -> dt.date | None:
    """The earliest day that these deals touch in the ledger or in `days`."""
    known = LedgerEntry.objects.filter(deal_id__in=deal_ids).order_by().values_list("occurred_on", flat=True)
    touched = [*known, *days]
    return min(touched) if touched else None


def _comes_late(
    missing: Sequence[Difference], held: Mapping[Key, Posted], calendar: Calendar, today: dt.date
) -> list[bool]:
    """For each difference whether it counts today and no longer on the deal's day.

    Such is what is taken back after the hold, because it may have been paid, and what is earned in a period
    of which something may have been paid: a period that was settled with the partner stays as it is.
    """
    over = [difference.payable_on <= today for difference in missing]
    kinds = {
        difference.line.period.kind for difference in missing if difference.line and difference.line.period
    }
    closed = closed_periods(held, kinds, calendar, today) if any(over) else frozenset()
    return [
        is_over and (difference.amount < 0 or (difference.key.plan_id, _period_of(difference)) in closed)
        for difference, is_over in zip(missing, over, strict=True)
    ]


def _period_of(difference: Difference) -> Period | None:
    return difference.line.period if difference.line else None


def _entry(
    partner_id: UUID,
    difference: Difference,
    taken_back: Mapping[Key, LedgerEntry],
    tier_names: Mapping[UUID, str],
    rates: Mapping[UUID, Any],
    today: dt.date,
    *,
    late: bool,
) -> LedgerEntry:
    line, key = difference.line, difference.key
    if late and difference.amount < 0:
        kind = EntryKind.CLAWBACK
    elif line is None:
        kind = EntryKind.REVERSAL
    else:
        kind = EntryKind.ADJUSTMENT if difference.entries else EntryKind.EARNING
    common = {
        "partner_id": partner_id,
        "deal_id": key.deal_id,
        "plan_id": key.plan_id,
        "kind": kind,
        "amount": difference.amount,
        "occurred_on": key.day,
        "booked_on": today if late else key.day,
        "payable_on": today if late else difference.payable_on,
        "posted_on": today,
        "sequence": difference.entries + 1,
    }
    if line is None or line.terms is None:
        last = taken_back[key]
        return LedgerEntry(
            plan_version_id=last.plan_version_id,
            tier_id=last.tier_id,
            currency=last.currency,
            base=0,
            rate=0,
            exchange_rate=last.exchange_rate,
            explanation={
                "taken_back": True,
                "tier": tier_names.get(last.tier_id, "") if last.tier_id else "",
            },
            **common,
        )
    return LedgerEntry(
        plan_version_id=line.terms.version_id,
        tier_id=line.tier_id,
        currency=line.terms.currency,
        base=line.base,
        rate=line.rate,
        exchange_rate=line.exchange_rate,
        explanation=explain(line, tier_names) | {"before_posting": line.amount - difference.amount},
        **common,
    )


def explain(line: Line, tier_names: Mapping[UUID, str]) -> dict[str, Any]:
    """The line as JSON: everything that a page needs to say why the amount is what it is."""
    explanation: dict[str, Any] = {
        "amount": line.amount,
        "base": line.base,
        "tier": tier_names.get(line.tier_id, "") if line.tier_id else "",
        "day": str(line.day),
    }
    if line.terms is None or line.period is None:
        return explanation | {"nothing": line.nothing}
    return explanation | {
        "plan": line.terms.plan_name,
        "version": line.terms.number,
        "mode": line.terms.mode,
        "period": line.period.key,
        "before": line.before,
        "total": line.total,
        "hold_days": line.terms.hold_days,
        "slices": [{"base": part.base, "rate": str(part.rate)} for part in line.slices],
        "nothing": line.nothing,
    }


def _last_entries(keys: Collection[Key]) -> dict[Key, LedgerEntry]:
    """The latest entry of each key."""
    if not keys:
        return {}
    rows = LedgerEntry.objects.filter(deal_id__in={key.deal_id for key in keys}).order_by("id")
    return {Key(row.deal_id, row.plan_id, row.occurred_on): row for row in rows}


def _record_posted(entries: Collection[LedgerEntry]) -> None:
    sums: dict[UUID, Counter[str]] = defaultdict(Counter)
    for entry in entries:
        sums[entry.partner_id][entry.currency] += entry.amount
    counts = Counter(entry.partner_id for entry in entries)
    partners = Partner.objects.in_bulk(list(sums))
    record_many(
        EventDraft(
            "ledger.posted",
            partners[partner_id],
            partner_id=partner_id,
            data={"amounts": amounts, "entries": counts[partner_id]},
        )
        for partner_id, amounts in sums.items()
    )


def announce_payable(today: dt.date) -> int:
    """Record what of each partner's earnings has come out of its hold in the last days, once a day and partner."""
    since = today - dt.timedelta(days=LOOK_BACK)
    rows = (
        LedgerEntry.objects.filter(payable_on__gt=since, payable_on__lte=today)
        # What was posted after its hold could be paid at once, and the posting has said so.
        .filter(created_at__date__lt=F("payable_on"))
        .order_by()
        .values_list("partner_id", "payable_on", "currency")
        .annotate(total=Sum("amount"))
    )
    sums: dict[tuple[UUID, dt.date], dict[str, int]] = defaultdict(dict)
    for partner_id, day, currency, total in rows:
        sums[partner_id, day][currency] = total
    partners = Partner.objects.in_bulk({partner_id for partner_id, _day in sums})
    said = Event.objects.filter(subject_id__in=partners, type="ledger.payable").order_by()
    known = {(subject_id, data["on"]) for subject_id, data in said.values_list("subject_id", "data")}
    return len(
        record_many(
            EventDraft(
                "ledger.payable",
                partners[partner_id],
                partner_id=partner_id,
                data={"on": day.isoformat(), "amounts": amounts},
            )
            for (partner_id, day), amounts in sorted(sums.items(), key=lambda item: item[0][1])
            if (partner_id, day.isoformat()) not in known
        )
    )

"""Posting to the ledger."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum

from incentives.ledger import pools, queries, setwise
from incentives.ledger.calculation import Line, WonDeal, calculate
from incentives.ledger.enums import EntryKind, Part
from incentives.ledger.items import won_items
from incentives.ledger.models import LedgerEntry
from incentives.ledger.postings import Difference, Key, Posted, closed_periods, differences
from incentives.ledger.writing import write_entries
from incentives.locks import lock_partners
from incentives.plans.bands import Slice
from incentives.plans.enums import PlanBase, PlanForm, Source
from incentives.plans.models import PlanVersion
from incentives.plans.queries import published_terms
from incentives.plans.terms import Terms
from incentives.tiers.queries import tenant_in_scope
from incentives.tiers.queries import tiers as all_tiers
from metrics.periods import Calendar, Period, PeriodKind, calendar_of
from partners.deals.enums import SalesStage
from partners.deals.models import Deal
from partners.directory.models import Partner
from portal.events.models import Event
from portal.events.record import EventDraft, record_many
from portal.money import round_half_up

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
    again for the rest. What many partners earn by ordinary plans is posted at once and not returned.
    """
    ids = queries.standing(partner_ids)
    if not ids:
        return []
    lock_partners("ledger", ids)
    tenant = tenant_in_scope()
    calendar = calendar_of(tenant)
    today = today or calendar.today()
    first = calendar.period(PeriodKind.YEAR, since).start if since else None

    audiences = queries.audiences(ids)
    terms = published_terms(tenant)
    shared = collective_plans(terms)
    ordinary = setwise.ordinary_plans(terms) if len(ids) >= setwise.MANY else frozenset()
    settled = setwise.Settled()
    if ordinary:
        simple = [term for term in terms if term.plan_id in ordinary]
        settled = setwise.settle(ids, audiences, simple, first, calendar, today)
        if ordinary.issuperset({term.plan_id for term in terms} - shared):
            ids = [pk for pk in ids if pk not in settled.partner_ids]
    deals = won_items(ids, queries.reach_of(first, terms), terms) if ids else {}
    posted = queries.posted(ids, first) if ids else {}
    found: list[_Found] = []
    for partner_id in ids:
        held = posted.get(partner_id, {})
        lines = calculate(
            deals.get(partner_id, ()), queries.settled(audiences[partner_id], held), terms, calendar
        )
        done = shared | ordinary if partner_id in settled.partner_ids else shared
        own = [line for line in lines if line.terms is not None and line.terms.plan_id not in done]
        own_held = {key: row for key, row in held.items() if key.plan_id not in done}
        found += _missing(partner_id, own, own_held, first, calendar, today)
    entries = _post(found, today, most)
    _record_posted(entries, settled)
    return entries


_Found = tuple[UUID, Difference, bool]


@transaction.atomic
def post_collective(*, since: dt.date | None = None, today: dt.date | None = None) -> list[LedgerEntry]:
    """Post what plans earn in which partners share a budget or a pool, as `post_ledger` does the others.

    Such a plan is calculated for all partners at once, under a lock of its own; nothing else posts for it.
    """
    tenant = tenant_in_scope()
    terms = published_terms(tenant)
    shared = collective_plans(terms)
    if not shared:
        return []
    lock_partners("plans", shared)
    calendar = calendar_of(tenant)
    today = today or calendar.today()
    begins = min(term.start for term in terms if term.plan_id in shared)
    first = calendar.period(PeriodKind.YEAR, max(since, begins) if since else begins).start
    ids = list(Partner.objects.order_by("pk").values_list("pk", flat=True))
    audiences, posted = queries.audiences(ids), queries.posted(ids, first, shared)
    deals = won_items(ids, queries.reach_of(first, terms), terms)
    lines = {
        partner_id: calculate(
            deals.get(partner_id, ()),
            queries.settled(audience, posted.get(partner_id, {})),
            terms,
            calendar,
        )
        for partner_id, audience in audiences.items()
    }
    due = queries.under_budget(lines, shared, calendar)
    for division in pools.divisions(lines, audiences, terms, calendar, first, today):
        settlement = pools.settle(division)
        for partner_id, line in pools.pool_lines(division, settlement.pk).items():
            due[partner_id].append(line)
    found: list[_Found] = []
    for partner_id in ids:
        found += _missing(partner_id, due[partner_id], posted.get(partner_id, {}), first, calendar, today)
    entries = _post(found, today, None)
    _record_posted(entries, setwise.Settled())
    return entries


def collective_plans(terms: Iterable[Terms]) -> frozenset[UUID]:
    return frozenset(term.plan_id for term in terms if term.is_collective)


def _missing(
    partner_id: UUID,
    lines: Iterable[Line],
    held: Mapping[Key, Posted],
    first: dt.date | None,
    calendar: Calendar,
    today: dt.date,
) -> list[_Found]:
    """What the ledger lacks of the lines from the first day on, each with whether it comes late."""
    within = [line for line in lines if first is None or line.day >= first]
    missing = differences(within, held)
    late = _comes_late(missing, held, calendar, today)
    return [(partner_id, *pair) for pair in zip(missing, late, strict=True)]


def _post(found: list[_Found], today: dt.date, most: int | None) -> list[LedgerEntry]:
    if not found:
        return []
    if most is not None and len(found) > most:
        found = _first_periods(found, most)
    tier_names = {tier.pk: tier.name for tier in all_tiers()}
    ended = [row.key for _id, row, _late in found if row.line is None]
    taken_back = _last_entries(
        {(partner_id, row.key) for partner_id, row, _late in found if row.line is None}
    )
    found = _by_time_served(found, taken_back, ended)
    entries = [
        _entry(partner_id, difference, taken_back, tier_names, today, late=late)
        for partner_id, difference, late in found
    ]
    write_entries(entries)
    return entries


def _by_time_served(
    found: Sequence[_Found], last: Mapping[tuple[UUID, Key], LedgerEntry], ended: Collection[Key]
) -> list[_Found]:
    """Of deals that were reversed after their hold only so much comes back as their plan says, by the days since the win.

    A deal that is won still, and only earns elsewhere, is taken back in full.
    """
    if not any(late for _id, row, late in found if row.line is None):
        return list(found)
    gone = Deal.objects.filter(pk__in={key.deal_id for key in ended}).exclude(stage=SalesStage.WON)
    days = reversal_days(set(gone.values_list("pk", flat=True)))
    versions = PlanVersion.objects.in_bulk({entry.plan_version_id for entry in last.values()})
    kept = []
    for partner_id, row, late in found:
        reversed_on = days.get(row.key.deal_id)
        entry = last.get((partner_id, row.key))
        if row.line is not None or not late or entry is None or reversed_on is None:
            kept.append((partner_id, row, late))
            continue
        part = versions[entry.plan_version_id].said.clawback_share((reversed_on - row.key.day).days)
        back = round_half_up(row.before * part)
        if back:
            stays = row.before - back
            kept.append((partner_id, replace(row, amount=-back, keeps=stays or None), late))
    return kept


def reversal_days(deal_ids: Collection[UUID]) -> dict[UUID, dt.date]:
    """The day on which each of these deals ceased to be won; today where nobody wrote it down."""
    calendar = calendar_of(tenant_in_scope())
    found = dict.fromkeys(deal_ids, calendar.today())
    rows = Event.objects.filter(subject_id__in=deal_ids, type="deal.reversed").order_by("id")
    for deal_id, moment in rows.values_list("subject_id", "occurred_at"):
        found[deal_id] = calendar.day_of(moment)
    return found


def _first_periods(found: Sequence[_Found], most: int) -> list[_Found]:
    """Whole periods of a plan and partner: one of which a part was posted would count as settled."""
    groups: dict[tuple[UUID, UUID, object], list[_Found]] = defaultdict(list)
    for row in found:
        groups[row[0], row[1].key.plan_id, _period_of(row[1]) or row[1].key.day].append(row)
    taken: list[_Found] = []
    for rows in groups.values():
        if len(taken) >= most:
            break
        taken += rows
    return taken


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
    taken_back: Mapping[tuple[UUID, Key], LedgerEntry],
    tier_names: Mapping[UUID, str],
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
        **_subject(key, line, taken_back.get((partner_id, key))),
        "plan_id": key.plan_id,
        "part": key.part,
        "kind": kind,
        "amount": difference.amount,
        "occurred_on": key.day,
        "booked_on": today if late else key.day,
        "payable_on": today if late else difference.payable_on,
        "posted_on": today,
        "sequence": difference.entries + 1,
    }
    if line is None or line.terms is None:
        last = taken_back[partner_id, key]
        return LedgerEntry(
            plan_version_id=last.plan_version_id,
            tier_id=last.tier_id,
            currency=last.currency,
            base=0,
            rate=0,
            exchange_rate=last.exchange_rate,
            keeps=difference.keeps,
            explanation={
                "taken_back": True,
                "before_posting": difference.before,
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
        explanation=explain(line, tier_names) | {"before_posting": difference.before},
        **common,
    )


def _subject(key: Key, line: Line | None, last: LedgerEntry | None) -> dict[str, Any]:
    """What an entry is for: a deal, or another item with its key and its name."""
    if line is None:
        assert last is not None
        return {"deal_id": last.deal_id, "item": last.item, "label": last.label}
    if line.pool is not None and line.period is not None:
        return {
            "item": key.deal_id,
            "label": f"{line.terms.plan_name if line.terms else ''}, {line.period.label()}",
        }
    deal: WonDeal | None = line.deal
    label = deal.label[:250] if deal else ""
    if deal is not None and deal.source != Source.DEAL:
        return {"item": key.deal_id, "label": label}
    return {"deal_id": key.deal_id, "label": label}


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
        "slices": [_slice(part) for part in line.slices],
        "nothing": line.nothing,
        **_more(line),
    }


def _slice(part: Slice) -> dict[str, Any]:
    more = {name: value for name, value in (("each", part.each), ("why", part.why)) if value}
    return {"base": part.base, "rate": str(part.rate), **more}


def _more(line: Line) -> dict[str, Any]:
    """What is said of some lines only, and the numbers from which the amount can be computed again."""
    assert line.terms is not None
    found: dict[str, Any] = {}
    if line.inputs is not None:
        found["inputs"] = line.inputs.dump()
    if line.terms.base != PlanBase.REVENUE:
        found["counts"] = line.terms.base
    if line.terms.form != PlanForm.RATE:
        found["form"] = line.terms.form
    if line.free != line.amount and line.inputs is not None:
        found["free"] = line.free
    if line.held_back:
        found["held_back"] = line.held_back
    if line.deal is not None and line.deal.guest:
        found["percent"] = sum(end - start for start, end in line.deal.own)
    if line.pool is not None:
        found["pool"] = {
            "pool": line.pool.pool,
            "weight": line.pool.weight,
            "weights": line.pool.weights,
            "partners": line.pool.partners,
            "by": line.terms.said.pool_by,
            "settlement": str(line.pool.settlement_id) if line.pool.settlement_id else "",
        }
    return found


def _last_entries(pairs: Collection[tuple[UUID, Key]]) -> dict[tuple[UUID, Key], LedgerEntry]:
    """The latest entry of each partner and key, also where it was posted to a company that has become part of it since."""
    if not pairs:
        return {}
    rows = (
        queries.of_companies({partner_id for partner_id, _key in pairs})
        .filter(subject__in={key.deal_id for _id, key in pairs}, plan__isnull=False)
        .order_by("sequence")
    )
    return {
        (row.holder, Key(row.subject, row.plan_id, row.occurred_on, Part(row.part))): row
        for row in rows
        if row.plan_id is not None
    }


def _record_posted(entries: Collection[LedgerEntry], settled: setwise.Settled) -> None:
    """Tell each partner once what these entries and those of its ordinary plans come to."""
    sums: dict[UUID, Counter[str]] = defaultdict(Counter)
    for partner_id, amounts in settled.sums.items():
        sums[partner_id].update(amounts)
    for entry in entries:
        sums[entry.partner_id][entry.currency] += entry.amount
    counts = Counter(settled.entries)
    counts.update(entry.partner_id for entry in entries)
    partners = Partner.objects.in_bulk(list(sums))
    record_many(
        EventDraft(
            "ledger.posted",
            partners[partner_id],
            partner_id=partner_id,
            data={"amounts": dict(amounts), "entries": counts[partner_id]},
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

"""What ordinary plans earn, for many partners at once: the rules of `calculation`, carried out where the deals are.

A plan is ordinary when it pays a percentage of won revenue by bands and says nothing else that an amount hangs on. Which
deals of whom it is for is decided here by `calculation`; the database adds up and multiplies. That both come to the same
entries to the last digit is held by a test. Whatever is not ordinary is left to the calculation: another plan, a partner of
whom something was corrected, taken back or came late.
"""

import datetime as dt
import json
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Max, Q

from incentives.ledger.calculation import Audience, WonDeal, not_for
from incentives.ledger.enums import EntryKind, Part
from incentives.ledger.models import LedgerEntry
from incentives.ledger.queries import of_companies
from incentives.plans.enums import BandMode, PlanBase, PlanForm
from incentives.plans.modifiers import PLAIN
from incentives.plans.terms import Terms
from incentives.tiers.queries import tiers as all_tiers
from metrics.periods import Calendar
from partners.deals.enums import RegistrationStatus, SalesStage
from partners.deals.models import Deal
from portal.tenancy.scope import current_tenant_id

# For fewer partners the calculation is as quick.
MANY = 20
_LEDGER = LedgerEntry._meta.db_table
_DEALS = Deal._meta.db_table


@dataclass(frozen=True, slots=True)
class Settled:
    """The partners whose ordinary plans are settled, and the sums that were posted to do so: by partner and currency,
    with the number of entries."""

    partner_ids: frozenset[UUID] = frozenset()
    sums: Mapping[UUID, Mapping[str, int]] = field(default_factory=dict)
    entries: Mapping[UUID, int] = field(default_factory=dict)


def ordinary_plans(terms: Sequence[Terms]) -> frozenset[UUID]:
    """The plans all of whose versions are ordinary. None where plans exclude each other: then their order counts."""
    if any(term.said.excludes for term in terms):
        return frozenset()
    by_plan: dict[UUID, list[Terms]] = defaultdict(list)
    for term in terms:
        by_plan[term.plan_id].append(term)
    return frozenset(
        plan_id
        for plan_id, versions in by_plan.items()
        if all(_is_ordinary(term) for term in versions) and len({term.period for term in versions}) == 1
    )


def _is_ordinary(terms: Terms) -> bool:
    # What only matters when something is taken back, is only shown, or is a mere floor.
    said = replace(
        terms.said,
        clawback_full_days=None,
        clawback_half_days=None,
        campaign=PLAIN.campaign,
        shown=PLAIN.shown,
        order=PLAIN.order,
        min_deal=PLAIN.min_deal,
    )
    return (
        terms.form == PlanForm.RATE
        and terms.base == PlanBase.REVENUE
        and terms.mode in {BandMode.MARGINAL, BandMode.WHOLE}
        and said == PLAIN
    )


def settle(
    partner_ids: Sequence[UUID],
    audiences: Mapping[UUID, Audience],
    terms: Sequence[Terms],
    first: dt.date | None,
    calendar: Calendar,
    today: dt.date,
) -> Settled:
    """Post what these ordinary terms pay the partners of whom nothing has been posted, and find those for whom all
    that is due has been. Under the partners' locks. Seven queries, however many partners and deals there are."""
    plan_ids = sorted({term.plan_id for term in terms})
    odd, known = _held(partner_ids, plan_ids, first)
    fresh = [pk for pk in partner_ids if pk not in known]
    even = [pk for pk in partner_ids if pk in known and pk not in odd]
    last = Deal.objects.filter(partner_id__in=partner_ids, stage=SalesStage.WON).aggregate(
        day=Max("closed_on")
    )
    if last["day"] is None:
        return Settled(frozenset(fresh))
    facts = _Facts(audiences, terms, first or dt.date.min, last["day"], calendar)
    unequal = _unequal(facts, even, plan_ids) if even else frozenset()
    sums: dict[UUID, dict[str, int]] = defaultdict(dict)
    entries: dict[UUID, int] = defaultdict(int)
    for partner_id, currency, total, count in _post(facts, fresh, today) if fresh else ():
        sums[partner_id][currency] = total
        entries[partner_id] += count
    return Settled(frozenset([*fresh, *(pk for pk in even if pk not in unequal)]), sums, entries)


def _held(
    partner_ids: Collection[UUID], plan_ids: Collection[UUID], first: dt.date | None
) -> tuple[frozenset[UUID], frozenset[UUID]]:
    """Of whom something was posted that was not simply earned, and of whom anything was."""
    rows = of_companies(partner_ids).filter(plan_id__in=plan_ids).order_by()
    if first:
        rows = rows.filter(occurred_on__gte=first)
    simple = Q(kind=EntryKind.EARNING, part=Part.MAIN, sequence=1, partner_id=F("holder"))
    odd = rows.exclude(simple).values_list("holder", flat=True).distinct()
    return frozenset(odd), frozenset(rows.values_list("holder", flat=True).distinct())


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the statements are given beside the deals. `first` and `last` are days."""

    audiences: Mapping[UUID, Audience]
    terms: Sequence[Terms]
    first: dt.date
    last: dt.date
    calendar: Calendar

    def values(self, partner_ids: Sequence[UUID]) -> dict[str, Any]:
        versions: dict[str, list[Any]] = {
            "id": [term.version_id for term in self.terms],
            "plan": [term.plan_id for term in self.terms],
            "currency": [term.currency for term in self.terms],
            "whole": [term.mode == BandMode.WHOLE for term in self.terms],
            "hold": [term.hold_days for term in self.terms],
            "factor": [term.factor for term in self.terms],
            "exchange": [term.exchange_rate for term in self.terms],
            "least": [max(1, term.said.min_deal) for term in self.terms],
        }
        return {
            "tenant": current_tenant_id(),
            "ids": list(partner_ids),
            "first": self.first,
            **_columns("v", versions),
            **_columns("p", _turned(self._periods(), ("plan", "start", "end", "key"))),
            **_columns("b", _turned(self._bands(), ("version", "tier", "low", "high", "rate", "said"))),
            **_columns(
                "e",
                _turned(self._eligible(partner_ids), ("partner", "version", "tier", "from", "until", "head")),
            ),
        }

    def _periods(self) -> Iterator[tuple[Any, ...]]:
        for plan_id, kind in {(term.plan_id, term.period) for term in self.terms}:
            begins = max(self.first, min(term.start for term in self.terms if term.plan_id == plan_id))
            for period in self.calendar.span(kind, begins, max(begins, self.last)):
                yield plan_id, period.start, period.end, period.key

    def _bands(self) -> Iterator[tuple[Any, ...]]:
        for term in self.terms:
            for tier_id, bands in term.bands.items():
                for band in bands:
                    yield term.version_id, tier_id, band.start, band.end, band.rate, str(band.rate)

    def _eligible(self, partner_ids: Sequence[UUID]) -> Iterator[tuple[Any, ...]]:
        """The stretches of days on which a version is for a partner, at one tier."""
        names = {tier.pk: tier.name for tier in all_tiers()}
        heads = {
            (term.version_id, tier_id): _head(term, names.get(tier_id, ""))
            for term in self.terms
            for tier_id in term.bands
        }
        for partner_id in partner_ids:
            audience = self.audiences[partner_id]
            for term in self.terms:
                begins = max(self.first, term.start)
                ends = term.end or dt.date.max
                for start, end in _stretches(audience, begins, ends):
                    tier = audience.tiers.on(start)
                    if tier is not None and not_for(term, audience, tier, _ANY) is None:
                        yield partner_id, term.version_id, tier, start, end, heads[term.version_id, tier]


# A won deal of which nothing is posted; ordinary plans are for every product.
_ANY = WonDeal(UUID(int=0), dt.date.min, 1)


def _stretches(audience: Audience, begins: dt.date, ends: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    days = [day for day, _tier in audience.tiers.changes if begins < day < ends]
    edges = [begins, *days, ends]
    return ((start, end) for start, end in pairwise(edges) if start < end)


def _head(terms: Terms, tier_name: str) -> str:
    """What the explanations of all entries of one version and tier have in common; the opening of a JSON object."""
    said = {
        "tier": tier_name,
        "plan": terms.plan_name,
        "version": terms.number,
        "mode": terms.mode,
        "hold_days": terms.hold_days,
        "nothing": None,
        "before_posting": 0,
    }
    return json.dumps(said)[:-1]


def _turned(rows: Iterable[tuple[Any, ...]], names: Sequence[str]) -> dict[str, list[Any]]:
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return {name: list(column) for name, column in zip(names, columns, strict=True)}


def _columns(prefix: str, columns: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    return {f"{prefix}_{name}": column for name, column in columns.items()}


# Every deal's place in its partner's running total of the plan's period, what of it falls into which band, and the amount.
_DUE = f"""WITH version AS MATERIALIZED (SELECT * FROM unnest(%(v_id)s::uuid[], %(v_plan)s::uuid[], %(v_currency)s::text[],
        %(v_whole)s::boolean[], %(v_hold)s::int[], %(v_factor)s::numeric[], %(v_exchange)s::numeric[], %(v_least)s::bigint[])
    AS v(version_id, plan_id, currency, whole, hold_days, factor, exchange_rate, least)),
period AS MATERIALIZED (SELECT * FROM unnest(%(p_plan)s::uuid[], %(p_start)s::date[], %(p_end)s::date[], %(p_key)s::text[])
    AS p(plan_id, start_on, end_on, period_key)),
band AS MATERIALIZED (SELECT * FROM unnest(%(b_version)s::uuid[], %(b_tier)s::uuid[], %(b_low)s::bigint[], %(b_high)s::bigint[],
        %(b_rate)s::numeric[], %(b_said)s::text[]) AS b(version_id, tier_id, low, high, rate, said)),
eligible AS MATERIALIZED (SELECT * FROM unnest(%(e_partner)s::uuid[], %(e_version)s::uuid[], %(e_tier)s::uuid[],
        %(e_from)s::date[], %(e_until)s::date[], %(e_head)s::text[])
    AS e(partner_id, version_id, tier_id, from_on, until_on, head)),
counted AS (
    SELECT d.partner_id, d.id AS deal_id, d.closed_on AS day, d.rate AS deal_rate,
        d.status = '{RegistrationStatus.WON.value}' AS registered, e.version_id, e.tier_id, e.head, v.plan_id, v.currency,
        v.whole, v.hold_days, v.exchange_rate, v.least, p.start_on, p.period_key,
        round(d.revenue_base * v.factor)::bigint AS base
    FROM {_DEALS} d
    JOIN eligible e ON e.partner_id = d.partner_id AND d.closed_on >= e.from_on AND d.closed_on < e.until_on
    JOIN version v ON v.version_id = e.version_id
    JOIN period p ON p.plan_id = v.plan_id AND d.closed_on >= p.start_on AND d.closed_on < p.end_on
    WHERE d.tenant_id = %(tenant)s AND d.partner_id = ANY(%(ids)s) AND d.stage = '{SalesStage.WON.value}'
        AND d.closed_on >= %(first)s AND d.revenue_base > 0
),
placed AS (
    SELECT *, (sum(base) OVER (running ROWS UNBOUNDED PRECEDING))::bigint - base AS before,
        (sum(base) OVER (PARTITION BY partner_id, plan_id, start_on))::bigint AS total
    FROM counted WHERE base >= least
    WINDOW running AS (PARTITION BY partner_id, plan_id, start_on ORDER BY day, deal_id)
),
due AS (
    SELECT placed.*, found.*, round(found.exact)::bigint AS amount
    FROM placed CROSS JOIN LATERAL (
        SELECT sum(part.n * part.rate) AS exact, count(*) AS parts, min(part.rate) AS lone, max(part.n) AS most,
            string_agg('{{"base": ' || part.n || ', "rate": "' || part.said || '"}}', ', ' ORDER BY part.low) AS slices
        FROM (
            SELECT band.rate, band.said, band.low, CASE WHEN whole THEN base
                ELSE LEAST(before + base, COALESCE(band.high, before + base)) - GREATEST(before, band.low) END AS n
            FROM band
            WHERE band.version_id = placed.version_id AND band.tier_id = placed.tier_id
                AND band.low < CASE WHEN whole THEN total + 1 ELSE before + base END
                AND (band.high IS NULL OR band.high > CASE WHEN whole THEN total ELSE before END)
        ) AS part
    ) AS found
    WHERE round(found.exact) <> 0
)
"""

_UNEQUAL = (
    _DUE
    + f""", held AS (
    SELECT partner_id, deal_id, plan_id, occurred_on, amount FROM {_LEDGER}
    WHERE tenant_id = %(tenant)s AND partner_id = ANY(%(ids)s) AND plan_id = ANY(%(plans)s) AND occurred_on >= %(first)s
)
SELECT DISTINCT partner_id FROM (
    (SELECT partner_id, deal_id, plan_id, day, amount FROM due EXCEPT ALL SELECT * FROM held)
    UNION ALL
    (SELECT * FROM held EXCEPT ALL SELECT partner_id, deal_id, plan_id, day, amount FROM due)
) AS unequal"""
)

_INSERT = (
    _DUE
    + f""", posted AS (
    INSERT INTO {_LEDGER} (id, tenant_id, created_at, partner_id, deal_id, label, plan_id, plan_version_id, tier_id, kind,
        amount, currency, base, rate, exchange_rate, occurred_on, booked_on, payable_on, posted_on, part, sequence, explanation)
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING %(now)s FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid,
        %(tenant)s, now(), partner_id, deal_id, '', plan_id, version_id, tier_id, '{EntryKind.EARNING.value}',
        amount, currency, base,
        CASE WHEN parts = 1 AND most = base THEN lone ELSE round(exact / base, 10) END,
        deal_rate * exchange_rate, day, day, day + hold_days, %(today)s, '{Part.MAIN.value}', 1,
        (head || ', "amount": ' || amount || ', "base": ' || base || ', "day": "' || to_char(day, 'YYYY-MM-DD')
            || '", "period": "' || period_key || '", "before": ' || before || ', "total": ' || total
            || ', "slices": [' || slices || '], "inputs": {{"base": ' || base || ', "total": ' || total
            || CASE WHEN before > 0 THEN ', "before": ' || before ELSE '' END
            || CASE WHEN registered THEN ', "registered": true' ELSE '' END || '}}}}')::jsonb
    FROM due
    RETURNING partner_id, currency, amount
)
SELECT partner_id, currency, sum(amount)::bigint, count(*) FROM posted GROUP BY partner_id, currency"""
)


def _unequal(facts: _Facts, partner_ids: Sequence[UUID], plan_ids: Sequence[UUID]) -> frozenset[UUID]:
    """For whom the ledger does not hold just what is due."""
    with connection.cursor() as cursor:
        cursor.execute(_UNEQUAL, facts.values(partner_ids) | {"plans": list(plan_ids)})
        return frozenset(pk for (pk,) in cursor.fetchall())


def _post(facts: _Facts, partner_ids: Sequence[UUID], today: dt.date) -> list[tuple[UUID, str, int, int]]:
    """Post what is due to partners of whom nothing was posted. Sums and numbers by partner and currency."""
    # The first six octets of a version 7 UUID: entries sort by when they were posted.
    now = time.time_ns() // 1_000_000
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, facts.values(partner_ids) | {"today": today, "now": now.to_bytes(6)})
        return cursor.fetchall()

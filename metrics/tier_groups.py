"""The figures of each tier: the facts of the partners that have it added up, with the same formulas and rules.

A tier is known by the day, and who has it may change backwards; so these are added up when they are asked for.
"""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from django.db import connection

from metrics.models import Scorecard, SubjectKind
from metrics.periods import Period
from metrics.queries import partner_cards, stands_in_another
from metrics.rows import KEYS, PARTNERS, Templates, scored_rows
from metrics.sources import FACTS
from partners.directory.narrowing import partners_by_tier
from portal.shell.registry import segment_choices
from portal.tenancy.scope import current_tenant_id

_SUMS = f"""SELECT t.tier, f.key, sum(f.value::numeric)::bigint
    FROM unnest(%(partners)s::uuid[], %(tiers)s::text[]) AS t(partner_id, tier)
    JOIN {Scorecard._meta.db_table} s ON s.tenant_id = %(tenant)s AND s.partner_id = t.partner_id
        AND s.subject_kind = %(partner)s AND s.period_kind = %(kind)s AND s.period_start = %(start)s
    CROSS JOIN LATERAL jsonb_each_text(s.facts) AS f
    GROUP BY t.tier, f.key"""


@dataclass(frozen=True, slots=True)
class TierFigures:
    """A tier's partners in a period: their facts added up, what the KPIs come to, and the score of all together."""

    code: str
    name: str
    facts: dict[str, int]
    score: float | None = None
    breakdown: dict[str, dict[str, Any]] = field(default_factory=dict)


def tier_figures(period: Period, today: dt.date, templates: Templates | None = None) -> list[TierFigures]:
    """In the tiers' order, those without a tier last; who is in which on the period's last day, or today. A tier
    without scorecards is left out. A number of queries that does not grow with the partners."""
    day = min(period.end - dt.timedelta(days=1), today)
    cards = partner_cards().filter(period_kind=period.kind, period_start=period.start)
    elsewhere = set(cards.filter(stands_in_another()).order_by().values_list("partner_id", flat=True))
    by_tier = partners_by_tier(day)
    pairs = [(key, code) for code, keys in by_tier.items() for key in keys if key not in elsewhere]
    values: dict[str, Any] = {
        "tenant": current_tenant_id(),
        "partners": [key for key, _code in pairs],
        "tiers": [code for _key, code in pairs],
        "partner": SubjectKind.PARTNER.value,
        "kind": period.kind.value,
        "start": period.start,
    }
    found: dict[str, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, values)
        for tier, name, total in cursor.fetchall():
            found.setdefault(tier, {})[name] = total
    names = [*segment_choices(), ("", "")]
    tiers = [TierFigures(code, name, found[code]) for code, name in names if code in found]
    return _scored(tiers, period, templates or Templates.load()) if tiers else []


def _scored(tiers: Sequence[TierFigures], period: Period, templates: Templates) -> list[TierFigures]:
    facts = [*FACTS, *(name for tier in tiers for name in tier.facts if name not in FACTS)]
    names = [name for name in dict.fromkeys(facts) if name != PARTNERS]
    own = {"period_kind": period.kind.value, "period_start": str(period.start), "key": period.key}
    rows = pl.DataFrame(
        [
            {
                **dict.fromkeys(KEYS, ""),
                **own,
                "subject_kind": "tier",
                "subject_key": tier.code,
                **{name: tier.facts.get(name, 0) for name in names},
                PARTNERS: tier.facts.get(PARTNERS, 0),
            }
            for tier in tiers
        ],
        schema={**dict.fromkeys(KEYS, pl.String), **dict.fromkeys([*names, PARTNERS], pl.Int64)},
    )
    scored = scored_rows(rows, templates)
    result = {
        key: (score, breakdown)
        for key, score, breakdown in scored.select("subject_key", "score", "breakdown").iter_rows()
    }
    return [
        TierFigures(tier.code, tier.name, tier.facts, result[tier.code][0], json.loads(result[tier.code][1]))
        for tier in tiers
    ]

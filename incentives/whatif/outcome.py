"""What a partner would reach with more deals or other figures: score, tier and money, by the functions that compute the
real ones. Nothing is written."""

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

import polars as pl

from incentives.ledger import queries as ledger
from incentives.ledger.calculation import Audience, Line, WonDeal, calculate
from incentives.ledger.items import won_items
from incentives.plans.enums import PlanForm
from incentives.plans.queries import published_terms
from incentives.plans.terms import Terms
from incentives.tiers import queries as tiers
from incentives.tiers.enums import Outcome, WindowKind
from incentives.tiers.history import TierHistory
from incentives.tiers.models import Tier
from incentives.tiers.readings import Values, readings, window_of
from incentives.tiers.requirements import SCORE, Condition, GroupResult, evaluate, exact
from metrics.catalogue import CATALOGUE, FORMULA_CODES
from metrics.evaluation import evaluate_facts
from metrics.models import SubjectKind
from metrics.periods import Calendar, PeriodKind, Window, calendar_of
from metrics.rows import Templates, scored_rows
from metrics.sources.reading import active_sources, fact_names, read_facts
from metrics.store import read_rows
from portal.tenancy.scope import current_tenant_id, tenant_scope


@dataclass(frozen=True, slots=True)
class Idea:
    """A deal that might be won today: `revenue` in minor units of the tenant's currency."""

    revenue: int
    registered: bool = False
    family: UUID | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is supposed: deals won today, and figures of the scorecard (as a fraction or in minor units)."""

    deals: tuple[Idea, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, int]:
        """What the deals add to the partner's facts of any window that today lies in."""
        registered = sum(deal.registered for deal in self.deals)
        revenue = sum(deal.revenue for deal in self.deals)
        return {
            "deals_won": len(self.deals),
            "deals_attributed": len(self.deals),
            "deals_won_registered": registered,
            "deals_registered": registered,
            "revenue_won": revenue,
            "revenue_sourced": sum(deal.revenue for deal in self.deals if deal.registered),
            "revenue_influenced": sum(deal.revenue for deal in self.deals if not deal.registered),
        }


@dataclass(frozen=True, slots=True)
class PlanMoney:
    """What a plan earns the partner in its running period, in minor units of its currency."""

    name: str
    currency: str
    now: int
    then: int
    promoted: int
    is_pool: bool = False

    @property
    def more(self) -> int:
        return self.then - self.now


@dataclass(frozen=True, slots=True)
class Standing:
    score: float | None
    reached: Tier | None
    results: Mapping[UUID, GroupResult]


@dataclass(frozen=True, slots=True)
class Outlook:
    """As it is and as it would be. `promoted` money is what the deals would earn in the tier that would be reached."""

    now: Standing
    then: Standing
    held: Tier | None
    money: list[PlanMoney]
    figures: list[tuple[str, str, float | None]]

    @property
    def rises(self) -> bool:
        return bool(self.then.reached and (self.held is None or self.then.reached.rank > self.held.rank))


def outlook(partner_id: UUID, wish: Wish) -> Outlook:
    """What would come of a wish. Peers' figures are read for the score, and none of them is told."""
    with tenant_scope(current_tenant_id()):
        tenant = tiers.tenant_in_scope()
        calendar = calendar_of(tenant)
        today = calendar.today()
        score_now, breakdown = _score(partner_id, Wish(), calendar, today)
        score_then, _breakdown = _score(partner_id, wish, calendar, today)
        ladder = tiers.tiers()
        now = _standing(ladder, partner_id, Wish(), score_now, calendar, today)
        then = _standing(ladder, partner_id, wish, score_then, calendar, today)
        who = ledger.audiences([partner_id])[partner_id]
        held = next((tier for tier in ladder if tier.pk == who.tiers.on(today)), None)
        rises = then.reached if then.reached and (held is None or then.reached.rank > held.rank) else None
        return Outlook(
            now,
            then,
            held,
            _money(partner_id, wish, who, rises, calendar, today),
            [
                (code, str(CATALOGUE[code].name), _number(part.get("value")))
                for code, part in breakdown.items()
                if code in FORMULA_CODES
            ],
        )


# --- score -------------------------------------------------------------------------------------


def _score(
    partner_id: UUID, wish: Wish, calendar: Calendar, today: dt.date
) -> tuple[float | None, dict[str, dict[str, float]]]:
    """The score of the running quarter and how it is made up, with the wish among the facts."""
    period = calendar.current(PeriodKind.QUARTER, today)
    every = read_rows([period], fact_names(active_sources()))
    rows = every.filter(pl.col("subject_kind") == SubjectKind.PARTNER.value).drop("id")
    own = rows.filter(pl.col("partner_id") == str(partner_id))
    if own.is_empty():
        return None, {}
    alike = (pl.col("partner_type") == own["partner_type"][0]) & (pl.col("region") == own["region"][0])
    in_tier = (pl.col("segment") != "") & (pl.col("segment") == own["segment"][0])
    peers = rows.filter(alike | in_tier)
    mine = pl.col("partner_id") == str(partner_id)
    changed = peers.with_columns(
        pl.when(mine).then(pl.col(name) + more).otherwise(pl.col(name)).alias(name)
        for name, more in wish.facts.items()
        if name in peers.columns
    )
    scored = scored_rows(changed, Templates.load(), given=wish.figures, of=str(partner_id))
    row = scored.filter(mine).row(0, named=True)
    return _number(row["score"]), _parsed(row["breakdown"])


def _number(value: float | None) -> float | None:
    """None also for what no division gives a number for."""
    return None if value is None or math.isnan(value) else value


def _parsed(text: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = json.loads(text)
    return found


# --- tier --------------------------------------------------------------------------------------


def _standing(
    ladder: Sequence[Tier],
    partner_id: UUID,
    wish: Wish,
    score: float | None,
    calendar: Calendar,
    today: dt.date,
) -> Standing:
    """Each tier's requirements against the figures with the wish."""
    held = tiers.tier_on(partner_id, today)
    trees = {tier.pk: tier.tree_from(held.rank if held else 0) for tier in ladder}
    conditions = [condition for tree in trees.values() for condition in tree.conditions()]
    values = readings(conditions, [partner_id], [today], calendar)[partner_id, today]
    values = _wished(values, conditions, partner_id, wish, score, calendar, today)
    results = {tier_id: evaluate(tree, values) for tier_id, tree in trees.items()}
    met = [tier for tier in ladder if results[tier.pk].outcome == Outcome.MET]
    return Standing(score, met[-1] if met else (ladder[0] if ladder else None), results)


def _wished(
    values: Values,
    conditions: Sequence[Condition],
    partner_id: UUID,
    wish: Wish,
    score: float | None,
    calendar: Calendar,
    today: dt.date,
) -> Values:
    changed = dict(values)
    kinds = {condition.window for condition in conditions if condition.measure in FORMULA_CODES}
    for kind in kinds if wish.deals else ():
        facts = _facts(partner_id, window_of(kind, today, calendar), calendar, today)
        for name, more in wish.facts.items():
            facts[name] = facts.get(name, 0) + more
        codes = {c.measure for c in conditions if c.window == kind and c.measure in FORMULA_CODES}
        for code, value in evaluate_facts(facts, sorted(codes)).items():
            changed[code, kind] = exact(value)
    for measure, kind in changed:
        if measure in wish.figures:
            changed[measure, kind] = Decimal(str(wish.figures[measure]))
    if (SCORE, WindowKind.QUARTER) in changed and score is not None:
        changed[SCORE, WindowKind.QUARTER] = exact(score)
    return changed


def _facts(partner_id: UUID, window: Window, calendar: Calendar, today: dt.date) -> dict[str, int]:
    frame = read_facts([window], calendar, today, [partner_id])
    if frame.is_empty():
        return {}
    return {name: value for name, value in frame.row(0, named=True).items() if isinstance(value, int)}


# --- money -------------------------------------------------------------------------------------


def _money(
    partner_id: UUID, wish: Wish, who: Audience, rises: Tier | None, calendar: Calendar, today: dt.date
) -> list[PlanMoney]:
    tenant = tiers.tenant_in_scope()
    terms = published_terms(tenant)
    year = calendar.period(PeriodKind.YEAR, today)
    reach = ledger.reach_of(year.start, terms)
    deals = won_items([partner_id], reach, terms).get(partner_id, [])
    held = ledger.posted([partner_id], year.start).get(partner_id, {})
    who = ledger.settled(who, held)
    ideas = [
        # Behind every deal of the day, so that what was won already is paid first.
        WonDeal(
            UUID(int=2**128 - 1 - number), today, idea.revenue, registered=idea.registered, family=idea.family
        )
        for number, idea in enumerate(reversed(wish.deals))
    ]
    promoted = who
    if rises is not None:
        changes = (*(change for change in who.tiers.changes if change[0] < today), (today, rises.pk))
        promoted = replace(who, tiers=TierHistory(who.tiers.base, changes))
    now = calculate(deals, who, terms, calendar)
    then = calculate([*deals, *ideas], who, terms, calendar)
    higher = calculate([*deals, *ideas], promoted, terms, calendar) if rises else then
    return [
        PlanMoney(
            term.plan_name,
            term.currency,
            _earned(now, term, calendar, today),
            _earned(then, term, calendar, today),
            _earned(higher, term, calendar, today),
            term.form == PlanForm.POOL,
        )
        for term in sorted(terms, key=lambda term: (term.said.order, term.plan_name))
        if term.in_force(today)
    ]


def _earned(lines: Sequence[Line], term: Terms, calendar: Calendar, today: dt.date) -> int:
    period = calendar.period(term.period, today)
    return sum(
        line.amount
        for line in lines
        if line.terms is not None
        and line.terms.plan_id == term.plan_id
        and period.start <= line.day < period.end
    )

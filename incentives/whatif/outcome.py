"""What a partner would reach with more deals, certificates or other figures: score, tier and money, by the functions
that compute the real ones. Nothing is written."""

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
from incentives.tiers.appraisal import reached
from incentives.tiers.enums import WindowKind
from incentives.tiers.history import TierHistory
from incentives.tiers.measures import measure_of
from incentives.tiers.models import Tier
from incentives.tiers.readings import Values, readings, score_periods
from incentives.tiers.requirements import SCORE, Condition, Group, GroupResult, evaluate, exact, is_check
from incentives.tiers.supposing import with_facts
from metrics.actions import merged_partners
from metrics.models import Scorecard, SubjectKind
from metrics.own import kpi_of
from metrics.periods import Calendar, Period, PeriodKind, calendar_of
from metrics.queries import ENOUGH_PEERS, scores
from metrics.rows import Templates, scored_rows
from metrics.sources.reading import active_sources, fact_names
from metrics.store import read_rows
from portal.tenancy.scope import current_tenant_id, tenant_scope

SATISFACTION = ("csat", "nps", "partner_satisfaction")


@dataclass(frozen=True, slots=True)
class Idea:
    """A deal that might be won today: `revenue` in minor units of the tenant's currency."""

    revenue: int
    registered: bool = False
    family: UUID | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What is supposed: deals won today, so many more people certified today, and figures by the code of their measure
    (as a fraction or in minor units; 1 for a check that is confirmed)."""

    deals: tuple[Idea, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    certified: int = 0

    @property
    def facts(self) -> dict[str, int]:
        """What it adds to the partner's facts of any window that today lies in."""
        registered = sum(deal.registered for deal in self.deals)
        revenue = sum(deal.revenue for deal in self.deals)
        more = {
            "deals_won": len(self.deals),
            "deals_attributed": len(self.deals),
            "deals_won_registered": registered,
            "deals_registered": registered,
            "revenue_won": revenue,
            "revenue_sourced": sum(deal.revenue for deal in self.deals if deal.registered),
            "revenue_influenced": sum(deal.revenue for deal in self.deals if not deal.registered),
            "completions": self.certified,
            "people_trained": self.certified,
            "people_certified": self.certified,
        }
        return {name: number for name, number in more.items() if number}


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
class Figure:
    """A figure that may be supposed otherwise. `value` in the unit of the measure, None where there is no data."""

    code: str
    name: str
    unit: str
    value: float | None

    @property
    def is_check(self) -> bool:
        return is_check(self.code)

    @property
    def is_satisfaction(self) -> bool:
        return self.code in SATISFACTION


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
    above: Sequence[Tier]
    money: list[PlanMoney]

    @property
    def rises(self) -> bool:
        return bool(self.then.reached and (self.held is None or self.then.reached.rank > self.held.rank))


@dataclass(frozen=True, slots=True)
class _Card:
    """A running period's rows of the partner and its peers, to be scored with a wish or without.

    `still` are the KPIs, with their values, in which the partner stays where it is among its peers. `steps` are those in
    which it moves from one quarter of its peers to another alone, with its value now and where the quarters begin.
    """

    period: Period
    rows: pl.DataFrame
    templates: Templates
    partner_id: UUID
    still: Mapping[str, float | None] = field(default_factory=dict)
    steps: Mapping[str, tuple[float | None, Sequence[float]]] = field(default_factory=dict)

    def scored(self, wish: Wish) -> tuple[float | None, dict[str, dict[str, float]]]:
        """The score and how it is made up; peers' figures are read for it, and none of them is told."""
        mine = pl.col("partner_id") == str(self.partner_id)
        there = set(self.rows.columns)
        rows = self.rows.with_columns(
            pl.when(mine)
            .then((pl.col(name) if name in there else pl.lit(0, pl.Int64)) + more)
            .otherwise(pl.col(name) if name in there else pl.lit(0, pl.Int64))
            .alias(name)
            for name, more in wish.facts.items()
        )
        score, breakdown = self._scored(rows, {**wish.figures, **self.still})
        if not self.steps:
            return score, breakdown
        stepped = {
            code: _in_steps(_number(breakdown[code]["value"]), *steps) for code, steps in self.steps.items()
        }
        return self._scored(rows, {**wish.figures, **self.still, **stepped})

    def _scored(
        self, rows: pl.DataFrame, given: Mapping[str, float | None]
    ) -> tuple[float | None, dict[str, dict[str, float]]]:
        scored = scored_rows(rows, self.templates, given=given, of=str(self.partner_id))
        row = scored.filter(pl.col("partner_id") == str(self.partner_id)).row(0, named=True)
        return _number(row["score"]), _parsed(row["breakdown"])


@dataclass(frozen=True, slots=True)
class Situation:
    """A partner as it stands today: what every wish of it starts from."""

    partner_id: UUID
    calendar: Calendar
    today: dt.date
    ladder: Sequence[Tier]
    held: Tier | None
    trees: Mapping[UUID, Group]
    conditions: Sequence[Condition]
    values: Values
    cards: Mapping[PeriodKind, _Card]

    @property
    def card(self) -> _Card | None:
        """The scorecard that people speak of: the quarter's, or the one there is."""
        order = (PeriodKind.QUARTER, PeriodKind.MONTH, PeriodKind.YEAR)
        return next((self.cards[kind] for kind in order if kind in self.cards), None)

    def scored(self, wish: Wish) -> dict[PeriodKind, float | None]:
        """The score of each running period."""
        return {kind: card.scored(wish)[0] for kind, card in self.cards.items()}

    def figures(self) -> list[Figure]:
        """What the scorecard and the tiers look at, as it is; a check only where it does not hold."""
        found: dict[str, float | None] = {}
        if self.card is not None:
            _score, breakdown = self.card.scored(Wish())
            for code, part in breakdown.items():
                if not kpi_of(code).ranks and code not in self.card.still:
                    found[code] = _number(part.get("value"))
        for condition in self.conditions:
            value = self.values.get(condition.reading)
            if condition.measure != SCORE and not (is_check(condition.measure) and value):
                found.setdefault(condition.measure, None if value is None else float(value))
        named = [(measure_of(code), value) for code, value in found.items()]
        return [Figure(measure.code, measure.name, measure.unit, value) for measure, value in named]


def situation(partner_id: UUID, *, to_partner: bool = False) -> Situation:
    """Where the partner stands, read once for any number of wishes.

    To a partner it tells of no single peer: from where on it would pass one says what that one has. Among fewer than five
    it stays where it is, and among more it moves by quarters, whose limits its benchmarks tell it.
    """
    with tenant_scope(current_tenant_id()):
        calendar = calendar_of(tiers.tenant_in_scope())
        today = calendar.today()
        ladder = tiers.tiers()
        held = tiers.tier_on(partner_id, today)
        trees = {tier.pk: tier.tree_from(held.rank if held else 0) for tier in ladder}
        conditions = [condition for tree in trees.values() for condition in tree.conditions()]
        values = readings(conditions, [partner_id], [today], calendar)[partner_id, today]
        return Situation(
            partner_id,
            calendar,
            today,
            ladder,
            held,
            trees,
            conditions,
            values,
            _cards(partner_id, calendar, today, to_partner=to_partner),
        )


def outlook(partner_id: UUID, wish: Wish) -> Outlook:
    return outlook_of(situation(partner_id), wish)


def outlook_of(it: Situation, wish: Wish) -> Outlook:
    """What would come of a wish."""
    with tenant_scope(current_tenant_id()):
        scored = it.scored(wish)
        now = _standing(it, it.values, it.scored(Wish()))
        then = _standing(it, _wished(it, wish, scored), scored)
        who = ledger.audiences([it.partner_id])[it.partner_id]
        rank = -1 if it.held is None else it.held.rank
        rises = then.reached if then.reached and then.reached.rank > rank else None
        return Outlook(
            now,
            then,
            it.held,
            [tier for tier in it.ladder if tier.rank > rank],
            _money(it, wish, who, rises),
        )


# --- score -------------------------------------------------------------------------------------


def _cards(
    partner_id: UUID, calendar: Calendar, today: dt.date, *, to_partner: bool
) -> dict[PeriodKind, _Card]:
    """The running periods in which the partner has a scorecard that is scored."""
    templates = Templates.load()
    names = fact_names(active_sources())
    found = {}
    for kind in sorted({PeriodKind(version.template.period_kind) for version in templates.versions}):
        period = calendar.current(kind, today)
        rows = _rows(partner_id, period, names)
        if rows is not None:
            told = _held_back(str(partner_id), rows, templates, period) if to_partner else ({}, {})
            found[kind] = _Card(period, rows, templates, partner_id, *told)
    return found


def _held_back(
    partner_id: str, rows: pl.DataFrame, templates: Templates, period: Period
) -> tuple[dict[str, float | None], dict[str, tuple[float | None, list[float]]]]:
    """Of the KPIs that are held against peers: the values of those that stay as they are (the peers are fewer than five,
    or it is a rank made of others), and the value and the quarters of the rest."""
    card = rows.filter(pl.col("partner_id") == partner_id).row(0, named=True)
    version = templates.version_for(period, card["partner_type"], card["region"], card["segment"])
    catalogue = templates.catalogue(period)
    codes = [rule.code for rule in version.rules.kpis if rule.among_peers(catalogue)] if version else []
    if version is None or not codes:
        return {}, {}
    scored = scored_rows(rows, templates)
    mine = scored.filter(pl.col("partner_id") == partner_id).row(0, named=True)
    among = ("version_id",) if version.rules.own_peers else ("version_id", "partner_type", "region")
    peers = scored.filter(pl.col(name) == mine[name] for name in among)
    parts = [_parsed(text) for text in peers["breakdown"]]
    own = _parsed(mine["breakdown"])
    still: dict[str, float | None] = {}
    steps: dict[str, tuple[float | None, list[float]]] = {}
    for code in codes:
        values = [value for part in parts if (value := _number(part.get(code, {}).get("value"))) is not None]
        if len(values) < ENOUGH_PEERS or catalogue[code].ranks:
            still[code] = _number(own[code]["value"])
        else:
            steps[code] = _number(own[code]["value"]), _quarters(values)
    return still, steps


def _quarters(values: Sequence[float]) -> list[float]:
    """Where the second, third and fourth quarter of the values begin; as in the benchmarks."""
    found = pl.Series(values, dtype=pl.Float64)
    return [float(found.quantile(share, "linear") or 0) for share in (0.25, 0.5, 0.75)]


def _in_steps(value: float | None, now: float | None, quarters: Sequence[float]) -> float | None:
    """The limit that is passed last on the way from `now` to a value; `now` where none is."""
    if value is None or value == now:
        return value
    if now is None or value > now:
        return max((each for each in quarters if each <= value and (now is None or each > now)), default=now)
    return min((each for each in quarters if value <= each < now), default=now)


def _rows(partner_id: UUID, period: Period, names: Sequence[str]) -> pl.DataFrame | None:
    """The stored rows of the partner and its peers with their facts; None where it has no row of its own."""
    own = Scorecard.objects.filter(
        subject_kind=SubjectKind.PARTNER,
        partner_id=partner_id,
        period_kind=period.kind,
        period_start=period.start,
    ).values("partner_id", "partner_type", "region", "segment")
    card = own.first()
    if card is None:
        return None
    audience = (card["partner_type"], card["region"], card["segment"])
    rows = read_rows([period], names, peers_of=[audience]).drop("id")
    return rows.filter(~pl.col("partner_id").is_in(merged_partners()))


def _number(value: float | None) -> float | None:
    """None also for what no division gives a number for."""
    return None if value is None or not math.isfinite(value) else value


def _parsed(text: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = json.loads(text)
    return found


# --- tier --------------------------------------------------------------------------------------


def _standing(it: Situation, values: Values, scored: Mapping[PeriodKind, float | None]) -> Standing:
    """Each tier's requirements against the figures."""
    results = {tier_id: evaluate(tree, values) for tier_id, tree in it.trees.items()}
    score = scored[it.card.period.kind] if it.card else None
    return Standing(score, reached(it.ladder, results) if it.ladder else None, results)


def _wished(it: Situation, wish: Wish, scored: Mapping[PeriodKind, float | None]) -> Values:
    changed = dict(it.values)
    if wish.facts:
        changed = with_facts(
            changed, it.conditions, it.partner_id, lambda _window: wish.facts, it.calendar, it.today
        )
    for measure, kind in changed:
        if measure in wish.figures:
            changed[measure, kind] = exact(wish.figures[measure])
    for measure, kind in changed:
        if measure == SCORE:
            changed[SCORE, kind] = _wished_score(it, kind, scored, changed[SCORE, kind])
    return changed


def _wished_score(
    it: Situation, kind: WindowKind, scored: Mapping[PeriodKind, float | None], now: Decimal | None
) -> Decimal | None:
    """The score that a requirement would look at; over four quarters the running one alone is another."""
    periods = score_periods(kind, it.today, it.calendar)
    if periods[-1].kind not in scored:
        return now
    then = exact(scored[periods[-1].kind])
    if len(periods) == 1:
        return then
    past = [scores(period, [it.partner_id]).get(it.partner_id) for period in periods[:-1]]
    reached = [row.score for row in past if row is not None and row.score is not None]
    reached += [] if then is None else [then]
    return sum(reached, Decimal(0)) / len(reached) if reached else None


# --- money -------------------------------------------------------------------------------------


def _money(it: Situation, wish: Wish, who: Audience, rises: Tier | None) -> list[PlanMoney]:
    partner_id, calendar, today = it.partner_id, it.calendar, it.today
    terms = published_terms(tiers.tenant_in_scope())
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

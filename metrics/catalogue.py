"""The KPIs: what is measured, by which formula over facts, and which way is better."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TypeVar

import polars as pl
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from metrics.facts import FACTS
from metrics.formulas import compile_sql, names_in, parse, to_sql


class Unit(StrEnum):
    MONEY = "money"  # minor units of the tenant's currency
    PERCENT = "%"  # a fraction
    COUNT = "count"
    DAYS = "days"
    HOURS = "hours"
    RATIO = "ratio"
    POINTS = "points"
    SCORE = "score"  # 0..100


UP, DOWN = "up", "down"
LEAD, LAG = "lead", "lag"


@dataclass(frozen=True, slots=True)
class Kpi:
    """A measure. `level` is P (a partner), G (a group of partners) or PG. One with `ranks` is no formula over facts
    but the mean of the partner's percentile ranks among its peers in those KPIs, times 100."""

    code: str
    name: str | Promise
    formula: str
    unit: Unit
    better: str
    kind: str
    level: str
    meaning: str | Promise
    ranks: tuple[str, ...] = ()

    @property
    def additive(self) -> bool:
        """A plain sum: a group of ten is expected to reach ten times one partner's target."""
        return all(part.strip() in FACTS for part in self.formula.split("+"))

    @property
    def facts(self) -> list[str]:
        """The facts that the formula comes down to, those of the KPIs it names included."""
        if self.ranks:
            return list(dict.fromkeys(fact for code in self.ranks for fact in CATALOGUE[code].facts))
        names = [
            fact
            for name in names_in(self.formula)
            for fact in ([name] if name in FACTS else CATALOGUE[name].facts)
        ]
        return list(dict.fromkeys(names))

    @property
    def sources(self) -> list[str]:
        """The source tables of those facts."""
        return list(dict.fromkeys(FACTS[name].source for name in self.facts))


_SALES = [
    Kpi(
        "revenue",
        _("Total sales revenue"),
        "revenue_won",
        Unit.MONEY,
        UP,
        LAG,
        "PG",
        _("What customers agreed to pay on the deals won in the period."),
    ),
    Kpi(
        "deal_count",
        _("Deals won"),
        "deals_won",
        Unit.COUNT,
        UP,
        LAG,
        "PG",
        _("How many deals were won in the period."),
    ),
    Kpi(
        "average_deal_size",
        _("Average deal size"),
        "revenue_won / deals_won",
        Unit.MONEY,
        UP,
        LAG,
        "PG",
        _("Revenue of a won deal, on average."),
    ),
    Kpi(
        "win_rate",
        _("Win rate"),
        "deals_won / (deals_won + deals_lost)",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("Of the deals that were decided, how many were won. Open deals do not count."),
    ),
    Kpi(
        "close_rate",
        _("Close rate"),
        "deals_won / deals_attributed",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("Deals won against all opportunities that entered the pipeline, open ones too."),
    ),
    Kpi(
        "deal_success",
        _("Deal success"),
        "deals_won_registered / (deals_approved + deals_rejected)",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("Of the registrations that were decided, how many became a sale."),
    ),
    Kpi(
        "sales_cycle",
        _("Sales cycle length"),
        "cycle_days_won / deals_won",
        Unit.DAYS,
        DOWN,
        LAG,
        "PG",
        _("Days from entering the pipeline to the sale, on average."),
    ),
    Kpi(
        "deal_velocity",
        _("Deal velocity per day"),
        "pipeline_open_count * average_deal_size * win_rate / sales_cycle",
        Unit.MONEY,
        UP,
        LEAD,
        "PG",
        _("What the open pipeline brings in a day at the present pace."),
    ),
    Kpi(
        "pipeline",
        _("Opportunity pipeline"),
        "pipeline_open_amount",
        Unit.MONEY,
        UP,
        LEAD,
        "PG",
        _("Expected amount of the deals that are open."),
    ),
    Kpi(
        "weighted_pipeline",
        _("Weighted pipeline"),
        "pipeline_weighted_amount",
        Unit.MONEY,
        UP,
        LEAD,
        "PG",
        _("The open pipeline, each deal at the chance that its stage gives it."),
    ),
    Kpi(
        "deal_registration_rate",
        _("Deal registration rate"),
        "deals_registered / deals_attributed",
        Unit.PERCENT,
        UP,
        LEAD,
        "PG",
        _("Of the deals that entered the pipeline, how many were registered."),
    ),
    Kpi(
        "approval_rate",
        _("Registration approval rate"),
        "deals_approved / (deals_approved + deals_rejected)",
        Unit.PERCENT,
        UP,
        LEAD,
        "PG",
        _("Of the registrations that were decided, how many were approved."),
    ),
    Kpi(
        "decision_time",
        _("Time to a registration decision"),
        "decision_hours / deals_decided",
        Unit.HOURS,
        DOWN,
        LEAD,
        "PG",
        _("Hours from submission to the decision, on average."),
    ),
    Kpi(
        "quality_score",
        _("Quality score"),
        "mean of percentile ranks in deal_count and revenue",
        Unit.SCORE,
        UP,
        LAG,
        "P",
        _("Where the partner stands among its peers in deals won and in revenue, from 0 to 100."),
        ranks=("deal_count", "revenue"),
    ),
    Kpi(
        "revenue_growth",
        _("Sales growth rate"),
        "(revenue_won - revenue_won_previous) / revenue_won_previous",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("Revenue against the period before of the same length."),
    ),
    Kpi(
        "sourced_revenue",
        _("Partner-sourced revenue"),
        "revenue_sourced",
        Unit.MONEY,
        UP,
        LAG,
        "PG",
        _("Revenue won on deals that the partner registered."),
    ),
    Kpi(
        "influenced_revenue",
        _("Partner-influenced revenue"),
        "revenue_influenced",
        Unit.MONEY,
        UP,
        LAG,
        "PG",
        _("Revenue won on deals that reached the partner without a registration."),
    ),
    Kpi(
        "sourced_share",
        _("Share of revenue sourced"),
        "revenue_sourced / (revenue_sourced + revenue_influenced)",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("How much of the revenue comes from deals that the partner registered."),
    ),
    Kpi(
        "joint_customers",
        _("Customers won together"),
        "joint_customers_won",
        Unit.COUNT,
        UP,
        LAG,
        "PG",
        _("Customers first won together with the vendor's people or with another partner."),
    ),
    Kpi(
        "shared_pipeline_growth",
        _("Growth of the shared pipeline"),
        "(pipeline_shared_amount - pipeline_shared_before) / pipeline_shared_before",
        Unit.PERCENT,
        UP,
        LEAD,
        "PG",
        _("The partner's part of open deals that are sold together, against the period's first day."),
    ),
    Kpi(
        "gross_margin",
        _("Gross margin"),
        "(revenue_with_cost - cost_won) / revenue_with_cost",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("What is left of the revenue after cost, over the won deals whose cost is known."),
    ),
    Kpi(
        "client_acquisition",
        _("New customers"),
        "customers_new",
        Unit.COUNT,
        UP,
        LAG,
        "PG",
        _("Customers that bought from the partner for the first time."),
    ),
]

_LEADS = [
    Kpi(
        "sales_conversion_rate",
        _("Sales conversion rate"),
        "leads_converted / leads_submitted",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("Leads that became a deal against the leads that the partner submitted."),
    ),
    Kpi(
        "leads",
        _("Leads generated"),
        "leads_submitted",
        Unit.COUNT,
        UP,
        LEAD,
        "PG",
        _("How many leads the partner found and submitted."),
    ),
    Kpi(
        "qualified_leads",
        _("Qualified leads"),
        "leads_qualified",
        Unit.COUNT,
        UP,
        LEAD,
        "PG",
        _("How many of them meet the programme’s criteria."),
    ),
    Kpi(
        "marketing_qualified_leads",
        _("Marketing-qualified leads"),
        "leads_marketing_qualified",
        Unit.COUNT,
        UP,
        LEAD,
        "PG",
        _("How many of them meet the criteria of marketing."),
    ),
    Kpi(
        "lead_quality",
        _("Lead quality"),
        "leads_qualified / leads_submitted",
        Unit.PERCENT,
        UP,
        LEAD,
        "PG",
        _("Of the leads that the partner submitted, how many are qualified."),
    ),
    Kpi(
        "lead_conversion",
        _("Lead conversion rate"),
        "leads_converted / leads_qualified",
        Unit.PERCENT,
        UP,
        LAG,
        "PG",
        _("Leads that became a deal against the partner’s qualified leads."),
    ),
    Kpi(
        "lead_acceptance",
        _("Acceptance of distributed leads"),
        "leads_accepted / leads_received",
        Unit.PERCENT,
        UP,
        LEAD,
        "PG",
        _("Of the leads that the vendor gave the partner, how many it accepted."),
    ),
    Kpi(
        "shared_leads",
        _("Leads shared both ways"),
        "leads_received + leads_submitted",
        Unit.COUNT,
        UP,
        LEAD,
        "PG",
        _("Leads that the vendor gave the partner, and those that the partner submitted."),
    ),
]

CATALOGUE: dict[str, Kpi] = {kpi.code: kpi for kpi in [*_SALES, *_LEADS]}
FORMULA_CODES = [code for code, kpi in CATALOGUE.items() if not kpi.ranks]
RANK_CODES = [code for code, kpi in CATALOGUE.items() if kpi.ranks]


def formulas_of(codes: Iterable[str]) -> list[str]:
    """Those of the KPIs that are formulas, and for ranks among peers the ones that they rank in; each once."""
    return list(dict.fromkeys(name for code in codes for name in CATALOGUE[code].ranks or (code,)))


@cache
def _expression(code: str) -> pl.Expr:
    formulas = {kpi.code: kpi.formula for kpi in CATALOGUE.values() if not kpi.ranks}
    kept = {fact.name: fact.divisor for fact in FACTS.values()}
    return compile_sql(to_sql(CATALOGUE[code].formula, formulas, kept)).alias(f"kpi.{code}")


def percentile_rank(column: pl.Expr, over: list[str]) -> pl.Expr:
    """Percentile rank (0..1) among the rows that agree in `over`: the share of the others below, equals counted half.

    2 in 1, 1, 2, 3, 4 is 0.5. Rows without a value are no peers; who has no peer with a value has no rank.
    """
    others = (column.count() - 1).over(over)
    below = (column.rank("average") - 1).over(over)
    return pl.when(others > 0).then(below / others)


def peer_ranks(code: str, over: list[str]) -> pl.Expr:
    """A KPI that is the mean of percentile ranks (0..100)."""
    ranks = CATALOGUE[code].ranks
    total = pl.sum_horizontal(
        [percentile_rank(pl.col(f"kpi.{name}"), over) for name in ranks], ignore_nulls=False
    )
    return (100 * total / len(ranks)).alias(f"kpi.{code}")


Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


def with_kpis(frame: Frame, codes: list[str] | None = None) -> Frame:
    """Add a column `kpi.<code>` for each KPI (those among peers apart) to a frame with one column per fact."""
    expressions = [_expression(code) for code in (FORMULA_CODES if codes is None else codes)]
    return frame.with_columns(expressions)


for _kpi in CATALOGUE.values():
    # A mistake in the catalogue stops the portal from starting.
    if not _kpi.ranks:
        parse(_kpi.formula)

"""From KPI values and a template's rules to points: pure, by columns, one function for all who ask.

Recompute, explanation, preview and what-if call `score_rows`. Points of a KPI are its weight times its attainment
(0..1). A KPI without a value has no weight: its share goes to the others, and the coverage says how much of the
template's weight had a value.
"""

from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from metrics.catalogue import CATALOGUE, Frame, percentile_rank

TARGET, PEER = "target", "peer"
PEERS = "peers"
BREAKDOWN = ("value", "target", "floor", "weight", "share", "attainment", "points")
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class KpiRule:
    """One line of a template. `target` and `floor` are for one partner, in the KPI's unit (money in minor units).

    With the method `target` the attainment is (value - floor) / (target - floor), held to 0..1; where less is
    better the floor is the higher of the two. With the method `peer` it is the percentile rank among the peers.
    """

    code: str
    weight: float
    method: str = TARGET
    target: float | None = None
    floor: float | None = None

    def __post_init__(self) -> None:
        if self.code not in CATALOGUE:
            raise ValueError(f"There is no KPI {self.code!r}.")
        if self.weight <= 0:
            raise ValueError("A weight is more than 0.")
        if self.method == TARGET and (self.target is None or self.floor is None or self.target == self.floor):
            raise ValueError(f"{self.code} needs a target that differs from its floor.")
        if self.method not in {TARGET, PEER}:
            raise ValueError(f"There is no method {self.method!r}.")

    @property
    def among_peers(self) -> bool:
        """Whether other partners' figures move this one's points."""
        return self.method == PEER or bool(CATALOGUE[self.code].ranks)


@dataclass(frozen=True, slots=True)
class TemplateRules:
    """A template version as the scoring sees it. Weights add up to 100; `min_coverage` is a fraction."""

    kpis: tuple[KpiRule, ...]
    min_coverage: float = 0.5

    @property
    def among_peers(self) -> bool:
        return any(rule.among_peers for rule in self.kpis)


def _attainment(rule: KpiRule) -> pl.Expr:
    """A fraction 0..1, or null without a value."""
    value = pl.col(f"kpi.{rule.code}")
    if rule.method == PEER:
        rank = pl.when(pl.col(PEERS).is_not_null()).then(percentile_rank(value, [PEERS]))
        return rank if CATALOGUE[rule.code].better == "up" else 1 - rank
    return (
        (value - _scaled(rule, rule.floor)) / (_scaled(rule, rule.target) - _scaled(rule, rule.floor))
    ).clip(0, 1)


def _scaled(rule: KpiRule, bound: float | None) -> pl.Expr:
    """A bound for this row: of a plain sum as many times as there are partners in it."""
    assert bound is not None
    return (
        pl.lit(float(bound)) * pl.col("partners") if CATALOGUE[rule.code].additive else pl.lit(float(bound))
    )


def score_rows(frame: Frame, rules: TemplateRules) -> Frame:
    """Add what the rules make of each row's KPI columns.

    The frame has `kpi.<code>` for every KPI of the rules and `partners`; with rules among peers also `peers`,
    which is the same text for those who are each other's peers (null: has none), and all the peers as rows. Added: `<code>.<part>` for each part in BREAKDOWN, `score`
    (0..100 or null) and `coverage` (0..1), rounded to four decimals.
    """
    for step in _steps(rules):
        frame = frame.with_columns(step)
    return frame.drop("weight.present", "weight.earned")


@lru_cache(maxsize=256)
def _steps(rules: TemplateRules) -> tuple[list[pl.Expr], ...]:
    """The expressions of each step; making them costs more than running them on a few rows."""
    total = sum(rule.weight for rule in rules.kpis)
    present = [
        pl.when(pl.col(f"{rule.code}.attainment").is_not_null()).then(float(rule.weight)).otherwise(0.0)
        for rule in rules.kpis
    ]
    earned = [(pl.col(f"{rule.code}.attainment") * float(rule.weight)).fill_null(0.0) for rule in rules.kpis]
    coverage = pl.col("weight.present") / total
    score = 100 * pl.col("weight.earned") / pl.col("weight.present")
    return (
        [_attainment(rule).alias(f"{rule.code}.attainment") for rule in rules.kpis],
        [
            pl.sum_horizontal(present).alias("weight.present"),
            pl.sum_horizontal(earned).alias("weight.earned"),
        ],
        [
            *(expression for rule in rules.kpis for expression in _parts(rule)),
            coverage.round(_DIGITS).alias("coverage"),
            pl.when(coverage >= rules.min_coverage, pl.col("weight.present") > 0)
            .then(score.round(_DIGITS))
            .alias("score"),
        ],
    )


def _parts(rule: KpiRule) -> list[pl.Expr]:
    attainment = pl.col(f"{rule.code}.attainment")
    share = pl.when(attainment.is_not_null()).then(100 * float(rule.weight) / pl.col("weight.present"))
    by_target = rule.method == TARGET
    return [
        pl.col(f"kpi.{rule.code}").alias(f"{rule.code}.value"),
        (_scaled(rule, rule.target) if by_target else pl.lit(None, pl.Float64)).alias(f"{rule.code}.target"),
        (_scaled(rule, rule.floor) if by_target else pl.lit(None, pl.Float64)).alias(f"{rule.code}.floor"),
        pl.lit(float(rule.weight)).alias(f"{rule.code}.weight"),
        share.round(_DIGITS).alias(f"{rule.code}.share"),
        (share * attainment).round(_DIGITS).alias(f"{rule.code}.points"),
        attainment.round(_DIGITS + 2).alias(f"{rule.code}.attainment"),
    ]


@lru_cache(maxsize=256)
def breakdown(rules: TemplateRules) -> pl.Expr:
    """The whole working of each row as JSON: `{code: {part: number}}`."""
    return pl.struct(
        pl.struct(pl.col(f"{rule.code}.{part}").alias(part) for part in BREAKDOWN).alias(rule.code)
        for rule in rules.kpis
    ).struct.json_encode()

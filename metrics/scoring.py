"""From KPI values and a template's rules to points: pure, by columns, one function for all who ask.

Recompute, preview and what-if end in `score_given`. Points of a KPI are its weight times its attainment
(0..1). A KPI without a value has no weight: its share goes to the others, and the coverage says how much of the
template's weight had a value.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from metrics.catalogue import CATALOGUE, Frame, percentile_rank

TARGET, PEER = "target", "peer"
PEERS = "peers"
BREAKDOWN = ("value", "target", "floor", "weight", "share", "attainment", "points")
_DIGITS = 4
_TOTAL, _MIN_COVERAGE = "given.total", "given.min_coverage"
# The KPIs of a template in order, each with its method.
Shape = tuple[tuple[str, str], ...]


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

    @property
    def shape(self) -> "Shape":
        """What is computed; rules of one shape differ in their numbers only and are scored in one pass."""
        return tuple((rule.code, rule.method) for rule in self.kpis)

    def given(self) -> dict[str, float | None]:
        """The rules' numbers, by the columns that `score_given` finds them in."""
        numbers: dict[str, float | None] = {
            _TOTAL: float(sum(rule.weight for rule in self.kpis)),
            _MIN_COVERAGE: self.min_coverage,
        }
        for rule in self.kpis:
            by_target = rule.method == TARGET
            numbers[f"{rule.code}.given.target"] = _number(rule.target) if by_target else None
            numbers[f"{rule.code}.given.floor"] = _number(rule.floor) if by_target else None
            numbers[f"{rule.code}.given.weight"] = float(rule.weight)
        return numbers


def _number(bound: float | None) -> float:
    assert bound is not None
    return float(bound)


def given_frame(rules: Iterable[TemplateRules]) -> pl.DataFrame:
    """The numbers of rules of one shape, a row for each of them."""
    numbers = [each.given() for each in rules]
    return pl.DataFrame(numbers, schema=dict.fromkeys(numbers[0], pl.Float64))


def score_rows(frame: Frame, rules: TemplateRules) -> Frame:
    """Add what the rules make of each row's KPI columns.

    The frame has `kpi.<code>` for every KPI of the rules and `partners`; with rules among peers also `peers`,
    which is the same text for those who are each other's peers (null: has none), and all the peers as rows. Added: `<code>.<part>` for each part in BREAKDOWN, `score`
    (0..100 or null) and `coverage` (0..1), rounded to four decimals.
    """
    given = given_frame([rules])
    joined = (
        frame.join(given.lazy(), how="cross")
        if isinstance(frame, pl.LazyFrame)
        else frame.join(given, how="cross")
    )
    return score_given(joined, rules.shape).drop(given.columns)


def score_given(frame: Frame, shape: Shape) -> Frame:
    """`score_rows` for a frame in which each row has the numbers of its own rules, all of one shape.

    They are columns even where they are the same for all rows: a division by a literal may round otherwise than one
    by a column, and rows that are scored together today may be scored apart tomorrow.
    """
    for step in _steps(shape):
        frame = frame.with_columns(step)
    return frame.drop("weight.present", "weight.earned")


@lru_cache(maxsize=256)
def _steps(shape: Shape) -> tuple[list[pl.Expr], ...]:
    """The expressions of each step; making them costs more than running them on a few rows."""
    codes = [code for code, _method in shape]
    present = [
        pl.when(pl.col(f"{code}.attainment").is_not_null()).then(_weight(code)).otherwise(0.0)
        for code in codes
    ]
    earned = [(pl.col(f"{code}.attainment") * _weight(code)).fill_null(0.0) for code in codes]
    coverage = pl.col("weight.present") / pl.col(_TOTAL)
    score = 100 * pl.col("weight.earned") / pl.col("weight.present")
    return (
        [_attainment(code, method).alias(f"{code}.attainment") for code, method in shape],
        [
            pl.sum_horizontal(present).alias("weight.present"),
            pl.sum_horizontal(earned).alias("weight.earned"),
        ],
        [
            *(expression for code in codes for expression in _parts(code)),
            coverage.round(_DIGITS).alias("coverage"),
            pl.when(coverage >= pl.col(_MIN_COVERAGE), pl.col("weight.present") > 0)
            .then(score.round(_DIGITS))
            .alias("score"),
        ],
    )


def _attainment(code: str, method: str) -> pl.Expr:
    """A fraction 0..1, or null without a value."""
    value = pl.col(f"kpi.{code}")
    if method == PEER:
        rank = pl.when(pl.col(PEERS).is_not_null()).then(percentile_rank(value, [PEERS]))
        return rank if CATALOGUE[code].better == "up" else 1 - rank
    floor, target = _scaled(code, "floor"), _scaled(code, "target")
    return ((value - floor) / (target - floor)).clip(0, 1)


def _scaled(code: str, bound: str) -> pl.Expr:
    """A bound for this row: of a plain sum as many times as there are partners in it. Null with the method `peer`."""
    given = pl.col(f"{code}.given.{bound}")
    return given * pl.col("partners") if CATALOGUE[code].additive else given


def _weight(code: str) -> pl.Expr:
    return pl.col(f"{code}.given.weight")


def _parts(code: str) -> list[pl.Expr]:
    attainment = pl.col(f"{code}.attainment")
    share = pl.when(attainment.is_not_null()).then(100 * _weight(code) / pl.col("weight.present"))
    return [
        pl.col(f"kpi.{code}").alias(f"{code}.value"),
        _scaled(code, "target").alias(f"{code}.target"),
        _scaled(code, "floor").alias(f"{code}.floor"),
        _weight(code).alias(f"{code}.weight"),
        share.round(_DIGITS).alias(f"{code}.share"),
        (share * attainment).round(_DIGITS).alias(f"{code}.points"),
        attainment.round(_DIGITS + 2).alias(f"{code}.attainment"),
    ]


@lru_cache(maxsize=256)
def breakdown(shape: Shape) -> pl.Expr:
    """The whole working of each row as JSON: `{code: {part: number}}`."""
    return pl.struct(
        pl.struct(pl.col(f"{code}.{part}").alias(part) for part in BREAKDOWN).alias(code)
        for code, _method in shape
    ).struct.json_encode()

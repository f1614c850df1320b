"""The KPIs by code, and their values by columns."""

from collections.abc import Iterable
from functools import cache
from typing import TypeVar

import polars as pl

from metrics.formulas import compile_sql, to_sql
from metrics.kpis import KPIS
from metrics.kpis.shape import Kpi
from metrics.sources import FACTS

CATALOGUE: dict[str, Kpi] = KPIS
FORMULA_CODES = [code for code, kpi in CATALOGUE.items() if not kpi.ranks]
RANK_CODES = [code for code, kpi in CATALOGUE.items() if kpi.ranks]


def formulas_of(codes: Iterable[str]) -> list[str]:
    """Those of the KPIs that are formulas, and for ranks among peers the ones that they rank in; each once."""
    return list(dict.fromkeys(name for code in codes for name in CATALOGUE[code].ranks or (code,)))


def facts_of(codes: Iterable[str]) -> list[str]:
    """The facts that the KPIs come down to, each once."""
    return list(dict.fromkeys(name for code in codes for name in CATALOGUE[code].facts))


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
# Rows for which handing columns out to threads takes longer than computing them one after another.
_FEW = 1_000


def add_columns(frame: Frame, columns: Iterable[pl.Expr]) -> Frame:
    """`with_columns`, in this thread alone where there are few rows: a page waits for no others then."""
    if isinstance(frame, pl.DataFrame) and frame.height <= _FEW:
        return frame.with_columns_seq(columns)
    return frame.with_columns(columns)


def with_facts(frame: Frame, codes: Iterable[str], present: Iterable[str]) -> Frame:
    """Add the facts that the KPIs need and that are not `present`: those of sources without any record are 0."""
    there = set(present)
    missing = [name for name in facts_of(codes) if name not in there]
    return frame.with_columns(pl.lit(0, pl.Int64).alias(name) for name in missing) if missing else frame


def with_kpis(frame: Frame, codes: list[str] | None = None) -> Frame:
    """Add a column `kpi.<code>` for each KPI (those among peers apart) to a frame with one column per fact."""
    expressions = [_expression(code) for code in (FORMULA_CODES if codes is None else codes)]
    return frame.with_columns(expressions)

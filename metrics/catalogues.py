"""A tenant's KPIs: those of the catalogue and its own, as they hold for a period, and how they are computed."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import polars as pl

from metrics.catalogue import CATALOGUE, Frame, add_columns, percentile_rank
from metrics.formulas import compile_bounded, compile_sql, to_sql
from metrics.kpis import facts_behind
from metrics.kpis.shape import Kpi
from metrics.sources import FACTS


class Divisors(Mapping[str, int]):
    """What each fact is divided by in formulas; those that the tenant in scope has defined can be looked up as well."""

    def __getitem__(self, name: str) -> int:
        return FACTS[name].divisor

    def __iter__(self) -> Iterator[str]:
        return iter(FACTS)

    def __len__(self) -> int:
        return len(FACTS)


DIVISORS = Divisors()


class Measure(NamedTuple):
    """A KPI as it is computed. Equal measures give equal values, whichever catalogue they come from.

    `sql` is over the `facts`; one with `ranks` is the mean of the percentile ranks in those, and has none. `bounded` is
    what a tenant has written.
    """

    code: str
    sql: str
    up: bool
    additive: bool
    facts: tuple[str, ...] = ()
    bounded: bool = False
    ranks: tuple["Measure", ...] = ()


class Catalogue(Mapping[str, Kpi]):
    """KPIs by code; `own` are a tenant's, in the order of their making."""

    def __init__(self, own: Iterable[Kpi] = ()):
        self.own = {kpi.code: kpi for kpi in own}
        self.kpis: dict[str, Kpi] = {**CATALOGUE, **self.own}
        if not self.own.keys().isdisjoint(CATALOGUE):
            # What names a KPI that is measured in another way comes down to other facts.
            self.kpis |= {
                code: replace(kpi, facts=facts_behind(kpi, self.kpis))
                for code, kpi in CATALOGUE.items()
                if code not in self.own
            }
        self._measures: dict[str, Measure] = {}

    def __getitem__(self, code: str) -> Kpi:
        return self.kpis[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self.kpis)

    def __len__(self) -> int:
        return len(self.kpis)

    @cached_property
    def formulas(self) -> dict[str, str]:
        return {code: kpi.formula for code, kpi in self.kpis.items() if not kpi.ranks}

    @cached_property
    def formula_codes(self) -> list[str]:
        """Those that are formulas, and no ranks among peers."""
        return list(self.formulas)

    def measure(self, code: str) -> Measure:
        if code not in self._measures:
            self._measures[code] = self._measure(code)
        return self._measures[code]

    def _measure(self, code: str) -> Measure:
        kpi = self.kpis[code]
        up, own = kpi.better == "up", code in self.own and code not in CATALOGUE
        if kpi.ranks:
            ranks = tuple(self.measure(name) for name in kpi.ranks)
            facts = dict.fromkeys(fact for inner in ranks for fact in inner.facts)
            return Measure(code, "", up, False, tuple(facts), ranks=ranks)
        sql = to_sql(kpi.formula, self.formulas, DIVISORS, code=code)
        return Measure(code, sql, up, kpi.additive, kpi.facts, bounded=own)

    def with_values(self, frame: Frame, codes: Collection[str] | None = None) -> Frame:
        """Add a column `kpi.<code>` for each of the KPIs that are formulas to a frame with a column per fact."""
        wanted = self.formula_codes if codes is None else codes
        measures = [self.measure(code) for code in wanted]
        if isinstance(frame, pl.DataFrame):
            frame = with_facts(frame, measures, frame.columns)
        return with_measures(frame, measures)


BUILT_IN = Catalogue()


def with_facts(frame: Frame, measures: Iterable[Measure], present: Iterable[str]) -> Frame:
    """Add the facts that the measures need and that are not `present`: those of sources without any record are 0."""
    there = set(present)
    needed = dict.fromkeys(name for measure in measures for name in measure.facts)
    missing = [pl.lit(0, pl.Int64).alias(name) for name in needed if name not in there]
    return frame.with_columns(missing) if missing else frame


def with_measures(frame: Frame, measures: Iterable[Measure]) -> Frame:
    """Add a column `kpi.<code>` for each measure that is a formula, and for those that a rank is made of."""
    formulas = {inner.code: inner for measure in measures for inner in measure.ranks or (measure,)}
    return add_columns(frame, [_column(measure) for measure in formulas.values()])


def _column(measure: Measure) -> pl.Expr:
    compiled = compile_bounded(measure.sql) if measure.bounded else compile_sql(measure.sql)
    return compiled.alias(f"kpi.{measure.code}")


def with_ranks(frame: Frame, measures: Iterable[Measure], peers: str) -> Frame:
    """Add those of the measures that are a mean of percentile ranks (0..100) among the rows that agree in the column
    `peers`; the KPIs in which they rank must be there."""
    return frame.with_columns(
        pl.when(pl.col(peers).is_not_null()).then(_mean_rank(measure, peers)).alias(f"kpi.{measure.code}")
        for measure in measures
        if measure.ranks
    )


def _mean_rank(measure: Measure, peers: str) -> pl.Expr:
    ranks = [percentile_rank(pl.col(f"kpi.{inner.code}"), [peers]) for inner in measure.ranks]
    return 100 * pl.sum_horizontal(ranks, ignore_nulls=False) / len(ranks)

"""The value of KPIs for one set of facts: what explanations and what-if ask."""

from collections.abc import Iterable, Mapping

import polars as pl

from metrics.catalogues import BUILT_IN, Catalogue
from metrics.sources import FACTS

Number = int | float


def evaluate_facts(
    facts: Mapping[str, int], codes: Iterable[str] | None = None, catalogue: Catalogue = BUILT_IN
) -> dict[str, Number | None]:
    """KPI values by code; facts that are not given are 0. Money in minor units, % as a fraction, None is no data."""
    wanted = list(catalogue.formula_codes if codes is None else codes)
    needed = [name for code in wanted for name in catalogue.measure(code).facts]
    names = dict.fromkeys(needed or facts or FACTS, pl.Int64)
    row = pl.DataFrame({name: [facts.get(name, 0)] for name in names}, schema=names)
    values = catalogue.with_values(row, wanted).row(0, named=True)
    return {code: values[f"kpi.{code}"] for code in wanted}

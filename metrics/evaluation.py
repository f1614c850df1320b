"""The values of KPIs for sets of facts: what explanations, comparisons and what-if ask."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import polars as pl

from metrics.catalogues import BUILT_IN, Catalogue
from metrics.models import Scorecard
from metrics.own import catalogue_at
from metrics.sources.reading import frame_of

Number = int | float


def evaluate_facts(
    facts: Mapping[str, int], codes: Iterable[str] | None = None, catalogue: Catalogue = BUILT_IN
) -> dict[str, Number | None]:
    """KPI values by code; facts that are not given are 0. Money in minor units, % as a fraction, None is no data."""
    (values,) = evaluate_rows([facts], codes, catalogue)
    return values


def evaluate_rows(
    rows: Sequence[Mapping[str, int]], codes: Iterable[str] | None = None, catalogue: Catalogue = BUILT_IN
) -> list[dict[str, Number | None]]:
    """The same for several sets of facts at once: most of the time goes into the formulas, and not into the rows."""
    wanted = list(dict.fromkeys(catalogue.formula_codes if codes is None else codes))
    if not wanted or not rows:
        return [{} for _row in rows]
    needed = dict.fromkeys(name for code in wanted for name in catalogue.measure(code).facts)
    # With the partners a formula of numbers alone has rows to be in.
    schema = dict.fromkeys([*needed, "partners"], pl.Int64)
    frame = frame_of(([facts.get(name, 0) for name in schema] for facts in rows), schema)
    found = catalogue.with_values(frame, wanted)
    columns = [found[f"kpi.{code}"].to_list() for code in wanted]
    return [dict(zip(wanted, values, strict=True)) for values in zip(*columns, strict=True)]


def values_on(
    cards: Sequence[Scorecard], codes: Collection[str] | None = None
) -> list[dict[str, Number | None]]:
    """KPIs (None: all formulas and all that were scored) by code on each card: as it was scored where it was, or from
    its facts as it was defined in its period."""
    found: list[dict[str, Number | None]] = [{} for _card in cards]
    by_catalogue: dict[int, tuple[Catalogue, list[int]]] = {}
    for place, card in enumerate(cards):
        catalogue = catalogue_at(card.period.end)
        by_catalogue.setdefault(id(catalogue), (catalogue, []))[1].append(place)
    for catalogue, places in by_catalogue.values():
        asked = catalogue.formula_codes if codes is None else codes
        wanted = [code for code in asked if code in catalogue.formulas]
        open_ones = [code for code in wanted if any(code not in cards[place].breakdown for place in places)]
        rows = evaluate_rows([cards[place].facts for place in places], open_ones, catalogue)
        for place, values in zip(places, rows, strict=True):
            found[place] = as_scored(cards[place], dict.fromkeys(wanted) | values)
    return found


def as_scored(card: Scorecard, values: Mapping[str, Number | None]) -> dict[str, Number | None]:
    """The values of a card's KPIs, with those by which it was scored in their place."""
    return {**values, **{code: parts["value"] for code, parts in card.breakdown.items()}}

"""Running the sources' statements."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import polars as pl
from django.db import connection

from metrics.periods import Calendar, Window
from metrics.sources import SOURCES, source_here
from metrics.sources.shape import OF_PARTNERS, WINDOWS, Source
from portal.tenancy.db import run_planned
from portal.tenancy.scope import current_tenant_id, tenant_scope

_BOUNDS = ("start_on", "end_on", "previous_on", "as_of", "start_at", "end_at")
# How many windows one statement for all partners lays side by side.
_SIDE_BY_SIDE = 6
_NONE = "SELECT NULL::bigint AS n, NULL::uuid AS partner_id WHERE false"


def active_sources() -> tuple[Source, ...]:
    """The sources of which the tenant in scope has any record, in the registry's order. One statement."""
    found = run_planned(filled_tables(), {"tenant": current_tenant_id()})
    return sources_over(table for _what, table in found)


def filled_tables() -> str:
    """The statement for the sources' tables in which the tenant has any record: rows of `table` and its name."""
    tables = sorted({table for source in SOURCES.values() if source.sql for table in source.tables})
    return " UNION ALL ".join(
        f"SELECT 'table', '{table}' WHERE EXISTS (SELECT FROM {table} WHERE tenant_id = %(tenant)s)"
        for table in tables
    )


def sources_over(tables: Iterable[str]) -> tuple[Source, ...]:
    """The sources that read any of these tables, with what the tenant in scope has defined for them."""
    filled = set(tables)
    return tuple(
        source_here(name)
        for name, source in SOURCES.items()
        if source.sql and not filled.isdisjoint(source.tables)
    )


def fact_names(sources: Iterable[Source]) -> list[str]:
    """The facts that these sources give, in order."""
    return [name for source in sources for name in source.names]


def facts_of_some(sources: Sequence[Source]) -> str:
    """The statement for some partners' facts: columns `n` (of the window, from 1), `partner_id` and the facts."""
    parts = [(source.name, source.sql(OF_PARTNERS, "partner_id")) for source in sources if source.sql]
    if not parts:
        return _NONE
    joined = " FULL JOIN ".join(
        f"({sql}) AS {name}" + (" USING (n, partner_id)" if at else "")
        for at, (name, sql) in enumerate(parts)
    )
    return f"SELECT n, partner_id, {', '.join(fact_names(sources))} FROM {joined}"


def are_few(partner_ids: Collection[UUID], windows: Collection[object]) -> bool:
    """Whether so many partners' rows are read faster one by one than by COPY."""
    return len(partner_ids) * len(windows) <= 50


def parameters(
    sources: Iterable[Source],
    windows: Collection[Window],
    calendar: Calendar,
    today: dt.date,
    partner_ids: Iterable[UUID] | None = None,
) -> dict[str, object]:
    """What the statements are run with."""
    values: dict[str, object] = {
        "tenant": current_tenant_id(),
        "partners": None if partner_ids is None else list(partner_ids),
        "zone": calendar.zone.key,
        "today": today,
        "start_on": [window.start for window in windows],
        "end_on": [window.end for window in windows],
        "previous_on": [window.previous_start for window in windows],
        "as_of": [window.as_of(today) for window in windows],
        "start_at": [calendar.moment(window.start) for window in windows],
        "end_at": [calendar.moment(window.end) for window in windows],
    }
    for source in sources:
        values |= source.values
    return values


def read_facts(
    windows: Collection[Window],
    calendar: Calendar,
    today: dt.date,
    partner_ids: Collection[UUID] | None = None,
    sources: Sequence[Source] | None = None,
) -> pl.DataFrame:
    """The facts of these partners (None: all of the tenant) in each window, one row where there are any.

    Columns: `key` of the window, `partner_id` (text) and one Int64 per fact of the `sources` (None: the active ones).
    `today` decides what is open now.
    """
    sources = active_sources() if sources is None else sources
    values = parameters(sources, windows, calendar, today, partner_ids)
    names = fact_names(sources)
    if partner_ids is None:
        found = pl.LazyFrame(schema={"n": pl.Int64(), "partner_id": pl.String()})
        for source in sources:
            more = _of_everyone(source, len(windows), values).lazy()
            found = found.join(more, on=["n", "partner_id"], how="full", coalesce=True)
    else:
        schema = {"n": pl.Int64(), "partner_id": pl.String(), **dict.fromkeys(names, pl.Int64())}
        found = fetch_frame(facts_of_some(sources), values, schema).lazy()
    keyed = found.join(_keys(windows), on="n")
    return (keyed.with_columns(pl.col(names).fill_null(0)) if names else keyed).drop("n").collect()


def read_house_facts(
    windows: Collection[Window], calendar: Calendar, today: dt.date, sources: Sequence[Source]
) -> pl.DataFrame:
    """The facts that are of the programme and of no partner: a row a window where there are any.

    Columns: `key` of the window and the facts of the `sources` that have such facts.
    """
    sources = [source for source in sources if source.of_no_partner]
    values = parameters(sources, windows, calendar, today)
    found = pl.LazyFrame(schema={"n": pl.Int64()})
    for source in sources:
        sql = source.of_no_partner.format(windows=WINDOWS)
        schema: dict[str, pl.DataType] = {"n": pl.Int64(), **dict.fromkeys(source.names, pl.Int64())}
        more = fetch_frame(sql, values, schema, few=len(windows) <= 50).lazy()
        found = found.join(more, on="n", how="full", coalesce=True)
    keyed = found.join(_keys(windows), on="n")
    names = fact_names(sources)
    return (keyed.with_columns(pl.col(names).fill_null(0)) if names else keyed).drop("n").collect()


def _keys(windows: Collection[Window]) -> pl.LazyFrame:
    return pl.LazyFrame(
        {"n": range(1, len(windows) + 1), "key": [window.key for window in windows]},
        schema={"n": pl.Int64(), "key": pl.String()},
    )


def _of_everyone(source: Source, count: int, values: dict[str, object]) -> pl.DataFrame:
    if source.wide is not None:
        return _side_by_side(source, count, values)
    assert source.sql is not None
    return fetch_frame(source.sql("", "partner_id"), values, _schema(source))


def _side_by_side(source: Source, count: int, values: dict[str, object]) -> pl.DataFrame:
    """A source's facts of all partners, a few windows a statement."""
    assert source.wide is not None
    parts = []
    for first in range(0, count, _SIDE_BY_SIDE):
        here = range(first, min(first + _SIDE_BY_SIDE, count))
        bounds = {
            f"{name}_{n - first}": values[name][n]  # type: ignore[index]
            for n in here
            for name in _BOUNDS
        }
        schema = {f"{name}_{n}": pl.Int64() for n in here for name in source.names}
        wide = fetch_frame(source.wide(len(here)), values | bounds, {"partner_id": pl.String(), **schema})
        parts += [
            wide.select(
                pl.lit(n + 1, pl.Int64).alias("n"),
                "partner_id",
                *(pl.col(f"{name}_{n}").alias(name) for name in source.names),
            )
            for n in here
        ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=_schema(source))


def contributions(
    source: str, window: Window, calendar: Calendar, today: dt.date, partner_id: UUID
) -> pl.DataFrame:
    """What each record of the source adds to a partner's facts in a window.

    By the same statement as the facts, so the columns add up to them. Columns: `id` (text) and the source's facts.
    """
    return contributions_in(source, [window], calendar, today, partner_id).drop("n")


def contributions_in(
    source: str, windows: Collection[Window], calendar: Calendar, today: dt.date, partner_id: UUID
) -> pl.DataFrame:
    """The same in several windows at once, with the window's number, from 1, in the column `n`."""
    asked = source_here(source)
    assert asked.sql is not None
    assert asked.records is not None
    values = parameters([asked], windows, calendar, today, [partner_id])
    schema = {("id" if name == "partner_id" else name): kind for name, kind in _schema(asked).items()}
    # A deal that another partner shares counts here as well, though this partner's session cannot read it.
    with tenant_scope(current_tenant_id()):
        rows = run_planned(asked.sql(OF_PARTNERS, asked.records.column), values)
    return frame_of(([n, str(pk), *amounts] for n, pk, *amounts in rows), schema)


def _schema(source: Source) -> dict[str, pl.DataType]:
    return {"n": pl.Int64(), "partner_id": pl.String(), **dict.fromkeys(source.names, pl.Int64())}


def frame_of(rows: Iterable[Sequence[Any]], schema: Mapping[str, Any]) -> pl.DataFrame:
    """A few rows as a frame. As dicts, because of those polars does not look at every column in Python."""
    return pl.from_dicts([dict(zip(schema, row, strict=True)) for row in rows], schema=schema)


def fetch_frame(
    sql: str, values: dict[str, Any], schema: dict[str, pl.DataType], *, few: bool = False
) -> pl.DataFrame:
    """A query's answer as a frame, by COPY: no Python object is made per value. A `few` rows come faster as such."""
    if few:
        return frame_of(run_planned(sql, values), schema)
    with (
        connection.cursor() as cursor,
        # Django's cursor that logs queries takes no parameters for COPY.
        cursor.cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)", values) as copy,
    ):
        content = b"".join(bytes(block) for block in copy)
    if not content:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(content, has_header=False, schema=schema)

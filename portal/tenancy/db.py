"""Bulk writing, locks, reading and planning that the ORM has no words for."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def the_one(rows: QuerySet[Row]) -> Row | None:
    """The row of a query that finds one at most. Unlike `first` it asks for no order, which costs Django dear."""
    return next(iter(rows.order_by()[:1]), None)


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY rows into a table; returns their number. Row-level security does not apply to a temporary
    staging table, so `table` must be one (PostgreSQL refuses COPY FROM into a table under RLS)."""
    count = 0
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


class _Planned(psycopg.RawCursor[Any]):
    """Takes a statement with `%(name)s` in it, as Django's own cursor does, and has the server prepare it."""

    def execute(self, query: Any, params: Any = None, **how: Any) -> "_Planned":
        text, names = _numbered(query)
        return super().execute(text, [params[name] for name in names], prepare=True, **how)


_PLACE = re.compile(r"%\((\w+)\)s|%%")


@lru_cache(maxsize=256)
def _numbered(sql: str) -> tuple[str, list[str]]:
    """The statement with `$1`, `$2` in place of names, and the names in that order."""
    names: dict[str, int] = {}
    text = _PLACE.sub(
        lambda found: f"${names.setdefault(found[1], len(names) + 1)}" if found[1] else "%", sql
    )
    return text, list(names)


def run_planned(sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement whose text is always the same and which PostgreSQL takes longer to plan than to run.

    A connection parses it once, unless prepared statements are switched off (`PREPARED_STATEMENTS`). It plans it for the
    values at hand, or with the `plan_once` of `try_lock` once."""
    connection.ensure_connection()
    plain: Any = _Planned(connection.connection)
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    cursor: CursorWrapper
    with wrap(plain) as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


_TRY = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
# A plan for all values takes the largest tenant's share of a table for everybody's, so that it would read the whole
# table to find that this tenant has nothing in it.
_AND_PLAN_ONCE = (
    ", set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)"
)


def try_lock(*parts: object, plan_once: bool = False) -> bool:
    """A transaction-level advisory lock on the text of the parts; False when another holds it.

    With `plan_once` the plans of `run_planned` serve all values alike in this transaction, and go by indexes: right for
    statements that look up a few rows whoever asks, and for no others (`plan_for_many` ends it)."""
    with connection.cursor() as cursor:
        cursor.execute(_TRY + (_AND_PLAN_ONCE if plan_once else ""), [":".join(map(str, parts))])
        return bool(cursor.fetchone()[0])


def plan_for_many() -> None:
    """For the rest of the transaction: plans for the values at hand, whole tables where that is faster, more memory."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'on', true),"
            " set_config('work_mem', '64MB', true)"
        )


def lock(*parts: object) -> None:
    """Wait for the transaction-level advisory lock on the text of the parts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [":".join(map(str, parts))])

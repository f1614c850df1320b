"""Bulk writing, locks and reading that the ORM has no words for."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db import connection
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


def try_lock(*parts: object) -> bool:
    """A transaction-level advisory lock on the text of the parts; False when another holds it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [":".join(map(str, parts))]
        )
        (locked,) = cursor.fetchone()
    return locked


def lock(*parts: object) -> None:
    """Wait for the transaction-level advisory lock on the text of the parts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [":".join(map(str, parts))])

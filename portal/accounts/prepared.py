"""Queries whose SQL is written once a process.

For what every page asks, and for pages that ask many small questions: Django takes several times as long to write
such a query as the database to answer it.
"""

from collections.abc import Callable, Sequence
from copy import copy
from datetime import UTC, date, datetime
from enum import Enum
from functools import wraps
from random import randrange
from typing import Any, NamedTuple, TypeVar, TypeVarTuple
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import connection, connections
from django.db.models import Aggregate, QuerySet, Value
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone, translation
from django_scopes import get_scope, scope

from portal.accounts.models import Membership

Arguments = TypeVarTuple("Arguments")
Row = TypeVar("Row")
# What a query may hold of a member.
_OF_MEMBER = ("id", "tenant_id", "user_id", "partner_id")
# Where no tenant is; what is written there for the second time shows what hangs on where that is.
_ELSEWHERE = ZoneInfo("Etc/GMT+12")


def prepared(build: Callable[[*Arguments], QuerySet[Any, Row]]) -> Callable[[*Arguments], list[Row]]:
    """Decorate a function that makes a queryset: calling it fetches the rows, by SQL that is written once.

    It takes members, ids, days, moments and texts, and the queryset holds them, and the tenant and partner in scope,
    as they are. By a member's role, by whether a partner is in scope and by any other argument (None, a flag) it may
    decide: it is written for each by itself. All else would be the first caller's for ever, so the first call raises
    ValueError where a value is reckoned from an argument, the clock, the time zone or the language, or asked of the
    database.
    """
    written: dict[tuple[Any, ...], _Written] = {}

    @wraps(build)
    def fetch(*arguments: *Arguments) -> list[Row]:
        place = get_scope().get("tenant"), get_scope().get("partner")
        key = tuple(map(_kind, (*place, *arguments)))
        if key not in written:
            written[key] = _write(build, place, arguments)
        return written[key].rows(_values(place, arguments))

    return fetch


def summed(rows: QuerySet[Any, Any], **aggregates: Aggregate) -> QuerySet[Any, dict[str, Any]]:
    """What `rows.aggregate` asks, as a queryset of one row."""
    return rows.order_by().values(whole=Value(1)).annotate(**aggregates).values(*aggregates)


class _Text(NamedTuple):
    """A query as it was written for some values."""

    query: QuerySet[Any, Any]
    compiler: SQLCompiler
    sql: str
    parameters: tuple[Any, ...]
    values: list[Any]


class _Written(NamedTuple):
    """A query and for each of its parameters the place among the values, or None for a constant."""

    text: _Text
    places: list[int | None]

    def rows(self, values: list[Any]) -> list[Any]:
        pairs = zip(self.places, self.text.parameters, strict=True)
        parameters = tuple(constant if place is None else values[place] for place, constant in pairs)
        compiler = copy(self.text.compiler)
        compiler.connection = connections[self.text.query.db]
        compiler.as_sql = lambda *_, **__: (self.text.sql, parameters)  # type: ignore[method-assign]
        query = self.text.query.all()
        query.query.get_compiler = lambda *_, **__: compiler  # type: ignore[method-assign]
        return list(query)


def _write(
    build: Callable[..., QuerySet], place: Sequence[UUID | None], arguments: Sequence[Any]
) -> _Written:
    """Write it for two sets of made-up values and in two places: what differs is a value's place, or a mistake."""
    one = _text(build, place, arguments)
    with timezone.override(_ELSEWHERE), translation.override("nl"):
        other = _text(build, place, arguments)
    if any(_is_value(mine) and mine == its for mine, its in zip(one.values, other.values, strict=True)):
        # The same by chance.
        return _write(build, place, arguments)

    def where(mine: Any, its: Any) -> int | None:
        if mine == its:
            return None
        found = one.values.index(mine) if mine in one.values else None
        if found is None or other.values[found] != its:
            raise ValueError(
                f"{build.__qualname__} reckons with its arguments, the clock, the time zone or the language."
            )
        return found

    if one.sql != other.sql:
        raise ValueError(f"{build.__qualname__} does not make the same query each time.")
    return _Written(one, list(map(where, one.parameters, other.parameters)))


def _text(build: Callable[..., QuerySet], place: Sequence[UUID | None], arguments: Sequence[Any]) -> _Text:
    tenant_id, partner_id = map(_made_up, place)
    made_up = [_made_up(argument) for argument in arguments]
    with scope(tenant=tenant_id, partner=partner_id, known=None), connection.execute_wrapper(_refuse):
        query = build(*made_up)
        compiler = query.query.get_compiler(query.db)
        sql, parameters = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_ in compiler.select[: compiler.col_count]])
        compiler.get_converters = lambda _: converters  # type: ignore[method-assign]
    return _Text(query, compiler, sql, tuple(parameters), _values((tenant_id, partner_id), made_up))


def _refuse(*_: Any) -> None:
    raise ValueError("A prepared query asks the database for something while it is written.")


def _values(place: Sequence[UUID | None], arguments: Sequence[Any]) -> list[Any]:
    found: list[Any] = [*place]
    for argument in arguments:
        if isinstance(argument, Membership):
            found += [getattr(argument, name) for name in _OF_MEMBER]
        else:
            found.append(argument)
    return found


def _is_value(argument: Any) -> bool:
    return isinstance(argument, UUID | date | str) and not isinstance(argument, Enum)


def _kind(argument: Any) -> Any:
    """What the query's shape may depend on."""
    if isinstance(argument, Membership):
        return argument.role
    return type(argument) if _is_value(argument) else argument


def _made_up(argument: Any) -> Any:
    """Another value of the same kind, which is equal to no constant."""
    if isinstance(argument, Membership):
        ids = {name: uuid4() for name in _OF_MEMBER if getattr(argument, name) is not None}
        return Membership(role=argument.role, **ids)
    if not _is_value(argument):
        return argument
    if isinstance(argument, UUID):
        return uuid4()
    if isinstance(argument, datetime):
        return datetime.fromtimestamp(randrange(10**9), UTC)
    if isinstance(argument, date):
        return date.fromordinal(randrange(1, 3 * 10**6))
    return uuid4().hex

"""Keeps the words of things, and finds things by the beginnings of words. Vendor's side only."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import Exists, OuterRef

from portal.events.consumers import subscribe
from portal.events.models import Event
from portal.search.models import SearchWord
from portal.search.words import words_of
from portal.tenancy.scope import current_tenant_id

BATCH = 2000


@dataclass(frozen=True)
class Indexed:
    """A kind of thing. `rows` are those with a name to be found by; `text` is what that is."""

    kind: str
    rows: Callable[[], models.QuerySet]
    text: Callable[[Any], str]


_indexed: dict[str, Indexed] = {}


def index(
    kind: str,
    *,
    rows: Callable[[], models.QuerySet],
    text: Callable[[Any], str],
    changed: Sequence[str],
    brought: Sequence[str] = (),
) -> None:
    """Have things of a kind found by their words.

    `changed` are events whose subject has a new name. `brought` are events that bring many things in: those without
    words get theirs then, and the named ones (`data["customers"]`: ids under the kind's plural) anew.
    """
    thing = Indexed(kind, rows, text)
    _indexed[kind] = thing

    def consume(events: list[Event]) -> None:
        ids = {event.subject_id for event in events if event.type in changed}
        for event in events:
            if event.type in brought:
                ids |= {UUID(str(key)) for key in event.data.get(f"{kind}s", ())}
        rewrite(thing, sorted(ids))
        if any(event.type in brought for event in events):
            add_missing(thing)

    subscribe(*changed, *brought, name=f"search.{kind}", consumer=consume)


def rewrite(thing: Indexed, ids: Sequence[UUID]) -> None:
    """Write the words of these things anew."""
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        SearchWord.objects.filter(kind=thing.kind, thing_id__in=some).delete()
        _write(thing, thing.rows().filter(pk__in=some))


def add_missing(thing: Indexed) -> int:
    """Write the words of all things that have none yet; the number of things."""
    count, after = 0, UUID(int=0)
    words = SearchWord.objects.filter(kind=thing.kind, thing_id=OuterRef("pk"))
    while True:
        rows = list(thing.rows().filter(~Exists(words), pk__gt=after).order_by("pk")[:BATCH])
        if not rows:
            return count
        _write(thing, rows)
        count, after = count + len(rows), rows[-1].pk


def add_everything_missing() -> int:
    return sum(add_missing(thing) for thing in _indexed.values())


def _write(thing: Indexed, rows: Iterable[models.Model]) -> None:
    # Two that index one thing at once write the same words.
    SearchWord.objects.bulk_create(
        [
            SearchWord(kind=thing.kind, word=word, thing_id=row.pk)
            for row in rows
            for word in words_of(thing.text(row))
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )


def find(kind: str, text: str, *, limit: int = 50) -> list[UUID]:
    """Things in whose name each word of the text begins some word. One query, by an index."""
    words = words_of(text)
    if not words:
        return []
    # The longest word leaves the fewest to be looked at for the others.
    first, *others = sorted(words, key=len, reverse=True)
    table = SearchWord._meta.db_table
    also = "".join(
        f" AND EXISTS (SELECT FROM {table} o WHERE o.tenant_id = %s AND o.thing_id = w.thing_id"
        f" AND o.kind = %s AND o.word ^@ %s)"
        for _word in others
    )
    tenant = current_tenant_id()
    parameters: list[Any] = [tenant, kind, first]
    for word in others:
        parameters += [tenant, kind, word]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT thing_id FROM (SELECT w.thing_id FROM {table} w"
            f" WHERE w.tenant_id = %s AND w.kind = %s AND w.word ^@ %s{also} LIMIT %s) AS found",
            [*parameters, limit],
        )
        return [thing for (thing,) in cursor.fetchall()]

"""Keeps the words of things, and finds things by the beginnings of words. Vendor's side only."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from celery import current_app
from django.db import connection, models, transaction
from django.db.models import Exists, OuterRef
from kombu.exceptions import OperationalError as BrokerError

from portal.events.consumers import subscribe
from portal.events.models import Event
from portal.search.models import SearchWord
from portal.search.words import words_of
from portal.tenancy.scope import current_tenant_id

log = structlog.get_logger(__name__)

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
        # Few at once; the rest is too much for the dispatcher's one transaction, and is without words until then.
        wanted = sorted(ids)
        rewrite(thing, wanted[:BATCH])
        forget(thing, wanted[BATCH:])
        comes = any(event.type in brought for event in events)
        if len(wanted) > BATCH or (comes and add_missing(thing, limit=BATCH) == BATCH):
            transaction.on_commit(partial(_go_on, current_tenant_id()))

    subscribe(*changed, *brought, name=f"search.{kind}", consumer=consume)


def rewrite(thing: Indexed, ids: Sequence[UUID]) -> None:
    """Write the words of these things anew."""
    forget(thing, ids)
    _write(thing, thing.rows().filter(pk__in=ids) if ids else [])


def forget(thing: Indexed, ids: Sequence[UUID]) -> None:
    if ids:
        SearchWord.objects.filter(kind=thing.kind, thing_id__in=ids).delete()


def _go_on(tenant_id: UUID) -> None:
    try:
        current_app.send_task("search.index", kwargs={"tenant_id": str(tenant_id)}, queue="bulk")
    except BrokerError:
        log.warning("broker_unreachable", tenant=str(tenant_id), consequence="found after the next night")


def add_missing(thing: Indexed, *, limit: int = BATCH) -> int:
    """Write the words of some things that have none yet, at most `limit`; how many had none.

    A name without a letter or a digit has no words: it gets the empty one, so that it is not met again.
    """
    words = SearchWord.objects.filter(kind=thing.kind, thing_id=OuterRef("pk"))
    rows = list(thing.rows().filter(~Exists(words)).order_by("pk")[:limit])
    _write(thing, rows)
    return len(rows)


def add_some_missing() -> int:
    """A chunk of work of each kind; how many things had no words."""
    return sum(add_missing(thing) for thing in _indexed.values())


def add_everything_missing() -> int:
    """For commands and tests: chunk by chunk to the end."""
    total = 0
    while count := add_some_missing():
        total += count
    return total


def _write(thing: Indexed, rows: Iterable[models.Model]) -> None:
    # Two that index one thing at once write the same words.
    SearchWord.objects.bulk_create(
        [
            SearchWord(kind=thing.kind, word=word, thing_id=row.pk)
            for row in rows
            for word in words_of(thing.text(row)) or [""]
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

"""Write down what happened, in the transaction in which it happens."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, models, transaction

from portal.accounts.models import Membership
from portal.events.models import Event, PendingTenant
from portal.events.tasks import dispatch
from portal.tenancy.scope import current_tenant_id

log = structlog.get_logger(__name__)

_FIELDS = Event._meta.concrete_fields
_AT_ONCE = 1000


@dataclass(frozen=True)
class EventDraft:
    """An event to be recorded. `data` holds old and new values, JSON-able."""

    type: str
    subject: models.Model
    by: Membership | None = None
    partner_id: UUID | None = None
    data: dict[str, Any] = field(default_factory=dict)


def record(
    type_: str,
    *,
    subject: models.Model,
    by: Membership | None = None,
    partner_id: UUID | None = None,
    data: dict[str, Any] | None = None,
) -> Event:
    """Record one event and wake the dispatcher once the transaction commits."""
    return record_many([EventDraft(type_, subject, by, partner_id, data or {})])[0]


def record_many(drafts: Iterable[EventDraft]) -> list[Event]:
    """Record events in bulk; one wake-up for all of them."""
    events = [
        Event(
            type=draft.type,
            subject_type=draft.subject._meta.label_lower,
            subject_id=draft.subject.pk,
            partner_id=draft.partner_id,
            actor=draft.by,
            data=draft.data,
        )
        for draft in drafts
    ]
    if not events:
        return []
    tenant_id = current_tenant_id()
    wakes = _wakes(tenant_id)
    for start in range(0, len(events), _AT_ONCE):
        _insert(events[start : start + _AT_ONCE], pending=tenant_id if not wakes and start == 0 else None)
    if not wakes:
        transaction.on_commit(_WakeUp(tenant_id))
    return events


# Without RETURNING, which would need the right to read the table.
_NOTE = f"WITH pending AS (INSERT INTO {PendingTenant._meta.db_table} (tenant_id, since) VALUES (%s, now())) "


def _insert(events: list[Event], *, pending: UUID | None) -> None:
    """What bulk_create does, without the compiler of queries: every action comes through here.

    In the same statement the tenant that is `pending` is noted as one with events to dispatch."""
    rows = [
        [field.get_db_prep_save(field.pre_save(event, add=True), connection) for field in _FIELDS]
        for event in events
    ]
    places = f"({', '.join(['%s'] * len(_FIELDS))})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_NOTE if pending else ''}INSERT INTO {Event._meta.db_table} ({', '.join(field.column for field in _FIELDS)})"
            f" VALUES {', '.join([places] * len(rows))}",
            [*([pending] if pending else []), *(value for row in rows for value in row)],
        )
    for event in events:
        event._state.adding = False
        event._state.db = connection.alias


class _WakeUp:
    """What runs after the commit. The row in PendingTenant is the truth and this message only a hint."""

    def __init__(self, tenant_id: UUID):
        self.tenant_id = tenant_id

    def __call__(self) -> None:
        try:
            dispatch.delay(tenant_id=str(self.tenant_id))
        except dispatch.OperationalError:
            log.warning(
                "broker_unreachable", tenant=str(self.tenant_id), consequence="the sweep will dispatch"
            )


def _wakes(tenant_id: UUID) -> bool:
    """Whether this transaction has noted the tenant already and will wake the dispatcher."""
    # A savepoint that is rolled back takes its on-commit entry and its PendingTenant row with it, so the
    # entries that are left say it exactly.
    return any(
        isinstance(callback, _WakeUp) and callback.tenant_id == tenant_id
        for _sids, callback, _robust in connection.run_on_commit
    )

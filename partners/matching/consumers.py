"""Keeps search keys up with what happens to customers."""

from functools import partial
from uuid import UUID

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

from partners.matching import actions
from portal.events.consumers import subscribe
from portal.events.models import Event
from portal.tenancy.scope import current_tenant_id

log = structlog.get_logger(__name__)

# These bring new customers in without naming them.
_BULK = frozenset({"customer.imported", "deals.imported"})


def customers_changed(events: list[Event]) -> None:
    """Writes the keys of the customers that the events name, and of those that have none yet.

    A chunk of either: more is too much for the dispatcher's one transaction, and a task goes on with it.
    """
    ids = {event.subject_id for event in events if event.type not in _BULK}
    for event in events:
        ids |= {UUID(str(key)) for key in event.data.get("customers", []) if event.type in _BULK}
    wanted, chunk = sorted(ids), actions.BATCH
    actions.index_customers(wanted[:chunk])
    actions.forget_customers(wanted[chunk:])
    comes = any(event.type in _BULK for event in events)
    if len(wanted) > chunk or (comes and actions.index_some_missing() >= chunk):
        transaction.on_commit(partial(_go_on, current_tenant_id()))


def _go_on(tenant_id: UUID) -> None:
    try:
        current_app.send_task("matching.index", kwargs={"tenant_id": str(tenant_id)}, queue="bulk")
    except BrokerError:
        log.warning("broker_unreachable", tenant=str(tenant_id), consequence="matched after the next night")


subscribe(
    "customer.created",
    "customer.updated",
    "customer.imported",
    "deals.imported",
    name="matching.keys",
    consumer=customers_changed,
)

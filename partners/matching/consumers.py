"""Keeps search keys up with what happens to customers."""

from uuid import UUID

from partners.matching.actions import index_customers, index_missing
from portal.events.consumers import subscribe
from portal.events.models import Event

# These bring new customers in without naming them.
_BULK = frozenset({"customer.imported", "deals.imported"})


def customers_changed(events: list[Event]) -> None:
    """Writes the keys of the customers that the events name, and of all that have none yet."""
    ids = {event.subject_id for event in events if event.type not in _BULK}
    for event in events:
        ids |= {UUID(str(key)) for key in event.data.get("customers", []) if event.type in _BULK}
    index_customers(sorted(ids))
    if any(event.type in _BULK for event in events):
        index_missing()


subscribe(
    "customer.created",
    "customer.updated",
    "customer.imported",
    "deals.imported",
    name="matching.keys",
    consumer=customers_changed,
)

"""An empty place that the floor above fills: how eagerly each partner is to be offered leads."""

from collections.abc import Callable, Collection
from uuid import UUID

Priorities = Callable[[Collection[UUID]], dict[UUID, int]]
_sources: list[Priorities] = []


def lead_priorities(source: Priorities) -> None:
    """Register who knows the priorities, higher ones first. It runs in the vendor's scope, with constant queries."""
    _sources.append(source)


def priorities_of(partner_ids: Collection[UUID]) -> dict[UUID, int]:
    """The priority of each partner; partners that are missing have 0."""
    return {pk: value for source in _sources for pk, value in source(partner_ids).items()}

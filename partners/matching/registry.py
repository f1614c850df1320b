"""Empty places that the floors above fill: what there is to be in conflict with."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from partners.directory.models import Customer


class Registration(Protocol):
    """What matching needs to know of a deal."""

    pk: UUID
    partner_id: UUID
    family_id: UUID | None
    customer: Customer | None


@dataclass(frozen=True)
class Claim:
    """A deal that protects a customer (`protected`) or asks to (`submitted`). `deal` is the deal itself."""

    deal: Any
    customer_id: UUID
    partner_id: UUID
    family_id: UUID | None
    is_protected: bool


_sources: list[Callable[[Collection[UUID]], list[Claim]]] = []


def claim_source(claims: Callable[[Collection[UUID]], list[Claim]]) -> None:
    """Tell matching how to find the claims on customers, in one query."""
    _sources.append(claims)


def claims_on(customers: Collection[UUID]) -> list[Claim]:
    return [claim for source in _sources for claim in source(customers)]

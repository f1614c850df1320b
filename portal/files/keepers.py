"""Rooms that keep content of their own in the storage, beside attachments: the clean-up must know it, and it counts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Keeper:
    """`known` returns those of the stored names that the room's rows speak of; `size` the bytes that it keeps in all.

    Both run on the vendor's side of the tenant in scope and cost one query.
    """

    known: Callable[[Iterable[str]], set[str]]
    size: Callable[[], int]


_keepers: dict[str, Keeper] = {}


def keeps(name: str, *, known: Callable[[Iterable[str]], set[str]], size: Callable[[], int]) -> None:
    """Register a room that keeps content. Raises ValueError for a name that is taken."""
    if name in _keepers:
        raise ValueError(f"There is a keeper {name!r} already.")
    _keepers[name] = Keeper(known, size)


def known_to_keepers(names: Iterable[str]) -> set[str]:
    wanted = list(names)
    return {name for keeper in _keepers.values() for name in keeper.known(wanted)}


def bytes_of_keepers() -> int:
    return sum(keeper.size() for keeper in _keepers.values())

"""Who is told about which events."""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from portal.events.models import Event

Consume = Callable[[list[Event]], None]


@dataclass(frozen=True)
class Consumer:
    name: str
    patterns: tuple[str, ...]
    consume: Consume

    def wants(self, event: Event) -> bool:
        return any(fnmatchcase(event.type, pattern) for pattern in self.patterns)


_consumers: dict[str, Consumer] = {}


def subscribe(*patterns: str, name: str, consumer: Consume) -> None:
    """Have `consumer` called with each batch of events whose type fits a pattern (`deal.*`).

    It runs in the tenant's scope and in the transaction that marks the events dispatched. It must be
    idempotent: after a failure the same events come again.
    """
    if name in _consumers:
        raise ValueError(f"A consumer named {name!r} has subscribed already.")
    _consumers[name] = Consumer(name, patterns, consumer)


def consumers() -> list[Consumer]:
    return list(_consumers.values())

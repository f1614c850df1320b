"""What can be found from any page: an empty place that apps fill in `AppConfig.ready()`.

`find` turns the member and what was typed into hits, the best first, of what this member may see and no more than
asked for, with at most `queries` queries.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.shell.registry import ALL_ROLES, Text

if TYPE_CHECKING:
    # Apps fill the registry before there are models.
    from portal.accounts.models import Membership

# What is shown of each group.
MOST = 5
SHORTEST = 2
LONGEST = 100


@dataclass(frozen=True)
class Hit:
    """Something found. `exact` hits (a number typed in full) go before everything else."""

    title: Text
    url_name: str
    url_args: tuple[Any, ...] = ()
    detail: Text = ""
    exact: bool = False


@dataclass(frozen=True)
class Source:
    key: str
    label: Text
    find: Callable[["Membership", str], list[Hit]]
    icon: str
    roles: frozenset[str]
    order: int
    queries: int


_sources: dict[str, Source] = {}


def search(
    key: str,
    label: Text,
    *,
    find: Callable[["Membership", str], list[Hit]],
    icon: str,
    queries: int,
    roles: Iterable[str] = ALL_ROLES,
    order: int = 100,
) -> None:
    """Register a group of things that can be found. Raises ValueError for a key that is taken."""
    if key in _sources:
        raise ValueError(f"There is a search named {key!r} already.")
    _sources[key] = Source(key, label, find, icon, frozenset(roles), order, queries)


def sources_for(role: str) -> list[Source]:
    found = [source for source in _sources.values() if role in source.roles]
    return sorted(found, key=lambda source: (source.order, source.key))

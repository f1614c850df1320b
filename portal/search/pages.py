"""The portal's own pages, found by their name in the side bar."""

from collections.abc import Callable

from portal.accounts.models import Membership
from portal.search.words import words_of
from portal.shell.registry import navigation_for
from portal.shell.search import Hit


def matches(wanted: list[str], text: str) -> bool:
    """Each wanted word begins some word of the text."""
    words = words_of(text)
    return all(any(word.startswith(start) for word in words) for start in wanted)


def pages(member: Membership, text: str) -> list[Hit]:
    """Entries of the side bar, by their own name or their group's. No query."""
    wanted = words_of(text)
    found = []
    for item in navigation_for(member.role):
        group = str(item.group or "")
        if matches(wanted, f"{item.label} {group}"):
            found.append(Hit(item.label, item.url_name, detail=group))
    # Those whose own name begins as typed come first.
    return sorted(found, key=_starts(wanted))


def _starts(wanted: list[str]) -> Callable[[Hit], bool]:
    return lambda hit: not any(word.startswith(wanted[0]) for word in words_of(str(hit.title)))

"""Which types of events an endpoint may want, in groups, and which it gets."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.events.describe import described_types, routine_types, type_label

ALL = "*"


@dataclass(frozen=True)
class Group:
    """Types of one subject. `patterns` stand for all of them, those that are still to come included."""

    key: str
    label: str
    patterns: tuple[str, ...]
    types: tuple[tuple[str, str], ...]


def offered_types() -> list[str]:
    """What an administrator sees in the audit trail, but for what the portal does by itself all day long."""
    routine = set(routine_types())
    return [name for name in described_types() if name not in routine]


def groups() -> list[Group]:
    """The types by their subject; what concerns the settings of one stands with it (`deal`, `deals`)."""
    names = offered_types()
    subjects = {name.partition(".")[0] for name in names}
    found: dict[str, list[str]] = {}
    for name in names:
        subject = name.partition(".")[0]
        single = subject.removesuffix("s")
        found.setdefault(single if single in subjects else subject, []).append(name)
    return [
        Group(
            key,
            type_label(key),
            tuple(sorted({f"{name.partition('.')[0]}.*" for name in those})),
            tuple((name, _within(name, key)) for name in those),
        )
        for key, those in sorted(found.items())
    ]


def cleaned(chosen: Iterable[str]) -> list[str]:
    """The choice in its shortest form, without what is not offered (any more)."""
    chosen = set(chosen)
    if ALL in chosen:
        return [ALL]
    offered = groups()
    patterns = {pattern for group in offered for pattern in group.patterns} & chosen
    single = {name for group in offered for name, _label in group.types} & chosen
    return sorted(patterns | {name for name in single if not fits(name, patterns)})


def wanted(events: Iterable[str], type_: str, offered: frozenset[str]) -> bool:
    """Whether an endpoint with this choice gets an event of the type."""
    return type_ in offered and fits(type_, events)


def in_words(events: Iterable[str]) -> str:
    """A choice as its owner reads it."""
    events = list(events)
    if ALL in events:
        return _("All events")
    if len(events) <= 2:
        return ", ".join(_name(event) for event in events)
    count = sum(1 for name in offered_types() if fits(name, events))
    return ngettext("%(count)s kind of event", "%(count)s kinds of events", count) % {"count": count}


def _name(event: str) -> str:
    if event.endswith(".*"):
        return _("%(subject)s: all") % {"subject": type_label(event[:-2])}
    return type_label(event)


def _within(name: str, group: str) -> str:
    """The type's words inside its group, which has its subject for a title."""
    subject, _dot, rest = name.partition(".")
    return rest.replace("_", " ").capitalize() if subject == group else type_label(name)


def fits(type_: str, events: Iterable[str]) -> bool:
    """Whether one of the names or patterns is that of the type."""
    return any(fnmatchcase(type_, event) for event in events)

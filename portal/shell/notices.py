"""What an event tells whom: an empty place that apps fill in `AppConfig.ready()`.

`portal.notifications` reads it when events are dispatched. An app says, for one kind of news, which events
bring it, who is told, in which words and where they lead:

    notifies(
        "deal.decided",
        _("Decisions on your registrations"),
        events=("deal.approved", "deal.rejected"),
        tell=decided,          # list[Event] -> Iterable[Notice]
        text=decided_text,     # the words of one notice -> a sentence
        many=many_decided,     # a number -> a sentence for many at once
        many_url="deals:list",
        group=_("Deals"),
        roles=PARTNER_ROLES,
    )
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from uuid import UUID

from portal.shell.registry import ALL_ROLES, Text

if TYPE_CHECKING:
    # Apps fill the registry before there are models.
    from portal.accounts.models import Membership
    from portal.events.models import Event

Words = dict[str, Any]


class ByMail(StrEnum):
    """When a kind of news is sent by e-mail."""

    AT_ONCE = "at_once"
    DIGEST = "digest"
    NEVER = "never"


@dataclass(frozen=True)
class Notice:
    """One event's news for some members.

    `words` are what the sentence needs, JSON-able, in the state of the event. Who acted, has no access any
    more or has another role is left out by the caller of `tell`; so is a partner's member of another partner
    than `partner_id`, which is the event's unless it is given.
    """

    event: "Event"
    members: Iterable[UUID]
    words: Words
    url_name: str = ""
    url_args: tuple[Any, ...] = ()
    partner_id: UUID | None = None


@dataclass(frozen=True)
class Attachment:
    name: str
    content: bytes
    kind: str


@dataclass(frozen=True)
class Enclosure:
    """What a letter holds beyond its sentence: figures, a table's first rows of `total`, and files."""

    title: str
    text: str
    figures: list[tuple[str, str]]
    columns: list[str]
    rows: list[list[str]]
    total: int
    attachments: list[Attachment]

    @property
    def more(self) -> int:
        return max(0, self.total - len(self.rows))


@dataclass(frozen=True)
class Kind:
    key: str
    label: Text
    group: Text
    events: tuple[str, ...]
    tell: Callable[[list["Event"]], Iterable[Notice]]
    text: Callable[[Words], str]
    many: Callable[[int], str]
    many_url: str
    roles: frozenset[str] = ALL_ROLES
    portal: bool = True
    mail: ByMail = ByMail.AT_ONCE
    icon: str = "bell"
    order: int = 100
    enclose: "Callable[[Words, Membership], Enclosure | None] | None" = None

    def wants(self, event: "Event") -> bool:
        return any(fnmatchcase(event.type, pattern) for pattern in self.events)


_kinds: dict[str, Kind] = {}


def notifies(
    key: str,
    label: Text,
    *,
    group: Text,
    events: Iterable[str],
    tell: Callable[[list["Event"]], Iterable[Notice]],
    text: Callable[[Words], str],
    many: Callable[[int], str],
    many_url: str,
    roles: Iterable[str] = ALL_ROLES,
    portal: bool = True,
    mail: ByMail = ByMail.AT_ONCE,
    icon: str = "bell",
    order: int = 100,
    enclose: "Callable[[Words, Membership], Enclosure | None] | None" = None,
) -> None:
    """Register a kind of news. `portal` and `mail` are what members get who have chosen nothing.

    `enclose` adds to a letter when it is written; it says with None that the member may not have it any more.
    `tell` gets all events of a batch at once and may not query in a loop. `many_url` is reversed with the
    tenant alone. Raises ValueError for a key that is taken.
    """
    if key in _kinds:
        raise ValueError(f"There is a kind of news {key!r} already.")
    _kinds[key] = Kind(
        key,
        label,
        group,
        tuple(events),
        tell,
        text,
        many,
        many_url,
        frozenset(roles),
        portal,
        mail,
        icon,
        order,
        enclose,
    )


def kind_of(key: str) -> Kind | None:
    """The kind; None where the app that knew it is gone."""
    return _kinds.get(key)


def kinds() -> list[Kind]:
    """Every kind, by group and order."""
    return sorted(_kinds.values(), key=lambda kind: (kind.order, kind.key))


def kinds_for(role: str) -> list[Kind]:
    return [kind for kind in kinds() if role in kind.roles]

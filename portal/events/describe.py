"""An event in a sentence, for timelines and the audit trail."""

import re
from collections.abc import Callable

from portal.events.models import Event

_ACRONYM = re.compile(r"\b(api|kpi)\b", re.IGNORECASE)
Describe = Callable[[Event], str]
_descriptions: dict[str, Describe] = {}
_routine: set[str] = set()


def describes(*types: str, routine: bool = False) -> Callable[[Describe], Describe]:
    """Register a function from an event to its sentence, for one or more types.

    `routine` is what the portal does by itself after something else happened, so often that it would hide
    what people did: timelines leave it out, and the audit trail shows it when asked.
    """

    def register(function: Describe) -> Describe:
        for type_ in types:
            _descriptions[type_] = function
            if routine:
                _routine.add(type_)
        return function

    return register


def describe(event: Event) -> str:
    """The sentence of an event; its type, in words, where no app has given one."""
    function = _descriptions.get(event.type)
    return str(function(event)) if function else event.type.replace(".", " ").replace("_", " ").capitalize()


def routine_types() -> list[str]:
    return sorted(_routine)


def described_types() -> list[str]:
    return sorted(_descriptions)


def type_label(type_: str) -> str:
    """A type of event in words: "Deal: stage moved"."""
    words = type_.replace(".", ": ").replace("_", " ").capitalize()
    return _ACRONYM.sub(lambda found: found[0].upper(), words)

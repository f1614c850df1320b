"""An event in a sentence, for timelines and the audit trail."""

from collections.abc import Callable

from portal.events.models import Event

Describe = Callable[[Event], str]
_descriptions: dict[str, Describe] = {}


def describes(*types: str) -> Callable[[Describe], Describe]:
    """Register a function from an event to its sentence, for one or more types."""

    def register(function: Describe) -> Describe:
        for type_ in types:
            _descriptions[type_] = function
        return function

    return register


def describe(event: Event) -> str:
    """The sentence of an event; its type, in words, where no app has given one."""
    function = _descriptions.get(event.type)
    return str(function(event)) if function else event.type.replace(".", " ").replace("_", " ").capitalize()


def described_types() -> list[str]:
    return sorted(_descriptions)

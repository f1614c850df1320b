"""What files and comments can hang on: the floors above say how a thing is found and who may add to it.

An app registers in `AppConfig.ready()`:

    subjects.register(Subject(Deal, find=..., may_add=..., partner_of=..., url_name="deals:detail", event="deal"))

Rooms of the portal that know no app then ask `find_subject(member, "deals.deal", pk)`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.http import HttpRequest

from portal.accounts.models import Membership
from portal.shell.addresses import turl


@dataclass(frozen=True)
class Subject:
    """A kind of thing that files and comments hang on.

    `find` returns the thing when the member may see it and None otherwise. `may_add` says whether the member may
    add to it. `partner_of` is the partner who sees what is shared on it. `event` starts the types of its events.
    `keeps` says whether a file of a purpose stays on it for good.
    """

    model: type[models.Model]
    find: Callable[[Membership, UUID], models.Model | None]
    may_add: Callable[[Membership, Any], bool]
    partner_of: Callable[[Any], UUID | None]
    url_name: str
    event: str
    keeps: Callable[[Any, str], bool] = lambda _thing, _purpose: False

    @property
    def label(self) -> str:
        return self.model._meta.label_lower


_subjects: dict[str, Subject] = {}


def register(subject: Subject) -> None:
    if subject.label in _subjects:
        raise ValueError(f"{subject.label} has been registered already.")
    _subjects[subject.label] = subject


def subject_of(thing: models.Model) -> Subject:
    """The kind that the thing is of; KeyError for one that nothing hangs on."""
    return _subjects[thing._meta.label_lower]


def kind_of_label(label: str) -> Subject | None:
    """The kind of things with this label; None for one that nothing hangs on."""
    return _subjects.get(label)


def headlines(things: Iterable[tuple[str, UUID]]) -> dict[tuple[str, UUID], str]:
    """What things are called, by label and key: one query for each kind of thing."""
    wanted: dict[str, set[UUID]] = {}
    for label, pk in things:
        wanted.setdefault(label, set()).add(pk)
    return {
        (label, pk): str(thing)
        for label, keys in wanted.items()
        if label in _subjects
        for pk, thing in _subjects[label].model._default_manager.in_bulk(keys).items()
    }


def find_subject(member: Membership, label: str, pk: UUID) -> models.Model | None:
    """The thing, when there is one of that kind and key that the member may see."""
    kind = _subjects.get(label)
    return kind.find(member, pk) if kind else None


def may_add(member: Membership, thing: models.Model) -> bool:
    return subject_of(thing).may_add(member, thing)


def keeps(thing: models.Model, purpose: str) -> bool:
    return subject_of(thing).keeps(thing, purpose)


def address_of(request: HttpRequest, thing: models.Model) -> str:
    """The thing's page."""
    return turl(request, subject_of(thing).url_name, thing.pk)

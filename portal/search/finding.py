"""Ask every app that registered, and put what they found in order."""

from dataclasses import dataclass

from portal.accounts.models import Membership
from portal.search.words import words_of
from portal.shell.search import LONGEST, MOST, SHORTEST, Hit, Source, sources_for


@dataclass(frozen=True)
class Group:
    source: Source
    hits: list[Hit]


def cleaned(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())[:LONGEST]


def find_all(member: Membership, text: str) -> list[Group]:
    """Groups of hits, those with an exact one first. Nothing for less than two letters."""
    text = cleaned(text)
    if len(text) < SHORTEST or not words_of(text):
        return []
    groups = [Group(source, source.find(member, text)[:MOST]) for source in sources_for(member.role)]
    found = [group for group in groups if group.hits]
    return sorted(found, key=lambda group: not any(hit.exact for hit in group.hits))

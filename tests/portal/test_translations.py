import re
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client

from portal.accounts.models import Membership, User

DUTCH = Path(settings.LOCALE_PATHS[0]) / "nl" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")


def texts(message: str | Sequence[str]) -> list[str]:
    return [message] if isinstance(message, str) else list(message)


def sentences(messages: Iterable[Message]) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {tuple(texts(message.id)): tuple(texts(message.string)) for message in messages}


@pytest.fixture(scope="module")
def catalogue() -> list[Message]:
    return [
        message for message in read_po(BytesIO((DUTCH / "django.po").read_bytes()), locale="nl") if message.id
    ]


def test_dutch_says_everything_with_the_same_placeholders(catalogue: list[Message]):
    wrong = [
        message.id
        for message in catalogue
        if not all(texts(message.string))
        or set(PLACEHOLDER.findall("".join(texts(message.string))))
        != set(PLACEHOLDER.findall("".join(texts(message.id))))
    ]
    assert wrong == []


def test_what_is_compiled_is_what_is_written(catalogue: list[Message]):
    compiled = read_mo(BytesIO((DUTCH / "django.mo").read_bytes()))
    assert sentences(catalogue) == sentences(message for message in compiled if message.id)


def test_a_member_reads_the_portal_in_their_language(
    partner_member: Membership, client_as: Callable[[Membership], Client]
):
    client = client_as(partner_member)
    assert b"Earnings" in client.get("/acme/").content
    User.objects.filter(pk=partner_member.user_id).update(language="nl")
    page = client.get("/acme/").content.decode()
    assert "Verdiensten" in page
    assert 'lang="nl"' in page

"""A letter in words: in the tenant's brand, the member's language, the tenant's time zone."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import cached_property
from django.utils.translation import ngettext

from portal.accounts.models import Membership
from portal.notifications.actions import stop_token
from portal.notifications.choices import Choices
from portal.notifications.models import DIGEST, Letter, Notification
from portal.notifications.queries import address, sentence
from portal.shell.mail import absolute, compose
from portal.shell.notices import ByMail, Enclosure, Kind, kind_of
from portal.tenancy.models import Tenant, current_tenant

# Of more of one kind the letter says how many there are.
SPELLED_OUT = 8


class NothingToTell(Exception):
    """Nobody is left to write to, or nothing to write."""


@dataclass(frozen=True)
class Section:
    """The news of one kind. Its texts are read in the letter's language."""

    tenant: Tenant
    member: Membership
    kind: Kind
    rows: list[Notification]
    enclosures: list[Enclosure] = field(default_factory=list)

    @property
    def title(self) -> str:
        return self.kind.many(len(self.rows)) if len(self.rows) > 1 else ""

    @cached_property
    def lines(self) -> list[dict[str, Any]]:
        return [
            {
                "text": sentence(row, self.kind),
                "link": absolute(address(row, self.kind, self.tenant.slug)),
                "at": row.created_at,
            }
            for row in self.rows[:SPELLED_OUT]
        ]

    @property
    def more(self) -> int:
        return max(0, len(self.rows) - SPELLED_OUT)

    @property
    def list_link(self) -> str:
        return absolute(reverse(self.kind.many_url, args=(self.tenant.slug,)))

    @property
    def stop_link(self) -> str:
        return stop_link(self.tenant, self.member, self.kind.key)

    @property
    def subject(self) -> str:
        return self.title or sentence(self.rows[0], self.kind)


def write(letter: Letter) -> EmailMultiAlternatives:
    """The letter as it is sent. Raises NothingToTell where its member has left or wants none of it any more."""
    tenant = current_tenant()
    member = Membership.objects.select_related("user").get(pk=letter.member_id)
    if not (member.is_active and member.user.is_active):
        raise NothingToTell("The member has no access any more.")
    # What is enclosed is read here, with the rights that the member has now.
    with translation.override(member.user.language or tenant.language), timezone.override(tenant.zone):
        sections = _sections(letter, tenant, member)
    if not sections:
        raise NothingToTell("There is nothing that the member wants to be told by e-mail.")
    stop = stop_link(tenant, member, letter.kind)
    message = compose(
        tenant,
        to=member.user.email,
        language=member.user.language,
        subject=lambda: _subject(letter, tenant, sections),
        template="notification",
        context={
            "member": member,
            "sections": sections,
            "is_digest": letter.kind == DIGEST,
            "stop": stop,
            "choices": absolute(reverse("notifications:choices", args=(tenant.slug,))),
        },
        headers={
            "Message-ID": message_id(letter),
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )
    for section in sections:
        for enclosure in section.enclosures:
            for file in enclosure.attachments:
                message.attach(file.name, file.content, file.kind)
    return message


def message_id(letter: Letter) -> str:
    """The same however often the letter is tried, so that mail programs would show it once."""
    host = (
        settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or urlsplit(settings.PORTAL_URL).hostname
    )
    return f"<letter-{letter.pk}@{host}>"


def stop_link(tenant: Tenant, member: Membership, key: str) -> str:
    token = stop_token(member.pk, key)
    return absolute(reverse("notifications:stop", args=(tenant.slug, token)))


def _sections(letter: Letter, tenant: Tenant, member: Membership) -> list[Section]:
    """The letter's news by kind. What a member of another role or partner was told stays away."""
    choices = Choices([member.pk])
    rows = Notification.objects.filter(letter=letter, partner_id=member.partner_id).order_by("id")
    by_kind: dict[str, list[Notification]] = defaultdict(list)
    for row in rows:
        by_kind[row.kind].append(row)
    found = [(kind, by_kind[key]) for key in by_kind if (kind := kind_of(key)) is not None]
    wanted = [
        _section(tenant, member, kind, news)
        for kind, news in sorted(found, key=lambda pair: (pair[0].order, pair[0].key))
        if member.role in kind.roles and choices.of(member.pk, kind).mail != ByMail.NEVER
    ]
    return [section for section in wanted if section.rows]


def _section(tenant: Tenant, member: Membership, kind: Kind, rows: list[Notification]) -> Section:
    """News with what they enclose; without those that the member may not have any more."""
    if kind.enclose is None:
        return Section(tenant, member, kind, rows)
    enclosed = [(row, kind.enclose(row.words, member)) for row in rows]
    kept = [(row, enclosure) for row, enclosure in enclosed if enclosure is not None]
    return Section(tenant, member, kind, [row for row, _one in kept], [one for _row, one in kept])


def _subject(letter: Letter, tenant: Tenant, sections: list[Section]) -> str:
    if letter.kind != DIGEST:
        return sections[0].subject
    count = sum(len(section.rows) for section in sections)
    return ngettext("%(count)s update from %(tenant)s", "%(count)s updates from %(tenant)s", count) % {
        "count": count,
        "tenant": tenant.name,
    }

"""Writes on a member's own notifications and choices."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.utils import timezone

from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.events.record import record
from portal.notifications.choices import Choice, Choices, choose
from portal.notifications.enums import Channel, LetterState
from portal.notifications.models import DIGEST, Default, Letter, Notification
from portal.notifications.queries import shown_to, unread_of
from portal.shell.notices import ByMail, Kind, kind_of, kinds_for

_SALT = "notifications.stop"


def mark_read(row: Notification, *, by: Membership) -> Notification:
    """Note that the member has seen it. Seeing it again changes nothing."""
    shown_to(by).filter(pk=row.pk, read_at=None).update(read_at=timezone.now())
    row.refresh_from_db(fields=["read_at"])
    return row


def let_rest(before: datetime) -> None:
    """What a made-up history has told before that moment counts as read, and nothing of it is posted."""
    Notification.objects.filter(channel=Channel.PORTAL, created_at__lt=before, read_at=None).update(
        read_at=before
    )
    Letter.objects.filter(state=LetterState.COLLECTING).update(
        state=LetterState.SKIPPED, error="Part of a demo's history."
    )


def mark_unread(row: Notification, *, by: Membership) -> None:
    shown_to(by).filter(pk=row.pk).update(read_at=None)


def mark_all_read(*, by: Membership, until: UUID | None = None) -> int:
    """All that the member has seen listed: those up to `until`, which was the newest then."""
    rows = unread_of(by)
    if until is not None:
        rows = rows.filter(pk__lte=until)
    return rows.update(read_at=timezone.now())


def save_choices(member: Membership, chosen: Iterable[tuple[Kind, Choice]]) -> None:
    """What the member wants of each kind."""
    with transaction.atomic():
        choose(member, chosen)


def save_defaults(chosen: Iterable[tuple[Kind, Choice]], *, by: Membership) -> None:
    """What members get who have chosen nothing."""
    check(by, "notifications.change_defaults")
    chosen = list(chosen)
    before = Choices([])
    changed = [kind.key for kind, choice in chosen if before.by_default(kind) != choice]
    if not changed:
        return
    Default.objects.bulk_create(
        [
            Default(kind=kind.key, portal=choice.portal, mail=choice.mail)
            for kind, choice in chosen
            if kind.key in changed
        ],
        update_conflicts=True,
        unique_fields=["tenant", "kind"],
        update_fields=["portal", "mail"],
    )
    record("notifications.defaults_changed", subject=by.tenant, by=by, data={"kinds": changed})


def stop_token(member_id: UUID, key: str) -> str:
    """The signed part of the link that stops a kind of e-mail, without signing in."""
    return signing.dumps([str(member_id), key], salt=_SALT, compress=True)


def read_stop_token(token: str) -> tuple[UUID, str] | None:
    """Whose and which kind's link it is; None for one that the portal has not made."""
    try:
        member_id, key = signing.loads(token, salt=_SALT)
        return UUID(member_id), key
    except (signing.BadSignature, ValueError, TypeError):
        return None


def stop_mail(member: Membership, key: str) -> None:
    """No more e-mail of this kind; for the digest, of every kind that comes in it."""
    choices = Choices([member.pk])
    kinds = kinds_for(member.role) if key == DIGEST else [kind for kind in [kind_of(key)] if kind]
    save_choices(
        member,
        [
            (kind, Choice(choice.portal, ByMail.NEVER))
            for kind in kinds
            if (choice := choices.of(member.pk, kind)).mail == ByMail.DIGEST or key != DIGEST
        ],
    )

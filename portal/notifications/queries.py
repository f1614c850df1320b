"""What a member has been told. Members see their own only."""

from collections.abc import Iterable
from typing import Any

import structlog
from django.db.models import QuerySet, Value
from django.urls import NoReverseMatch, reverse

from portal.accounts.models import Membership
from portal.accounts.prepared import prepared
from portal.notifications.enums import Channel
from portal.notifications.models import Letter, Notification
from portal.shell.notices import Kind, kind_of

log = structlog.get_logger(__name__)

MOST = 99


def shown_to(member: Membership) -> QuerySet[Notification]:
    """What the member's page lists, the newest first."""
    return Notification.objects.filter(member=member, channel=Channel.PORTAL, shown=True).order_by("-id")


def unread_of(member: Membership) -> QuerySet[Notification]:
    return shown_to(member).filter(read_at=None)


def unread_count(member: Membership) -> int:
    """At most one more than `MOST`, so that it costs no more however many there are. One query."""
    return len(_unread(member))


@prepared
def _unread(member: Membership) -> QuerySet[Notification, int]:
    return unread_of(member).order_by().values_list(Value(1), flat=True)[: MOST + 1]


def letters() -> QuerySet[Letter]:
    """Every letter of the tenant in scope, the newest first."""
    return Letter.objects.select_related("member__user").order_by("-id")


def sentence(row: Notification, kind: Kind) -> str:
    """What the row says, in the active language."""
    if row.count > 1:
        return kind.many(row.count)
    try:
        return kind.text(row.words)
    except (KeyError, TypeError, ValueError):
        # Written by an older release, whose words were others: one of these may not take the page with it.
        log.exception("notification_not_readable", notification=str(row.pk), kind=kind.key)
        return str(kind.label)


def address(row: Notification, kind: Kind, slug: str) -> str:
    """Where the row leads. A place that is gone leads to the kind's list."""
    if row.count == 1 and row.url_name:
        try:
            return reverse(row.url_name, args=(slug, *row.url_args))
        except NoReverseMatch:
            pass
    return reverse(kind.many_url, args=(slug,))


def lines(rows: Iterable[Notification], slug: str) -> list[dict[str, Any]]:
    """Rows with their sentence and address; those of kinds that no app knows any more are left out."""
    return [
        {"row": row, "kind": kind, "text": sentence(row, kind), "url": address(row, kind, slug)}
        for row in rows
        if (kind := kind_of(row.kind)) is not None
    ]

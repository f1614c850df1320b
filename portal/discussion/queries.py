"""Reading comments, and who can be called in one. The partner's wall stands in the database as well."""

import re
from collections.abc import Iterable
from uuid import UUID

from django.db import models
from django.db.models import Q

from portal.accounts.models import Membership
from portal.discussion.models import Comment
from portal.shell.subjects import find_subject


def visible_comments(member: Membership) -> models.QuerySet[Comment]:
    comments = Comment.objects.select_related("author__user")
    return comments.filter(partner_id=member.partner_id) if member.is_partner else comments


def comments_of(member: Membership, thing: models.Model) -> models.QuerySet[Comment]:
    """What was said about a thing that the member may see, the latest first. One query."""
    return (
        visible_comments(member)
        .filter(subject_type=thing._meta.label_lower, subject_id=thing.pk)
        .order_by("-id")
    )


def find_comment(member: Membership, pk: UUID) -> tuple[Comment, models.Model] | None:
    """A comment that has not been deleted, and what it is about, when the member may see both."""
    comment = visible_comments(member).filter(pk=pk, deleted_at=None).first()
    if comment is None:
        return None
    thing = find_subject(member, comment.subject_type, comment.subject_id)
    return (comment, thing) if thing is not None else None


def people(member: Membership, partner_id: UUID | None) -> models.QuerySet[Membership]:
    """Who reads a comment shared with this partner (None: an internal one): those who can be mentioned in it."""
    side = Q(partner_id=None) | Q(partner_id=partner_id) if partner_id else Q(partner_id=None)
    return (
        Membership.objects.filter(side, tenant_id=member.tenant_id, is_active=True, user__is_active=True)
        .exclude(pk=member.pk)
        .select_related("user")
        .order_by("user__name", "pk")
    )


def mentioned(text: str, readers: Iterable[Membership]) -> list[Membership]:
    """Those whose name stands in the text behind an @; of names that begin alike the longest counts."""
    by_name: dict[str, list[Membership]] = {}
    for reader in readers:
        by_name.setdefault(reader.name.casefold(), []).append(reader)
    if "@" not in text or not by_name:
        return []
    names = "|".join(re.escape(name) for name in sorted(by_name, key=len, reverse=True))
    found = re.findall(rf"(?<!\w)@({names})(?!\w)", text.casefold())
    return [reader for name in dict.fromkeys(found) for reader in by_name[name]]

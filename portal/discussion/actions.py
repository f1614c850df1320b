"""The verbs of a comment. What it said before stays."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.access import check
from portal.accounts.models import Membership
from portal.discussion.models import LONGEST, Comment, Revision
from portal.discussion.queries import mentioned, people
from portal.errors import ActionRefused
from portal.events.record import record
from portal.shell.subjects import may_add, subject_of

CHANGEABLE = timedelta(hours=1)
EXCERPT = 200


def post(
    thing: models.Model, text: str, *, by: Membership, internal: bool = False, partner_id: UUID | None = None
) -> Comment:
    """Say something about a thing: to its partner (or another one that `partner_id` names), or `internal` to the
    vendor. The event names those whom the text mentions and who can read it."""
    if not may_add(by, thing):
        raise PermissionDenied("discussion.post")
    kind = subject_of(thing)
    if by.is_partner:
        partner_id = by.partner_id
    elif internal:
        partner_id = None
    else:
        partner_id = partner_id or kind.partner_of(thing)
    text = _said(text)
    comment = Comment.objects.create(
        partner_id=partner_id,
        subject_type=kind.label,
        subject_id=thing.pk,
        author=by,
        text=text,
        mentions=_mentions(text, by, partner_id),
    )
    data = _about(comment, [mention["id"] for mention in comment.mentions])
    record(f"{kind.event}.commented", subject=thing, by=by, partner_id=partner_id, data=data)
    return comment


def edit(comment: Comment, thing: models.Model, text: str, *, by: Membership) -> Comment:
    """Change one's own comment while it is fresh. Only those are called who were not before."""
    comment = _begin(comment, by)
    text = _said(text)
    if text == comment.text:
        return comment
    before = {mention["id"] for mention in comment.mentions}
    _keep(comment)
    comment.text, comment.edited_at = text, timezone.now()
    comment.mentions = _mentions(text, by, comment.partner_id)
    comment.save(update_fields=["text", "mentions", "edited_at"])
    called = [mention["id"] for mention in comment.mentions if mention["id"] not in before]
    _record(comment, thing, "comment_edited", by, called)
    return comment


def delete(comment: Comment, thing: models.Model, *, by: Membership) -> Comment:
    """Take one's own comment back while it is fresh. Its place stays, its text is no longer shown."""
    comment = _begin(comment, by)
    _keep(comment)
    comment.text, comment.mentions, comment.deleted_at = "", [], timezone.now()
    comment.save(update_fields=["text", "mentions", "deleted_at"])
    _record(comment, thing, "comment_deleted", by, [])
    return comment


def is_changeable(comment: Comment, member: Membership, now: datetime) -> bool:
    return (
        comment.author_id == member.pk
        and comment.deleted_at is None
        and now < comment.created_at + CHANGEABLE
    )


def _begin(comment: Comment, by: Membership) -> Comment:
    comment = Comment.objects.select_for_update(of=("self",)).get(pk=comment.pk)
    check(by, "discussion.change_comment", comment)
    if not is_changeable(comment, by, timezone.now()):
        raise ActionRefused(
            _("A comment can be changed for an hour; others may have acted on it by now."), code="state"
        )
    return comment


def _said(text: str) -> str:
    text = text.replace("\x00", "").strip()
    if not text:
        raise ActionRefused(_("Write something first."), field="text")
    if len(text) > LONGEST:
        raise ActionRefused(
            _("A comment has at most %(most)s characters; this one has %(count)s.")
            % {"most": LONGEST, "count": len(text)},
            field="text",
        )
    return text


def _mentions(text: str, by: Membership, partner_id: UUID | None) -> list[dict[str, str]]:
    readers = people(by, partner_id) if "@" in text else []
    return [{"id": str(reader.pk), "name": reader.name} for reader in mentioned(text, readers)]


def _keep(comment: Comment) -> None:
    Revision.objects.create(comment=comment, partner_id=comment.partner_id, text=comment.text)


def _record(comment: Comment, thing: models.Model, verb: str, by: Membership, called: list[str]) -> None:
    data = _about(comment, called)
    kind = subject_of(thing)
    record(f"{kind.event}.{verb}", subject=thing, by=by, partner_id=comment.partner_id, data=data)


def _about(comment: Comment, called: list[str]) -> dict[str, Any]:
    return {
        "comment": str(comment.pk),
        "mentioned": called,
        "internal": comment.is_internal,
        "excerpt": comment.text[:EXCERPT],
    }

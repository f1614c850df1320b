"""`{% load files %}{% files deal %}`: the files of a thing, with a form to add some."""

from typing import Any

from django import template
from django.conf import settings
from django.db import models
from django.template import Context

from portal.files.kinds import ACCEPT
from portal.files.models import Attachment
from portal.files.queries import visible_files
from portal.files.rules import may_delete
from portal.shell.subjects import may_add, subject_of

register = template.Library()


@register.inclusion_tag("files/list.html", takes_context=True)
def files(context: Context, thing: models.Model, title: str = "") -> dict[str, Any]:
    """One query, however many files there are."""
    member = context["request"].membership
    rows = [
        {"file": attachment, "mine": may_delete(member, attachment, thing)}
        for attachment in visible_files(member).filter(
            subject_type=thing._meta.label_lower, subject_id=thing.pk, purged_at=None
        )
    ]
    return {
        "request": context["request"],
        "membership": member,
        "title": title,
        "subject": subject_of(thing).label,
        "thing": thing,
        "rows": [row for row in rows if _deleted(row) is None],
        "deleted": [row for row in rows if _deleted(row) is not None and row["mine"]],
        "may_add": may_add(member, thing),
        "accept": ACCEPT,
        "limit": settings.FILES_MAX_BYTES,
    }


def _deleted(row: dict[str, Any]) -> Any:
    attachment: Attachment = row["file"]
    return attachment.deleted_at

"""`{% load discussion %}{% discussion deal %}`: what was said about a thing, with a form to say more."""

import re
from typing import Any

from django import template
from django.db import models
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html, format_html_join, urlize
from django.utils.safestring import SafeString, mark_safe

from portal.discussion.actions import is_changeable
from portal.discussion.models import LONGEST, Comment
from portal.discussion.queries import comments_of, people
from portal.shell.registry import partner_names
from portal.shell.subjects import may_add, subject_of

register = template.Library()
SHOWN = 30


@register.inclusion_tag("discussion/list.html", takes_context=True)
def discussion(context: Context, thing: models.Model) -> dict[str, Any]:
    """Three queries, however much was said."""
    request = context["request"]
    member, now = request.membership, timezone.now()
    everything = request.GET.get("comments") == "all"
    found = list(comments_of(member, thing)[: None if everything else SHOWN + 1])
    older = not everything and len(found) > SHOWN
    kind, addable = subject_of(thing), may_add(member, thing)
    partner_id = kind.partner_of(thing)
    return {
        "request": request,
        "membership": member,
        "subject": kind.label,
        "thing": thing,
        "comments": [
            {"comment": comment, "changeable": is_changeable(comment, member, now)}
            for comment in reversed(found[: None if everything else SHOWN])
        ],
        "older": older,
        "may_add": addable,
        "longest": LONGEST,
        "names": [reader.name for reader in people(member, partner_id)] if addable else [],
        "partner_name": partner_names([partner_id]).get(partner_id, "")
        if member.is_vendor and partner_id
        else "",
    }


@register.filter
def said(comment: Comment) -> SafeString:
    """The text of a comment: escaped, with its lines, its links (which say nothing of where they are) and mentions."""
    names = sorted({mention["name"] for mention in comment.mentions}, key=len, reverse=True)
    if not names:
        return _plain(comment.text)
    pattern = re.compile(rf"(?<!\w)(@(?:{'|'.join(map(re.escape, names))}))(?!\w)", re.IGNORECASE)
    parts = pattern.split(comment.text)
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<span class="mention">{}</span>', part) if index % 2 else _plain(part),)
            for index, part in enumerate(parts)
        ),
    )


def _plain(text: str) -> SafeString:
    """Escaped, with links to the web and to mail addresses only (the rest is no link for `urlize`)."""
    linked = urlize(text, nofollow=True, autoescape=True)
    linked = linked.replace('rel="nofollow"', 'rel="nofollow noopener noreferrer"')
    return mark_safe(linked.replace("\r\n", "\n").replace("\n", "<br>"))  # noqa: S308 (escaped above)

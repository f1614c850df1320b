"""What a comment tells whom: those it names, and those who have spoken about the same thing before."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.accounts.models import Membership
from portal.discussion.models import Comment
from portal.events.models import Event
from portal.shell.notices import ByMail, Notice, Words, notifies
from portal.shell.subjects import headlines, kind_of_label
from portal.tenancy.scope import current_tenant_id

COMMENTS = gettext_lazy("Comments")


def mentions(events: list[Event]) -> Iterable[Notice]:
    """Those whom the text names. Who cannot read the comment was not found by their name."""
    for event, words, url_name in _comments(event for event in events if event.data.get("mentioned")):
        people = {UUID(key) for key in event.data["mentioned"]}
        yield Notice(event, people, words, url_name, (event.subject_id,))


def answers(events: list[Event]) -> Iterable[Notice]:
    """Those who have commented on the same thing and can read this comment."""
    spoken: dict[UUID, set[tuple[UUID, UUID | None]]] = defaultdict(set)
    authors = Comment.objects.filter(subject_id__in={event.subject_id for event in events}, deleted_at=None)
    for subject, author, partner in (
        authors.order_by().values_list("subject_id", "author_id", "author__partner_id").distinct()
    ):
        spoken[subject].add((author, partner))
    for event, words, url_name in _comments(events):
        people = {
            author for author, partner in spoken[event.subject_id] if partner in (None, event.partner_id)
        }
        yield Notice(event, people, words, url_name, (event.subject_id,))


def _comments(events: Iterable[Event]) -> Iterable[tuple[Event, Words, str]]:
    """Each event with its words and the page that it leads to. A query for the authors and one a kind of thing."""
    events = list(events)
    names = headlines((event.subject_type, event.subject_id) for event in events)
    authors = {
        member.pk: member.name
        for member in Membership.objects.filter(
            tenant_id=current_tenant_id(), pk__in={event.actor_id for event in events if event.actor_id}
        ).select_related("user")
    }
    for event in events:
        kind = kind_of_label(event.subject_type)
        if kind is not None and event.actor_id is not None:
            words = {
                "who": authors.get(event.actor_id, ""),
                "about": names.get((event.subject_type, event.subject_id), ""),
                "excerpt": event.data.get("excerpt", ""),
            }
            yield event, words, kind.url_name


def mention_text(words: Words) -> str:
    return _("%(who)s mentions you on %(about)s: “%(excerpt)s”") % words


def many_mentions(count: int) -> str:
    return ngettext(
        "You are mentioned in %(count)s comment", "You are mentioned in %(count)s comments", count
    ) % {"count": count}


def answer_text(words: Words) -> str:
    return _("%(who)s comments on %(about)s: “%(excerpt)s”") % words


def many_answers(count: int) -> str:
    return ngettext("%(count)s new comment", "%(count)s new comments", count) % {"count": count}


notifies(
    "comments.mention",
    gettext_lazy("Comments that mention you"),
    group=COMMENTS,
    events=("*.commented", "*.comment_edited"),
    tell=mentions,
    text=mention_text,
    many=many_mentions,
    many_url="notifications:list",
    icon="at",
    order=200,
)
notifies(
    "comments.answer",
    gettext_lazy("Comments where you have commented"),
    group=COMMENTS,
    events=("*.commented",),
    tell=answers,
    text=answer_text,
    many=many_answers,
    many_url="notifications:list",
    mail=ByMail.DIGEST,
    icon="message",
    order=210,
)

"""Finding interactions and events from any page."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.engagement.queries import visible_gatherings, visible_interactions
from portal.accounts.models import Membership
from portal.search.words import words_of
from portal.shell.formats import short_date
from portal.shell.search import MOST, Hit, search


def engagement(member: Membership, text: str) -> list[Hit]:
    """By the words of the subject, the title or the partner. Two queries."""
    talks, events = visible_interactions(member), visible_gatherings(member)
    for word in words_of(text):
        talks = talks.filter(Q(subject__icontains=word) | Q(about__name__icontains=word))
        events = events.filter(title__icontains=word)
    found = [
        Hit(row.title, "engagement:gathering", (row.pk,), short_date(row.starts_at))
        for row in events.order_by("-starts_at")[:MOST]
    ]
    return found + [
        Hit(
            row.subject,
            "engagement:interaction",
            (row.pk,),
            f"{row.about.name} · {short_date(row.happened_at)}",
        )
        for row in talks.order_by("-happened_at")[:MOST]
    ]


search("engagement", _("Events and interactions"), find=engagement, icon="messages", queries=2, order=65)

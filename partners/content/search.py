"""Finding assets from any page."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.content.queries import visible_assets
from portal.accounts.models import Membership
from portal.search.words import words_of
from portal.shell.search import MOST, Hit, search


def assets(member: Membership, text: str) -> list[Hit]:
    """By the words of the title and the tags. One query: a library has some hundred assets."""
    rows = visible_assets(member)
    words = words_of(text)
    if not words:
        return []
    for word in words:
        rows = rows.filter(Q(title__icontains=word) | Q(tags__icontains=word))
    return [
        Hit(row.title, "content:asset", (row.pk,), row.category.name if row.category else "")
        for row in rows.order_by("title")[:MOST]
    ]


search("assets", _("Content"), find=assets, icon="files", queries=1, order=60)

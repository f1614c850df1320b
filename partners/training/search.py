"""Finding courses and learning paths from any page."""

from django.utils.translation import gettext_lazy as _

from partners.training.queries import visible_courses, visible_paths
from portal.accounts.models import Membership
from portal.search.words import words_of
from portal.shell.search import MOST, Hit, search


def courses(member: Membership, text: str) -> list[Hit]:
    """By the words of the title or of what it teaches. Two queries: there are few of them."""
    seen, paths = visible_courses(member), visible_paths(member)
    for word in words_of(text):
        seen = seen.filter(title__icontains=word)
        paths = paths.filter(title__icontains=word)
    return [
        Hit(course.title, "training:course", (course.pk,), str(course.get_kind_display()))
        for course in seen[:MOST]
    ] + [Hit(path.title, "training:path", (path.pk,), str(_("Learning path"))) for path in paths[:MOST]]


search("training", _("Training"), find=courses, icon="school", queries=2, order=60)

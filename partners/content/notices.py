"""What events of the library tell whom."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partners.content.queries import who_has_an_older
from portal.accounts.enums import PARTNER_ROLES
from portal.events.models import Event
from portal.shell.notices import ByMail, Notice, Words, notifies

LIBRARY = gettext_lazy("Content library")


def renewed(events: list[Event]) -> Iterable[Notice]:
    """Those who took an earlier version and may have the new one."""
    out = [event for event in events if event.data.get("out")]
    people = who_has_an_older({event.subject_id for event in out})
    for event in out:
        words = {"title": event.data["title"], "version": event.data["version"]}
        for partner_id, members in people.get(event.subject_id, {}).items():
            yield Notice(event, members, words, "content:asset", (event.subject_id,), partner_id=partner_id)


def renewed_text(words: Words) -> str:
    return _("There is a new version of “%(title)s”, which you downloaded") % words


def many_renewed(count: int) -> str:
    return ngettext(
        "There is a new version of something you downloaded",
        "There are new versions of %(count)s things you downloaded",
        count,
    ) % {"count": count}


notifies(
    "asset.renewed",
    gettext_lazy("New versions of what you downloaded"),
    group=LIBRARY,
    events=("asset.version_added",),
    tell=renewed,
    text=renewed_text,
    many=many_renewed,
    many_url="content:list",
    roles=PARTNER_ROLES,
    mail=ByMail.DIGEST,
    icon="files",
    order=500,
)

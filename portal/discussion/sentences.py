"""Sentences for the events of comments; an app registers them for its own kind of thing."""

from django.utils.translation import gettext as _

from portal.events.describe import describes
from portal.events.models import Event


def describe_comments(kind: str) -> None:
    """Give `deal.commented` and its like their sentences."""

    @describes(f"{kind}.commented")
    def commented(event: Event) -> str:
        return _("Wrote an internal comment.") if event.data.get("internal") else _("Wrote a comment.")

    @describes(f"{kind}.comment_edited")
    def edited(event: Event) -> str:
        return _("Changed a comment.")

    @describes(f"{kind}.comment_deleted")
    def deleted(event: Event) -> str:
        return _("Deleted a comment.")

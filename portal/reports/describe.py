"""What happened to views and reports, in sentences."""

from django.utils.translation import gettext as _

from portal.events.describe import describes
from portal.events.models import Event


@describes("view.kept")
def kept(event: Event) -> str:
    return _("Kept the view “%(name)s”") % event.data


@describes("view.changed")
def changed(event: Event) -> str:
    old, new = event.data["old"], event.data["new"]
    if old["name"] != new["name"]:
        return _("Renamed the view “%(old)s” to “%(new)s”") % {"old": old["name"], "new": new["name"]}
    if old["shared"] != new["shared"]:
        words = (
            _("Shared the view “%(name)s”") if new["shared"] else _("No longer shares the view “%(name)s”")
        )
        return words % new
    return _("Changed the view “%(name)s”") % new


@describes("view.deleted")
def deleted(event: Event) -> str:
    return _("Deleted the view “%(name)s”") % event.data


@describes("report.scheduled")
def scheduled(event: Event) -> str:
    return _("Has the view “%(view)s” sent by e-mail") % event.data


@describes("report.stopped")
def stopped(event: Event) -> str:
    return _("Stopped the report of the view “%(view)s”") % event.data


@describes("report.due")
def due(event: Event) -> str:
    return _("The report of the view “%(view)s” is sent") % event.data

"""What happened to files, in sentences."""

from django.utils.translation import gettext as _

from portal.events.describe import describes
from portal.events.models import Event


@describes("file.attached")
def attached(event: Event) -> str:
    return _("Added the file “%s”.") % event.data.get("name", "")


@describes("file.deleted")
def deleted(event: Event) -> str:
    return _("Deleted the file “%s”.") % event.data.get("name", "")


@describes("file.restored")
def restored(event: Event) -> str:
    return _("Brought back the file “%s”.") % event.data.get("name", "")

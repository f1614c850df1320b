"""What happened to the programme, in sentences."""

from django.utils.translation import gettext as _

from portal.events.describe import describes
from portal.events.models import Event


@describes("programme.settings_changed")
def settings_changed(event: Event) -> str:
    names = ", ".join(name.replace("_", " ") for name in sorted(event.data))
    return _("Changed the settings: %(names)s") % {"names": names}


@describes("api_key.created")
def key_created(event: Event) -> str:
    return _("Created the API key “%(name)s”") % {"name": event.data.get("name", "")}


@describes("api_key.revoked")
def key_revoked(event: Event) -> str:
    return _("Revoked the API key “%(name)s”") % {"name": event.data.get("name", "")}

"""What happened to the programme's defaults, in a sentence."""

from django.utils.translation import gettext as _

from portal.events.describe import describes
from portal.events.models import Event


@describes("notifications.defaults_changed")
def defaults_changed(event: Event) -> str:
    return _("Changed what people are told who have not chosen for themselves.")

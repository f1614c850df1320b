"""What happened to scorecards and templates, in a sentence."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from metrics.periods import Period
from portal.events.describe import describes
from portal.events.models import Event


@describes("scorecards.updated", routine=True)
def updated(event: Event) -> str:
    keys = event.data.get("periods", [])
    if len(keys) <= 3:
        labels = ", ".join(Period.parse(key).label() for key in keys)
        return _("Scorecard recomputed: %(periods)s") % {"periods": labels}
    return ngettext(
        "Scorecard recomputed for %(count)s period", "Scorecard recomputed for %(count)s periods", len(keys)
    ) % {"count": len(keys)}


@describes("template.created")
def created(event: Event) -> str:
    return _("Scorecard template created")


@describes("template.published")
def published(event: Event) -> str:
    return _("Version %(number)s of the scorecard template published") % {
        "number": event.data["new"]["number"]
    }

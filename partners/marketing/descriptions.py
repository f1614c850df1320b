"""What an event of a campaign says in a timeline or the audit trail."""

from django.utils.translation import gettext as _

from portal.events.describe import describes
from portal.events.models import Event


@describes("campaign.started")
def campaign_started(event: Event) -> str:
    return _("Added the campaign %(name)s.") % event.data["new"]


@describes("campaign.changed")
def campaign_changed(event: Event) -> str:
    return _("Changed the campaign %(name)s.") % event.data["new"]


@describes("campaign.figures_reported")
def campaign_figures_reported(event: Event) -> str:
    return _("Reported daily figures: %d.") % event.data["count"]


@describes("campaigns.imported")
def campaigns_imported(event: Event) -> str:
    return _("Imported daily figures of campaigns: %d.") % event.data["count"]


@describes("campaign.imported")
def campaign_imported(event: Event) -> str:
    return _("Imported campaigns: %d.") % event.data["count"]
